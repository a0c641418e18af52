"""Accounts of every role for trying the program out. Never in production."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from registry.accounts.factors import give_app
from registry.accounts.holders import bind
from registry.accounts.models import Membership, Role, User
from registry.accounts.services import grant_membership
from registry.audit import services as audit
from registry.identity.id_numbers import check_digit
from registry.institutions.models import Institution
from registry.regions.models import Region

#: Known to everybody who reads this, so the accounts exist in development only.
DEMO_PASSWORD = "jiangce-demo-2026"

# Where the invented identity numbers of the demo's staff say they were first registered.
_REGISTERED = "653222"

#: (user name, name, role, place), in the order in which they are printed.
_CAST = (
    ("clerk", "阿依古丽", Role.PC, "institution"),
    ("principal", "马文斌", Role.PP, "institution"),
    ("examiner", "古丽娜", Role.EB, "institution"),
    ("signer", "陈立新", Role.ES, "institution"),
    ("county", "艾力江", Role.C1, "county"),
    ("prefecture", "赵敏", Role.C2, "prefecture"),
    ("province", "王建疆", Role.RG, "province"),
    ("maker", "李静", Role.FM, "county"),
    ("payer", "买买提", Role.FP, "county"),
    ("auditor", "周正", Role.AUD, ""),
    ("trainee", "学员", Role.TRN, ""),
    ("system", "孙系统", Role.SYS, ""),
    ("security", "钱安全", Role.SEC, ""),
    ("logkeeper", "吴审计", Role.AAD, ""),
    ("security2", "冯安平", Role.SEC, ""),
)
_BACK_OFFICE = (Role.SYS, Role.SEC, Role.AAD)


class DemoRefused(RuntimeError):
    """Demo accounts were asked for in production."""


@dataclass(frozen=True, slots=True)
class DemoUser:
    """One line of the list that is printed after loading."""

    username: str
    password: str
    role: str
    role_name: str
    place: str
    user: User


@transaction.atomic
def demo_users(
    institution: Institution, county: Region, prefecture: Region, province: Region
) -> list[DemoUser]:
    """Make those accounts that are missing, and return them all. Twice in a row changes nothing.

    The trainee is linked to a person by the room that keeps people. Raises DemoRefused in production.
    """
    if settings.PRODUCTION:
        raise DemoRefused("demo accounts have a password that everybody knows")
    places: dict[str, tuple[Institution | None, Region | None]] = {
        "": (None, None),
        "institution": (institution, None),
        "county": (None, county),
        "prefecture": (None, prefecture),
        "province": (None, province),
    }
    # One slow hash for all of them: fourteen would be most of the time that loading takes.
    secret = make_password(DEMO_PASSWORD)
    return [
        _demo_user(username, name, role, *places[place], secret, demo_id_number(line))
        for line, (username, name, role, place) in enumerate(_CAST)
    ]


def demo_id_number(line: int) -> str:
    """An invented identity number, its check digit right: each line of the cast is a person of their own."""
    body = f"{_REGISTERED}19{70 + line}0101{line + 901}"
    return body + check_digit(body)


def _demo_user(
    username: str,
    name: str,
    role: Role,
    institution: Institution | None,
    region: Region | None,
    secret: str,
    id_number: str,
) -> DemoUser:
    user, made = User.objects.get_or_create(
        username=username,
        defaults={"display_name": name, "password": secret, "is_staff": role in _BACK_OFFICE},
    )
    if made:
        audit.record(
            code="accounts.create", actor=None, subject_type="user", subject_id=user.pk, reason="demo"
        )
    if user.holder_id is None:
        bind(user, id_number=id_number, actor=None)
    today = timezone.localdate()
    held = Membership.objects.filter(user=user, role=role)
    if not held.exclude(valid_to__lt=today).exists():
        grant_membership(
            user=user,
            role=role,
            institution=institution,
            region=region,
            reason="demo",
            actor=None,
            valid_from=today.replace(month=1, day=1),
            valid_to=None if role == Role.TRN else today.replace(month=12, day=31),
        )
    if role != Role.TRN:
        # Another secret in every installation; `manage.py accounts code` tells what an app would show.
        give_app(user)
    place = institution or region
    return DemoUser(username, DEMO_PASSWORD, role.value, str(role.label), place.name if place else "", user)

"""Verbs of staffing: make an account with a password for once, reset it, ask for a role that a second person agrees to.

What accounts and roles are is said one room below; here stands who may do it to whom.
"""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts import services as accounts
from registry.accounts.models import Membership, Role, User
from registry.accounts.passwords import reset
from registry.institutions.models import Institution
from registry.regions.models import Region
from registry.review import services as review
from registry.review.models import Case
from registry.staffing.queries import KIND, asked_for, in_force

# Without letters and digits that are taken for one another, for it is read from a screen and typed once.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def password_for_once() -> str:
    """A password that somebody else will change at once: 20 characters in groups, about 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _n in range(5)) for _group in range(4))


@transaction.atomic
def create_account(
    *, username: str, display_name: str, id_number: str, actor: User | None
) -> tuple[User, str]:
    """An account without a role, and the password for its first sign-in, which is kept nowhere else."""
    secret = password_for_once()
    user = accounts.create_user(
        username=username, password=secret, display_name=display_name, id_number=id_number, actor=actor
    )
    user.must_change = True
    user.save(update_fields=["must_change"])
    return user, secret


@transaction.atomic
def create_clerk(
    *,
    username: str,
    display_name: str,
    id_number: str,
    role: Role,
    institution: Institution,
    valid_to: dt.date,
    actor: User,
) -> tuple[User, str]:
    """An account of a clerk of one's own institution, with the role."""
    user, secret = create_account(
        username=username, display_name=display_name, id_number=id_number, actor=actor
    )
    accounts.grant_membership(user=user, role=role, institution=institution, valid_to=valid_to, actor=actor)
    return user, secret


@transaction.atomic
def appoint(*, username: str, display_name: str, id_number: str, role: Role, valid_to: dt.date) -> str:
    """An administrator, by the program itself while there are not yet two security officers. The password for once.

    Raises AccountError when there are, and whatever making the account or giving the role raises.
    """
    officers = in_force(Membership.objects.filter(role=Role.SEC, user__is_active=True))
    if officers.values("user__holder").distinct().count() >= 2:
        raise accounts.AccountError(_t("已有两名安全管理员，请由他们在“账号与角色”中办理。"))
    user, secret = create_account(
        username=username, display_name=display_name, id_number=id_number, actor=None
    )
    accounts.grant_membership(user=user, role=role, valid_to=valid_to, reason="appoint", actor=None)
    return secret


@transaction.atomic
def reset_password(user: User, *, reason: str, actor: User) -> str:
    """A new password for once; the account's sessions end. Raises OwnRole for an account of one's own person."""
    accounts.refuse_own(user, actor)
    secret = password_for_once()
    reset(user, secret, reason=reason, actor=actor)
    return secret


@transaction.atomic
def ask_for_role(
    *,
    user: User,
    role: Role,
    institution: Institution | None,
    region: Region | None,
    valid_to: dt.date,
    reason: str,
    actor: User,
) -> Case:
    """Ask that a role be given; it is when a second person agrees. Raises what giving it would raise."""
    proposed = accounts.proposed_membership(
        user=user, role=role, institution=institution, region=region, valid_to=valid_to, actor=actor
    )
    payload = {
        "role": role.value,
        "institution": institution.pk if institution else None,
        "region": region.pk if region else None,
        "valid_to": valid_to.isoformat(),
    }
    # Two asking at once for the same account come one after the other.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    same = {key: payload[key] for key in ("role", "institution", "region")}
    if asked_for(user).filter(payload__contains=same).exists():
        raise ValidationError(_t("同一角色已在等待另一名安全管理员同意。"))
    place = institution or region
    return review.open_case(
        kind=KIND,
        subject_type="user",
        subject_id=user.pk,
        summary=_t("授予账号 %(user)s 角色“%(role)s”")
        % {"user": user.username, "role": proposed.get_role_display()}
        + (f"（{place}）" if place else ""),
        payload={**payload, "reason": reason},
        maker=actor,
        region_code=region.pk if region else "",
        institution_id=institution.pk if institution else None,
    )


def give(case: Case, actor: User) -> None:
    """What was asked for, once the second person agreed: from today, by who asked and who agreed."""
    asked = case.payload
    accounts.grant_membership(
        user=User.objects.get(pk=int(case.subject_id)),
        role=Role(asked["role"]),
        institution=Institution.objects.filter(pk=asked["institution"]).first(),
        region=Region.objects.filter(pk=asked["region"]).first(),
        valid_to=dt.date.fromisoformat(asked["valid_to"]),
        reason=asked["reason"],
        actor=case.maker,
        agreed_by=actor,
    )


def facts(case: Case) -> list[tuple[str, str]]:
    """What the page of the case shows of it."""
    asked: dict[str, Any] = case.payload
    user = User.objects.filter(pk=int(case.subject_id)).first()
    return [
        (_t("账号"), f"{user.username}（{user}）" if user else "—"),
        (_t("角色"), str(Role(asked["role"]).label)),
        (_t("截止日期"), asked["valid_to"]),
        (_t("事由"), asked["reason"] or "—"),
    ]


def register_all() -> None:
    """Called once, when the program is ready."""
    review.register(
        review.Procedure(
            kind=KIND,
            label=_("授予角色"),
            steps=(review.Step("agree", action="role.agree"),),
            on_approved=give,
            effect=_("该账号当日起可以这一角色登录办理，至截止日期为止。"),
            facts=facts,
        )
    )


def end_role(membership: Membership, *, reason: str, actor: User) -> None:
    """From now on the role is not held any more. Raises OwnRole."""
    accounts.end_membership(membership, reason=reason, actor=actor)

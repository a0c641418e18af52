"""Verbs over keys: issue, use, revoke."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import ip_address, ip_network

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.accounts import services as accounts
from registry.accounts.models import Role, User
from registry.apikeys.models import ApiKey
from registry.apikeys.scopes import SCOPES
from registry.audit import services as audit
from registry.institutions.models import Institution
from registry.lib import figures

PREFIX = "zj_"
SLOTS = (1, 2)
_USED_EVERY = timedelta(minutes=1)
_KID_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET_LENGTH = 43  # characters that hold 32 bytes
_TOKEN = re.compile(rf"zj_([a-z0-9]{{8}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})", re.ASCII)

#: Who issues a key, and the role in which it acts: that of the clerks of the same institution.
ACTS_AS = {Role.PP: Role.PC, Role.ES: Role.EB}


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key and its whole text, which is shown this once and kept nowhere."""

    key: ApiKey
    token: str


@transaction.atomic
def issue(
    *,
    institution_id: int,
    issuer_role: str,
    purpose: str,
    scopes: Sequence[str],
    networks: Sequence[str] = (),
    days: int | None = None,
    actor: User,
) -> Issued:
    """A key of an institution for a purpose, good from today for so many days (the most allowed).

    Raises ValidationError: unknown scopes, no address, too many days, or two good keys of this purpose already.
    """
    most = figures.number("apikey.days")
    days = most if days is None else days
    if not 1 <= days <= most:
        raise ValidationError(_("有效期为 1 至 %(n)d 天。") % {"n": most})
    if not scopes or not set(scopes) <= set(SCOPES):
        raise ValidationError(_("请选择密钥的范围。"))
    cleaned = [clean_network(each) for each in networks]
    # Whoever issues at the same time waits here, so that both see the slots that are left.
    institution = Institution.objects.select_for_update().get(pk=institution_id)
    slot = _free_slot(institution, purpose)
    kid, secret = _kid(), _secret()
    today = timezone.localdate()
    last = today + timedelta(days=days - 1)
    account = _account(kid, institution, ACTS_AS[Role(issuer_role)], last, actor)
    key = ApiKey.objects.create(
        kid=kid,
        digest=_digest(secret),
        institution=institution,
        account=account,
        purpose=purpose,
        slot=slot,
        scopes=sorted(scopes),
        networks=cleaned,
        valid_from=today,
        valid_to=last,
        issued_by=actor,
    )
    audit.record(
        code="apikeys.issue",
        actor=actor,
        subject_type="apikey",
        subject_id=kid,
        after={
            "purpose": purpose,
            "scopes": key.scopes,
            "networks": cleaned,
            "valid_to": last.isoformat(),
            "institution": institution.pk,
        },
    )
    return Issued(key, f"{PREFIX}{kid}_{secret}")


def _free_slot(institution: Institution, purpose: str) -> int:
    held = ApiKey.objects.filter(institution=institution, purpose=purpose)
    held.filter(valid_to__lt=timezone.localdate()).update(slot=None)
    taken = set(held.exclude(slot=None).values_list("slot", flat=True))
    free = [slot for slot in SLOTS if slot not in taken]
    if not free:
        raise ValidationError(_("同一用途最多有两把有效的密钥，请先吊销一把。"))
    return free[0]


def _account(kid: str, institution: Institution, role: Role, last: date, issuer: User) -> User:
    """The account that the record names. Whoever issued the key answers for it: to four eyes it is that person."""
    holder = issuer.holder
    account = accounts.create_user(
        username=f"{PREFIX}{kid}",
        password=None,
        display_name=_("接口密钥 %(kid)s") % {"kid": kid},
        person_index=bytes(holder.person_index) if holder else None,
        actor=issuer,
    )
    # Given by the program: the grant that a person makes is the key.
    accounts.grant_membership(
        user=account, role=role, institution=institution, valid_to=last, reason=f"key {kid}", actor=None
    )
    return account


@transaction.atomic
def revoke(key: ApiKey, *, reason: str, actor: User) -> None:
    """The next request with this key is refused. Revoking twice is revoking once."""
    done = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_by=actor, slot=None
    )
    if done:
        accounts.close_user(key.account, reason=reason, actor=actor)
        audit.record(
            code="apikeys.revoke", actor=actor, subject_type="apikey", subject_id=key.kid, reason=reason
        )


def authenticate(token: str, address: str) -> ApiKey | None:
    """The key of this text if it is good today and from this address; None for every other reason alike."""
    match = _TOKEN.fullmatch(token)
    kid, secret = match.groups() if match else ("", "")
    key = ApiKey.objects.select_related("account").filter(kid=kid).first()
    same = hmac.compare_digest(bytes(key.digest) if key else bytes(32), _digest(secret))
    if key is None or not same or not _good(key, address):
        return None
    now = timezone.now()
    if key.used_at is None or now - key.used_at > _USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def _good(key: ApiKey, address: str) -> bool:
    return (
        key.revoked_at is None
        and key.valid_from <= timezone.localdate() <= key.valid_to
        and key.account.is_active
        and (not key.networks or _within(address, key.networks))
    )


def _within(address: str, networks: Sequence[str]) -> bool:
    if not address:
        return False
    came = ip_address(address)
    return any(came in ip_network(each) for each in networks)


def clean_network(text: str) -> str:
    """An address or a network in its usual form. Raises ValidationError for anything else."""
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValidationError(_("不是地址或网段：%(text)s") % {"text": text[:43]}) from None


def _kid() -> str:
    return "".join(secrets.choice(_KID_LETTERS) for _each in range(8))


def _secret() -> str:
    number, found = int.from_bytes(secrets.token_bytes(32), "big"), ""
    for _each in range(_SECRET_LENGTH):
        number, rest = divmod(number, 62)
        found += _BASE62[rest]
    return found


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()

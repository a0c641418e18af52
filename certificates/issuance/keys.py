"""Keys that certificates are signed with: one of each body and year, known by the first 8 characters of its thumbprint.

published → active → verify_only, or compromised from any of them. A key is published for a while before it is used
(figure certificates.key_days), so that whoever keeps a copy of the keys has it by then; only where a body has no key in
use, at first or after one was compromised, the new one is used at once. Source of the thumbprint: RFC 7638, for OKP
RFC 8037 §2.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from certificates.issuance import sealing, status_lists
from certificates.issuance.models import SigningKey
from registry.audit import services as audit
from registry.audit.models import Action
from registry.audit.services import Account
from registry.institutions.models import Institution
from registry.lib import figures
from registry.lib.b64 import b64url
from registry.lib.jwk import thumbprint

State = SigningKey.State
KID_LENGTH = 8


class NoKey(Exception):
    """The body has no key in use."""


class KeyCompromised(Exception):
    """Nothing more is signed with this key."""


class Signer(Protocol):
    """Signs bytes, as Ed25519PrivateKey does."""

    def sign(self, data: bytes, /) -> bytes: ...


@transaction.atomic
def publish(institution_id: int, year: int, *, actor: Account | None) -> SigningKey:
    """Make a key of a body for a year and publish it; in use at once where none is. Asking twice makes one."""
    institution = Institution.objects.select_for_update(no_key=True).get(pk=institution_id)
    held = SigningKey.objects.filter(institution_id=institution_id, state__in=(State.PUBLISHED, State.ACTIVE))
    keys = list(held.order_by("id"))
    for key in keys:
        if key.year == year:
            return key
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    kid = thumbprint(public)[:KID_LENGTH]
    first = not any(key.state == State.ACTIVE for key in keys)
    key = SigningKey.objects.create(
        institution_id=institution_id,
        year=year,
        kid=kid,
        issuer=institution.credit_code or f"jc:{institution.pk}",
        public=public,
        private=sealing.seal_key(kid, private.private_bytes_raw()),
        state=State.ACTIVE if first else State.PUBLISHED,
        active_from=timezone.now() if first else None,
    )
    _record("key.publish", key, actor)
    if first:
        status_lists.renew(institution_id)
    return key


@transaction.atomic
def rotate(institution_id: int, *, actor: Account | None = None, now: datetime | None = None) -> SigningKey:
    """Put this year's published key to use, if its time has come; the one before it only verifies from then on.

    Where the one before is compromised nobody waits. Returns the key in use. Raises NoKey where there is none.
    """
    now = now or timezone.now()
    held = SigningKey.objects.select_for_update().filter(institution_id=institution_id).order_by("id")
    keys = {state: [key for key in held if key.state == state] for state in (State.ACTIVE, State.PUBLISHED)}
    active = keys[State.ACTIVE][0] if keys[State.ACTIVE] else None
    ripe = now - timedelta(days=figures.number("certificates.key_days"))
    year = timezone.localdate(now).year
    due = [
        key
        for key in keys[State.PUBLISHED]
        if key.year <= year and (active is None or (key.published_at <= ripe and key.year > active.year))
    ]
    if not due:
        if active is None:
            raise NoKey(institution_id)
        return active
    if active is not None:
        _move(active, State.VERIFY_ONLY, active_to=now)
        _record("key.retire", active, actor)
    else:
        status_lists.renew(institution_id)
    _move(due[-1], State.ACTIVE, active_from=now)
    _record("key.activate", due[-1], actor)
    return due[-1]


def in_use(institution_id: int) -> SigningKey:
    """The key of a body to sign with now. Raises NoKey."""
    active = SigningKey.objects.filter(institution_id=institution_id, state=State.ACTIVE).first()
    if active is not None and active.year >= timezone.localdate().year:
        return active
    return rotate(institution_id)


@transaction.atomic
def mark_compromised(key_id: int, *, actor: Account | None, reason: str) -> SigningKey:
    """From now on nothing is signed with it, and whoever checks offline is told. Again changes nothing.

    What was stored to be signed with it is voided: its number is spent, and its source is attested anew.
    """
    key = SigningKey.objects.select_for_update().get(pk=key_id)
    if key.state == State.COMPROMISED:
        return key
    _move(key, State.COMPROMISED, active_to=key.active_to or timezone.now())
    action = _record("key.compromise", key, actor, reason)
    with connection.cursor() as cursor:
        cursor.execute(_VOID, [key_id])
        voided = [row for (row,) in cursor.fetchall()]
        cursor.execute(_LESS, [voided])
    if voided:
        audit.manifest_rows(action, "issuance_attestation", "attestation_v1", voided)
    return key


_VOID = "UPDATE issuance_attestation SET state = 'void' WHERE key_id = %s AND state = 'prepared' RETURNING id"
_LESS = """
UPDATE issuance_order o SET prepared = o.prepared - v.n
FROM (SELECT order_id, count(*) AS n FROM issuance_attestation WHERE id = ANY (%s) GROUP BY order_id) v
WHERE o.id = v.order_id
"""


def last_compromised(institution_id: int) -> datetime | None:
    """Until when a key of this body was in use that is compromised now; None where none is."""
    lost = SigningKey.objects.filter(institution_id=institution_id, state=State.COMPROMISED)
    found: datetime | None = lost.aggregate(at=Max("active_to"))["at"]
    return found


def signer(key: SigningKey) -> Signer:
    """What signs with this key. Raises KeyCompromised, and what the key ring raises."""
    if key.state == State.COMPROMISED:
        raise KeyCompromised(key.kid)
    return Ed25519PrivateKey.from_private_bytes(sealing.open_key(key.kid, bytes(key.private)))


def _move(key: SigningKey, state: SigningKey.State, **more: datetime) -> None:
    key.state = state
    for name, value in more.items():
        setattr(key, name, value)
    key.save(update_fields=["state", *more])


def _record(code: str, key: SigningKey, actor: Account | None, reason: str = "") -> Action:
    return audit.record(
        code=code,
        actor=actor,
        subject_type="signing_key",
        subject_id=key.kid,
        reason=reason,
        after={
            "institution": key.institution_id,
            "year": key.year,
            "kid": key.kid,
            "public": b64url(bytes(key.public)),
            "state": str(key.state),
        },
    )

"""Signing anew what a key signed that somebody else may have since: the same claims under the body's key of today.

What is signed is the stored content with another key's id, and the body's name of that key, in it: number, code, place
in the lists and the check of the holder stay. It is begun by the signatory once a new key is in use, and goes on by
chunks, each a transaction behind the lock of its row: cut off anywhere it is called again, and whoever comes second
finds the chunk done. A certificate that nothing leads back from (revoked, replaced) is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from certificates.issuance import cose, keys, payload
from certificates.issuance.key_models import Resigning
from certificates.issuance.models import SigningKey
from registry.accounts.models import User
from registry.accounts.scopes import within
from registry.audit import services as audit
from registry.lib.scope import Scope

CHUNK: Final = 500
# `+ 0`: the few rows of one certificate are sorted; read backward by id, all later ones would be passed over each time.
_STANDING = """
FROM issuance_attestation a JOIN issuance_certificate c ON c.id = a.id
LEFT JOIN LATERAL (
    SELECT r.payload, r.key_id FROM issuance_resignature r WHERE r.attestation_id = a.id ORDER BY r.id + 0 DESC LIMIT 1
) r ON true
WHERE a.institution_id = %(institution)s AND a.signature IS NOT NULL AND a.payload <> ''
  AND c.state IN ('valid', 'suspended') AND coalesce(r.key_id, a.key_id) = %(key)s AND a.id > %(after)s
"""
_COUNT = "SELECT count(*) " + _STANDING
_NEXT = "SELECT a.id, coalesce(r.payload, a.payload) " + _STANDING + " ORDER BY a.id LIMIT %(limit)s"
_STORE = """
INSERT INTO issuance_resignature (attestation_id, key_id, payload, signature)
SELECT id, %s, payload, signature FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) s (id, payload, signature)
"""
_USABLE = "SELECT FROM issuance_signingkey WHERE id = %s AND state = 'active' FOR SHARE"


class NotNow(Exception):
    """It cannot be begun; the text says why."""


def left(key: SigningKey) -> int:
    """How many certificates that stand are still under this key."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"institution": key.institution_id, "key": key.pk, "after": 0})
        return int(cursor.fetchone()[0])


def resignings(scope: Scope) -> QuerySet[Resigning]:
    """Those of the reader's institution, or all."""
    seen = within(scope, region_field="key__institution__region_id", institution_field="key__institution_id")
    return Resigning.objects.filter(seen)


@transaction.atomic
def begin(key: SigningKey, *, user: User) -> Resigning:
    """Note that what stands under a compromised key is to be signed anew. Raises NotNow."""
    if key.state != SigningKey.State.COMPROMISED:
        raise NotNow(_("只有已泄露密钥签发的证书需要重签。"))
    try:
        keys.in_use(key.institution_id)
    except keys.NoKey:
        raise NotNow(_("请先发布新密钥，再重签。")) from None
    total = left(key)
    if not total:
        raise NotNow(_("没有需要重签的证书。"))
    try:
        with transaction.atomic():
            made = Resigning.objects.create(key=key, maker=user, total=total)
    except IntegrityError:
        raise NotNow(_("正在重签，请等待完成。")) from None
    audit.record(code="key.resign_begin", actor=user, subject_type="signing_key", subject_id=key.kid, n=total)
    return made


def carry_out(resigning_id: UUID, *, size: int = CHUNK) -> None:
    """Sign anew, or on from wherever it stands. Raises keys.NoKey where the body has no key in use any more."""
    after: int | None = 0
    while after is not None:
        after = _chunk(resigning_id, size, after)


@transaction.atomic
def _chunk(resigning_id: UUID, size: int, after: int = 0) -> int | None:
    """Where to go on: the last certificate's id, 0 for once more from the beginning, None when all is done."""
    row = Resigning.objects.select_for_update().get(pk=resigning_id)
    if row.finished_at is not None:
        return None
    old = SigningKey.objects.get(pk=row.key_id)
    due = _due(old, size, after)
    if not due:
        if after:
            return 0
        Resigning.objects.filter(pk=row.pk).update(finished_at=timezone.now())
        return None
    new = keys.in_use(old.institution_id)
    with connection.cursor() as cursor:
        cursor.execute(_USABLE, [new.pk])
        if cursor.fetchone() is None:
            raise keys.NoKey(old.institution_id)
    _sign(due, new)
    Resigning.objects.filter(pk=row.pk).update(done=row.done + len(due))
    audit.record(
        code="key.resign",
        actor=row.maker,
        subject_type="signing_key",
        subject_id=new.kid,
        n=len(due),
        after={"from": old.kid},
    )
    for call in _followers:
        call([pk for pk, _content in due])
    return due[-1][0]


def _due(key: SigningKey, limit: int, after: int) -> list[tuple[int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _NEXT, {"institution": key.institution_id, "key": key.pk, "limit": limit, "after": after}
        )
        return [(pk, bytes(content)) for pk, content in cursor.fetchall()]


def _sign(due: Sequence[tuple[int, bytes]], key: SigningKey) -> None:
    signer = keys.signer(key)
    contents = [
        payload.build(payload.read(content)._replace(kid=key.kid, issuer=key.issuer)) for _pk, content in due
    ]
    signatures = [signer.sign(cose.to_be_signed(content, key.kid, key.suite)) for content in contents]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, [key.pk, [pk for pk, _content in due], contents, signatures])


def unfinished() -> list[UUID]:
    """Those of bodies that have a key in use."""
    able = SigningKey.objects.filter(state=SigningKey.State.ACTIVE).values("institution_id")
    found = Resigning.objects.filter(finished_at=None, key__institution__in=able)
    return list(found.order_by("created_at").values_list("pk", flat=True))


#: (ids of certificates that were just signed anew), within the transaction
_followers: list[Callable[[Sequence[int]], object]] = []


def follow(call: Callable[[Sequence[int]], object]) -> None:
    """Rooms above that keep what holds an envelope say what to do then; the app says so once, when it starts."""
    if call not in _followers:
        _followers.append(call)

"""Signing what is stored: over the stored bytes alone, outside of any lock; the certificates come on record with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from certificates.issuance import cose, keys, superseding
from certificates.issuance.models import Certificate, SigningKey
from registry.audit import services as audit
from registry.audit.services import Account

CHUNK: Final = 500


class Due(NamedTuple):
    """An intent that waits for its signature."""

    id: int
    payload: bytes
    key_id: int


def sign(order_id: UUID, *, limit: int = CHUNK) -> int:
    """Sign the next intents of an order; returns how many certificates came on record, 0 when none is left.

    Raises keys.KeyCompromised where the key must not sign any more, and what the key ring raises.
    """
    while due := _due("a.order_id = %s", [order_id], limit):
        if done := _signed(due, order_id, None):
            return len(done)
    return 0


def sign_these(ids: Sequence[int], *, actor: Account | None = None) -> list[int]:
    """The same for intents by id, without an order; returns the ids of the certificates that came on record."""
    done: list[int] = []
    while due := _due("a.id = ANY (%s)", [list(ids)], CHUNK):
        done += _signed(due, None, actor)
    return done


def _due(where: str, params: list[Any], limit: int) -> list[Due]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.payload, a.key_id FROM issuance_attestation a"
            f" WHERE a.state = 'prepared' AND {where} ORDER BY a.id LIMIT %s",
            [*params, limit],
        )
        return [Due(row[0], bytes(row[1]), row[2]) for row in cursor.fetchall()]


def _signed(due: Sequence[Due], order_id: UUID | None, actor: Account | None) -> list[int]:
    used = {key.pk: key for key in SigningKey.objects.filter(pk__in={row.key_id for row in due})}
    signers = {pk: keys.signer(key) for pk, key in used.items()}
    signatures = [
        signers[row.key_id].sign(cose.to_be_signed(row.payload, used[row.key_id].kid, used[row.key_id].suite))
        for row in due
    ]
    return _store([row.id for row in due], signatures, sorted(used), order_id, actor)


_KEYS = (
    "SELECT id FROM issuance_signingkey WHERE id = ANY (%s) AND state <> 'compromised' ORDER BY id FOR SHARE"
)
# Whoever waited for somebody who signed the same finds it signed, and leaves it.
_SIGN = """
WITH due AS (
    SELECT id FROM issuance_attestation WHERE id = ANY (%(ids)s) AND state = 'prepared' ORDER BY id FOR UPDATE
)
UPDATE issuance_attestation a SET signature = s.signature, signed_at = now(), state = 'signed'
FROM unnest(%(ids)s::bigint[], %(signatures)s::bytea[]) s (id, signature) JOIN due USING (id)
WHERE a.id = s.id RETURNING a.id
"""
_CERTIFY = """
INSERT INTO issuance_certificate (id, person_id, family, number, name, occupation_text, level_id, institution_id,
    region_code, issued_on, expires_on, state, basis, structure, enrolment_id, replaces_id)
SELECT a.id, a.person_id, a.family, a.number, a.name, a.occupation_name, a.level_id, a.institution_id,
    a.region_code, a.issued_on, a.expires_on, 'valid', 'issued', 'kept_rule',
    coalesce((l.entry ->> 'enrolment_id')::bigint, o.enrolment_id), o.id
FROM issuance_attestation a
LEFT JOIN issuance_orderline l
    ON l.order_id = a.order_id AND l.source_type = a.source_type AND l.source_id = a.source_id
LEFT JOIN issuance_certificate o ON o.id = CASE WHEN a.source_type = 'reissue' THEN a.source_id::bigint END
WHERE a.id = ANY (%s)
"""
_FIRST_HIGH = """
SELECT issuance_refresh_first_high(array_agg(DISTINCT c.person_id)) FROM issuance_certificate c
JOIN occupations_skilllevel l ON l.rank = c.level_id AND l.high_skilled
WHERE c.id = ANY (%s) AND c.family IN ('skill_level', 'qualification') HAVING count(*) > 0
"""
_PROGRESS = "UPDATE issuance_order SET signed = signed + %s WHERE id = %s"


@transaction.atomic
def _store(
    ids: list[int],
    signatures: list[bytes],
    key_ids: list[int],
    order_id: UUID | None,
    actor: Account | None,
) -> list[int]:
    """Signature, certificate and record at once; returns those that nobody had signed before."""
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, [key_ids])
        if len(cursor.fetchall()) < len(key_ids):
            raise keys.KeyCompromised
        superseding.hold(ids)
        cursor.execute(_SIGN, {"ids": ids, "signatures": signatures})
        done = sorted(row for (row,) in cursor.fetchall())
        if not done:
            return []
        cursor.execute(_CERTIFY, [done])
        cursor.execute(_FIRST_HIGH, [done])
        if order_id is not None:
            cursor.execute(_PROGRESS, [len(done), order_id])
    action = audit.record(
        code="issuance.sign",
        actor=actor,
        subject_type="issue_order" if order_id is not None else "certificate",
        subject_id=order_id or done[0],
        n=len(done),
    )
    audit.manifest_rows(action, "issuance_attestation", "attestation_v1", done)
    audit.manifest_rows(action, "issuance_certificate", Certificate.CANON, done)
    superseding.follow(done)
    return done

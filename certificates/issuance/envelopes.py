"""The signed envelope of a certificate as it is handed out now: as it was issued, or as it was signed anew since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection

from certificates.issuance import cose

# `+ 0`: the few rows of one certificate are sorted; read backward by id, all later ones would be passed over each time.
_CURRENT = """
SELECT a.id, coalesce(r.payload, a.payload), coalesce(r.signature, a.signature), k.kid, k.suite
FROM issuance_attestation a
LEFT JOIN LATERAL (
    SELECT r.payload, r.signature, r.key_id FROM issuance_resignature r
    WHERE r.attestation_id = a.id ORDER BY r.id + 0 DESC LIMIT 1
) r ON true
JOIN issuance_signingkey k ON k.id = coalesce(r.key_id, a.key_id)
WHERE a.id = ANY (%s) AND a.signature IS NOT NULL AND a.payload <> ''
"""
_SIGNED_WITH = """
SELECT a.id FROM issuance_attestation a
WHERE a.number = %(number)s AND a.institution_id = %(institution)s AND (
    a.signature = %(signature)s
    OR EXISTS (SELECT FROM issuance_resignature r WHERE r.attestation_id = a.id AND r.signature = %(signature)s))
"""


class Envelope(NamedTuple):
    """What was signed, by which key, and the signature."""

    payload: bytes
    signature: bytes
    kid: str
    suite: int

    @property
    def raw(self) -> bytes:
        return cose.envelope(self.payload, self.kid, self.suite, self.signature)


def current(ids: Collection[int]) -> Mapping[int, Envelope]:
    """Of these certificates, by id; those that are not signed, or whose holder was erased, are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, [list(ids)])
        return {row[0]: Envelope(bytes(row[1]), bytes(row[2]), row[3], row[4]) for row in cursor.fetchall()}


def on_record(number: str, institution_id: int, signature: bytes) -> int | None:
    """Which certificate of a body bears this number and this very signature, its first or a later one."""
    with connection.cursor() as cursor:
        cursor.execute(
            _SIGNED_WITH, {"number": number, "institution": institution_id, "signature": signature}
        )
        row = cursor.fetchone()
    return row[0] if row else None

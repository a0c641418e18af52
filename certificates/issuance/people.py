"""Whom certificates are for, as they stand on record when the intent is stored: read and opened by set."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from certificates.issuance import entries
from certificates.issuance.entries import Refused
from certificates.issuance.sealing import Holder
from registry.identity.current import keyring
from registry.identity.keyring import IDNO

_KNOWN = """
SELECT p.id, p.name, p.state = 'active' AND p.restricted_at IS NULL, d.id, d.kind, d.sealed
FROM people_person p
LEFT JOIN LATERAL (
    SELECT d.id, d.kind, d.sealed FROM people_document d WHERE d.person_id = p.id
    ORDER BY d.is_primary DESC, d.created_at DESC, d.id LIMIT 1
) d ON true
WHERE p.id = ANY (%s)
"""


def known(person_ids: Iterable[UUID]) -> dict[UUID, Holder | Refused]:
    """Name and main document of each, or why there is no certificate for them. Strangers are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(person_ids)])
        rows = cursor.fetchall()
    ring, found = keyring(), {}
    for person, name, active, document, kind, sealed in rows:
        whom: Holder | Refused
        if not active:
            whom = Refused(entries.PERSON_GONE)
        elif not name.strip():
            whom = Refused(entries.NAME_MISSING)
        elif document is None:
            whom = Refused(entries.DOCUMENT_MISSING)
        else:
            whom = Holder(name, kind, ring.open_(bytes(sealed), IDNO, document).decode())
        found[person] = whom
    return found

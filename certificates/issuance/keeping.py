"""How long certificates are kept, which rows of sheets speak of their holders, and what goes with an erased one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from registry.audit import services as audit
from registry.audit.models import Action
from registry.rights.keepers import Keeper

# Number, signature and place in the status list stay: they prove that a certificate was given, and not to whom.
_EMPTIED = """
UPDATE issuance_attestation SET sealed = '', payload = '', printed = '{}'
WHERE person_id = ANY (%s) AND (sealed, payload) <> ('', '') RETURNING id
"""


def forget(action: Action, people: Sequence[UUID]) -> int:
    """Destroy name, identity number and printed content in the intents of these people; returns how many intents."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTIED, [list(people)])
        ids = sorted(pk for (pk,) in cursor.fetchall())
    audit.manifest_again(action, "issuance_attestation", ids, canon="attestation_v1")
    return len(ids)


CERTIFICATES = Keeper(
    "certificates",
    "certificate",
    events="""
        SELECT person_id, max(coalesce(issued_on, created_at::date)) FROM issuance_certificate
        WHERE person_id = ANY(%(people)s) GROUP BY person_id
    """,
    sheet_rows="""
        SELECT batch_id, row_no FROM issuance_certificate
        WHERE person_id = ANY(%(people)s) AND batch_id IS NOT NULL AND row_no IS NOT NULL
    """,
    forget=forget,
)

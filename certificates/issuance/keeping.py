"""How long certificates are kept, which rows of sheets speak of their holders, and what goes with an erased one."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from registry.audit import services as audit
from registry.audit.models import Action
from registry.rights.keepers import Keeper

# Number, signature and place in the status list stay: they prove that a certificate was given, and not to whom.
# What was not signed yet is not signed any more: its number is spent, and its line is refused when the order
# goes on, for there is nobody left to attest anything of.
_VOIDED = """
WITH gone AS (
    UPDATE issuance_attestation SET state = 'void' WHERE person_id = ANY (%s) AND state = 'prepared'
    RETURNING order_id
)
UPDATE issuance_order o SET prepared = o.prepared - n.n
FROM (SELECT order_id, count(*) AS n FROM gone GROUP BY order_id) n WHERE o.id = n.order_id
"""
_EMPTIED = """
UPDATE issuance_attestation SET sealed = '', payload = '', printed = '{}'
WHERE person_id = ANY (%s) AND (sealed, payload) <> ('', '') RETURNING id
"""
# The content that was signed anew names them as well.
_RESIGNED = """
UPDATE issuance_resignature r SET payload = '' FROM issuance_attestation a
WHERE a.id = r.attestation_id AND a.person_id = ANY (%s) AND r.payload <> ''
"""


def forget(action: Action, people: Sequence[UUID]) -> int:
    """Destroy name, identity number and printed content in the intents of these people; returns how many intents."""
    with connection.cursor() as cursor:
        cursor.execute(_VOIDED, [list(people)])
        cursor.execute(_RESIGNED, [list(people)])
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

"""How long certificates are kept, and which rows of sheets speak of their holders."""

from __future__ import annotations

from registry.rights.keepers import Keeper

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
)

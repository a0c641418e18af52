"""Putting payments on record. Here: those that a ledger reports as made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

# ``source`` yields: id, enrolment_id, amount_fen, fund, paid_on, region_code, batch_id, row_no.
_REPORT = """
INSERT INTO claims_payment (id, enrolment_id, amount_fen, fund, paid_on, basis, region_code, batch_id, row_no)
SELECT id, enrolment_id, amount_fen, coalesce(fund, ''), paid_on, 'reported', region_code, batch_id, row_no
FROM ({source}) n
"""

NEXT_ID = "nextval('claims_payment_id_seq')"


def report(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """Record payments as somebody else reports them; returns how many."""
    cursor.execute(_REPORT.replace("{source}", source), params)
    return int(cursor.rowcount)

"""Putting certificates on record. Here: those that a ledger reports; issuing our own joins this room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

# ``source`` yields: id, person_id, family, number, name, occupation_text, level, institution_id, region_code,
# issued_on, structure, enrolment_id, batch_id, row_no, newcomer (nobody knew the person before, so nothing can come
# before this certificate; of several that come in together the others are not newcomers').
_REPORT = """
INSERT INTO issuance_certificate (id, person_id, family, number, name, occupation_text, level_id, institution_id,
    region_code, issued_on, state, basis, structure, enrolment_id, batch_id, row_no, first_high)
SELECT id, person_id, family, number, name, occupation_text, level, institution_id,
       region_code, issued_on, 'valid', 'reported', structure, enrolment_id, batch_id, row_no,
       newcomer AND family IN ('skill_level', 'qualification')
           AND coalesce(level IN (SELECT rank FROM occupations_skilllevel WHERE high_skilled), false)
FROM ({source}) n
"""

_NEWLY_HIGH = "SELECT issuance_refresh_first_high(ARRAY({source})) WHERE EXISTS ({source})"

NEXT_ID = "nextval('issuance_certificate_id_seq')"


def report(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> int:
    """Record certificates as somebody else reports them; returns how many. A taken number raises IntegrityError."""
    cursor.execute(_REPORT.replace("{source}", source), params)
    return int(cursor.rowcount)


def mark_first_high(cursor: CursorWrapper, source: str, params: Mapping[str, Any]) -> None:
    """Move the mark of the first high-skilled certificate for the people whose ids ``source`` yields."""
    cursor.execute(_NEWLY_HIGH.replace("{source}", source), params)

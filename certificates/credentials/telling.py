"""A certificate as the API tells it: nobody's name or number, and the answer in the words of every channel."""

from __future__ import annotations

from datetime import date
from typing import Any

from certificates.issuance.answers import UNCONFIRMED, of_code
from certificates.issuance.answers import told as words
from certificates.issuance.models import Certificate


def told(row: Certificate, answer: str) -> dict[str, Any]:
    """What stands on record. `answer` is the word of `issuance_answer`; the level's and successor's rows are read."""
    return {
        "number": row.number,
        "family": row.family,
        "name": row.name,
        "occupation": row.occupation_text,
        "level": row.level.name if row.level else "",
        "level_rank": row.level_id or 0,
        "issued_on": _day(row.issued_on),
        "expires_on": _day(row.expires_on),
        "basis": row.basis,
        "answer": str(of_code(answer)),
        "unconfirmed": answer == UNCONFIRMED,
        "words": words(answer),
        "since": _day(row.state_on),
        "superseded_by": row.superseded_by.number if row.superseded_by else None,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None

"""Turning a whole file away: a code of the contract, and a Chinese sentence that says what to do."""

from __future__ import annotations

from typing import Any

FILE_TYPE = "FILE_TYPE"
FILE_UNREADABLE = "FILE_UNREADABLE"
FILE_TOO_LARGE = "FILE_TOO_LARGE"
ARCHIVE_BOMB = "ARCHIVE_BOMB"
EMPTY = "EMPTY"
NO_HEADER = "NO_HEADER"
COLUMN_MISSING = "COLUMN_MISSING"
SHEET_AMBIGUOUS = "SHEET_AMBIGUOUS"
ENCODING = "ENCODING"

CODES = (
    FILE_TYPE,
    FILE_UNREADABLE,
    FILE_TOO_LARGE,
    ARCHIVE_BOMB,
    EMPTY,
    NO_HEADER,
    COLUMN_MISSING,
    SHEET_AMBIGUOUS,
    ENCODING,
)


class Refusal(Exception):
    """``details`` is what the page offers as remedy: candidates for a column, sheets to choose from."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details

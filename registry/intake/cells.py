"""What a sheet is made of before anybody asks what it means: cells, faults, and how text goes to COPY."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import NamedTuple, TypeAlias

ERROR, WARNING, INFO = "error", "warning", "info"


class Broken(NamedTuple):
    """A cell whose formula gave an error (``#REF!``) or never had its value computed (empty text)."""

    what: str = ""


# Whether a cell was a number is told by its type: identity numbers must be text (domain: damage by Excel).
Cell: TypeAlias = str | float | int | bool | date | time | timedelta | Broken | None

Row: TypeAlias = tuple[int, list[Cell]]  # the sheet's own number, from 1


class Fault(NamedTuple):
    """Something to tell the clerk about one cell; never holds what the cell holds."""

    code: str
    severity: str
    message: str


NULL = r"\N"  # COPY, text format
_COPY_SPECIAL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": None})


def copy_text(text: str) -> str:
    """One field of a COPY line; empty text stays empty text."""
    if text.isalnum():
        return text
    return text.translate(_COPY_SPECIAL)


def copy_bytes(value: bytes) -> str:
    return r"\\x" + value.hex()


_ERROR_TEXT = re.compile(r"#(?:REF|N/A|VALUE|NAME|DIV/0|NUM|NULL|SPILL|CALC|GETTING_DATA)[!?]?|#?Err:\d{3}")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_BLANKS = re.compile(r"\s+")
LONGEST = 1_000  # characters of one cell that are looked at; a roster has no use for more


def is_error_text(text: str) -> bool:
    return text.startswith(("#", "Err:")) and _ERROR_TEXT.fullmatch(text) is not None


def plain(cell: Cell) -> str:
    """The cell as one line of readable text, without invisible characters; whole numbers without a point."""
    if type(cell) is str:
        if cell.isalnum():
            return cell
        text = _INVISIBLE.sub("", cell[:LONGEST])
        return _BLANKS.sub(" ", text).strip()
    if cell is None or isinstance(cell, Broken):
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        # Beyond fifteen digits a number is not what was typed: shown as what it is, in scientific notation.
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def as_text(cell: Cell) -> str:
    """The cell as it stands, for people to read and correct; line breaks and blanks stay."""
    if type(cell) is str:
        return _INVISIBLE.sub("", cell[:LONGEST])
    if isinstance(cell, Broken):
        return cell.what
    return plain(cell)


def hidden_characters(text: str) -> bool:
    """Whether a cell held what nobody sees but every comparison trips over (domain D2)."""
    return "\u00a0" in text or "\u3000" in text or "\t" in text or _INVISIBLE.search(text) is not None


def is_blank(cell: Cell) -> bool:
    return cell is None or cell == "" or (type(cell) is str and not plain(cell))

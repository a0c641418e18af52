"""What a cell can hold, and what a sheet is made of. Formats (xlsx, xls, ods, text) all write these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Formula:
    """A formula and the value its program cached; ``value=None`` is a file saved without calculating."""

    text: str
    value: str | float | None = None


@dataclass(frozen=True)
class Broken:
    """An error cell such as ``#REF!``."""

    code: str = "#REF!"


Cell = str | int | float | bool | dt.date | Formula | Broken | None
Row = Sequence[Cell]


@dataclass(frozen=True)
class Sheet:
    """One sheet: rows from 1 as printed, merged ranges as ``A1:F1``."""

    name: str
    rows: Sequence[Row]
    merges: Sequence[str] = field(default=())
    hidden: bool = False

    @property
    def width(self) -> int:
        return max((len(row) for row in self.rows), default=0)


def column_letters(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def parse_range(text: str) -> tuple[int, int, int, int]:
    """``B2:C5`` → first row, last row, first column, last column, from 0."""
    first, last = text.split(":")
    (row_a, col_a), (row_b, col_b) = _parse_ref(first), _parse_ref(last)
    return row_a, row_b, col_a, col_b


def _parse_ref(ref: str) -> tuple[int, int]:
    letters = ref.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(ref[len(letters) :]) - 1, column - 1


def excel_serial(day: dt.date) -> int:
    """Days in Excel's 1900 system, with its invented 29 February 1900: 2024-03-05 → 45356."""
    return (day - dt.date(1899, 12, 30)).days


def covered(sheet: Sheet) -> set[tuple[int, int]]:
    """Cells under a merge other than its first."""
    cells: set[tuple[int, int]] = set()
    for text in sheet.merges:
        top, bottom, left, right = parse_range(text)
        cells |= {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}
        cells.discard((top, left))
    return cells

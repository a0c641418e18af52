"""The error workbook: the sheet as it was handed in, faulty cells coloured and commented, and two columns that say
what became of each row and why. Corrected in place, it can be handed in again as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from registry.intake import corrections, kinds, reading, store
from registry.intake.models import Batch, Issue
from registry.lib.xlsx import Book, Format, add_sheet, open_book

OUTCOME, REASON = "处理结果", "错误原因"

_OUTCOMES = {"error": "未通过", "warning": "通过,请留意"}
_PASSED = "通过"

# A formula that was never computed reads as blank; written so, the fault would be healed by nobody.
_NO_VALUE = "#VALUE!"


class Told(NamedTuple):
    """One fault of a row: its column as printed, which rule, how grave, what is said."""

    column: str
    code: str
    severity: str
    message: str


Faults = dict[int, list[Told]]  # by row


def write(batch: Batch, out: Path | BinaryIO, *, faulty_only: bool = False) -> int:
    """One xlsx: the whole sheet, every row at its own place, or only its header and the rows with an issue.

    Returns how many rows stand under the header.

    Raises store.FileGone for a file that was refused or whose retention has run out, store.FileDamaged.
    """
    if not batch.sheet:
        raise store.FileGone(str(batch.id))
    faults = _faults(batch)
    # Read before the workbook is begun: a file that is gone leaves no half-written one behind.
    # What was corrected on screen goes with it: handed in again, the workbook must not bring the old faults back.
    rows = _begun(
        reading.raw_rows(
            batch,
            kinds.get(batch.kind),
            sorted(faults) if faulty_only else None,
            corrections.patches(batch),
        )
    )
    with open_book(out) as book:
        paper = _Paper(book, batch)
        if faulty_only:
            paper.header(0)
            line = 0
            for line, (number, cells) in enumerate(rows, start=1):
                paper.row(line, cells, faults[number])
            return line
        header_row = batch.sheet["header_row"]
        if header_row > 1:
            paper.plain(0, [batch.sheet.get("title", "")])
        paper.header(header_row - 1)
        count = 0
        skipped = {line["row"] for line in batch.sheet.get("skipped_rows", [])}
        for number, cells in rows:
            if number in skipped or not any(text.strip() for text in cells):
                paper.plain(number - 1, cells)
            else:
                paper.row(number - 1, cells, faults.get(number, []))
                count += 1
        return count


Row = tuple[int, list[str]]


def _begun(rows: Iterator[Row]) -> Iterator[Row]:
    first = next(rows, None)
    return iter(()) if first is None else chain([first], rows)


class _Paper:
    """The sheet being written, top to bottom."""

    def __init__(self, book: Book, batch: Batch) -> None:
        self._sheet = add_sheet(book, _tab(batch.sheet.get("name") or ""))
        headings: list[str] = batch.sheet["headings"]
        # A workbook of ours that came back: its two columns are written anew.
        ours = next(
            (at for at in range(len(headings) - 1) if headings[at : at + 2] == [OUTCOME, REASON]), None
        )
        self._width = len(headings) if ours is None else ours
        self._headings = headings[: self._width]
        # Text, so that a number of eighteen digits typed over a faulty one comes back whole.
        self._formats: dict[str, Format] = {
            "plain": book.add_format({"num_format": "@"}),
            "error": book.add_format({"num_format": "@", "bg_color": "#F8D7DA", "font_color": "#842029"}),
            "warning": book.add_format({"num_format": "@", "bg_color": "#FFF3CD", "font_color": "#664D03"}),
            "head": book.add_format({"bold": True, "num_format": "@", "bottom": 1, "text_wrap": True}),
        }
        self._sheet.set_column(0, max(self._width - 1, 0), 18)
        self._sheet.set_column(self._width, self._width, 14)
        self._sheet.set_column(self._width + 1, self._width + 1, 60)

    def header(self, line: int) -> None:
        for at, heading in enumerate([*self._headings, OUTCOME, REASON]):
            self._sheet.write_string(line, at, heading, self._formats["head"])

    def plain(self, line: int, cells: list[str]) -> None:
        for at, text in enumerate(cells[: self._width]):
            if text:
                self._sheet.write_string(line, at, text, self._formats["plain"])

    def row(self, line: int, cells: list[str], faults: list[Told]) -> None:
        # Where a cell has several faults, the gravest colours it and the comment says all.
        marks = {told.column: told for told in reversed(faults)}
        for at, heading in enumerate(self._headings):
            # An issue keeps the first hundred characters of a heading.
            told = marks.get(heading[:100])
            text = cells[at] if at < len(cells) else ""
            self._cell(line, at, text, told)
            if told is not None:
                said = "\n".join(each.message for each in faults if each.column == told.column)
                self._sheet.write_comment(line, at, said, {"x_scale": 2})
        worst = next(
            (severity for severity in _OUTCOMES if any(told.severity == severity for told in faults)), ""
        )
        self._sheet.write_string(line, self._width, _OUTCOMES.get(worst, _PASSED), self._formats["plain"])
        self._sheet.write_string(line, self._width + 1, _sentence(faults), self._formats["plain"])

    def _cell(self, line: int, at: int, text: str, told: Told | None) -> None:
        """Text, except where the fault was that the cell is none: that is for a person to put right, not for us."""
        style = self._formats[told.severity if told else "plain"]
        if (
            told
            and told.code == "ID_TRUNCATED"
            and text.isascii()
            and text.isdigit()
            and len(text) <= _EXACT_DIGITS
        ):
            self._sheet.write_number(line, at, int(text), style)
        elif told and told.code == "CELL_ERROR" and not text:
            self._sheet.write_string(line, at, _NO_VALUE, style)
        else:
            self._sheet.write_string(line, at, text, style)


_EXACT_DIGITS = 15  # what a spreadsheet keeps of a number


def _tab(name: str) -> str:
    """A name that a workbook takes for a sheet; those of texts and other programs may hold more."""
    return re.sub(r"[\[\]:*?/\\]", "_", name).strip("'")[:31] or "Sheet1"


def _sentence(faults: Iterable[Told]) -> str:
    return ";".join(f"〔{told.column}〕{told.message}" if told.column else told.message for told in faults)


def _faults(batch: Batch) -> Faults:
    found: Faults = defaultdict(list)
    rows = Issue.objects.filter(batch=batch).exclude(severity="info").order_by("row", "severity", "id")
    for row, *told in rows.values_list("row", "column", "code", "severity", "message"):
        found[row].append(Told(*told))
    return dict(found)

"""The error workbook: the sheet as it was handed in, faulty cells coloured and commented, and two columns that say
what became of each row and why. Corrected in place, it can be handed in again as it is.
"""
from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import xlsxwriter
from xlsxwriter.format import Format

from registry.intake import kinds, reading, store
from registry.intake.cleaning import FILLED_DOWN
from registry.intake.models import Batch, Issue

OUTCOME, REASON = "处理结果", "错误原因"

_OUTCOMES = {"error": "未通过", "warning": "通过,请留意"}
_PASSED = "通过"


class Told(NamedTuple):
    """One fault of a row: its column as printed, how grave it is, what is said."""

    column: str
    severity: str
    message: str


Faults = dict[int, list[Told]]  # by row


def write(batch: Batch, out: Path | BinaryIO, *, faulty_only: bool = False) -> None:
    """One xlsx: the whole sheet, every row at its own place, or only its header and the rows with an issue.

    Raises store.FileGone for a file that was refused or whose retention has run out, store.FileDamaged.
    """
    if not batch.sheet:
        raise store.FileGone(str(batch.id))
    faults = _faults(batch)
    # Opened before the workbook: a file that is gone leaves no half-written one behind.
    rows = _rows(batch, faults, faulty_only)
    first = next(rows, None)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(out) if isinstance(out, Path) else out, options) as book:
        paper = _Paper(book, batch)
        if faulty_only:
            paper.header(0, batch.sheet["headings"])
            for line, (number, cells) in enumerate(_again(first, rows), start=1):
                paper.row(line, cells, faults[number])
            return
        header_row = batch.sheet["header_row"]
        skipped = _skipped(batch)
        for number, cells in _again(first, rows):
            if number == header_row:
                paper.header(number - 1, cells)
            elif number < header_row or number in skipped or _is_blank(cells):
                paper.plain(number - 1, cells)
            else:
                paper.row(number - 1, cells, faults.get(number, []))


Row = tuple[int, list[Any]]


def _rows(batch: Batch, faults: Faults, faulty_only: bool) -> Iterator[Row]:
    """Rows to be written, with what stood for the cell above (同上, merged cells) written out: the row above may have
    gone, and the merge has.
    """
    kind = kinds.get(batch.kind)
    carried = {
        (row, told.column) for row, all_told in faults.items() for told in all_told
        if told.message == FILLED_DOWN.message
    }
    if not carried:
        yield from reading.raw_cells(batch, kind, sorted(faults) if faulty_only else None)
        return
    places = [(at, heading) for at, heading in enumerate(batch.sheet["headings"]) if heading]
    skipped, above = _skipped(batch), {}
    for number, cells in reading.raw_cells(batch, kind):
        if number > batch.sheet["header_row"] and number not in skipped and not _is_blank(cells):
            cells.extend([None] * (len(batch.sheet["headings"]) - len(cells)))
            for at, heading in places:
                if (number, heading) in carried:
                    cells[at] = above.get(at)
                above[at] = cells[at]
        if not faulty_only or number in faults:
            yield number, cells


def _again(first: Row | None, rest: Iterator[Row]) -> Iterator[Row]:
    if first is not None:
        yield first
        yield from rest


def _skipped(batch: Batch) -> set[int]:
    return {line["row"] for line in batch.sheet.get("skipped_rows", [])}


def _is_blank(cells: list[Any]) -> bool:
    return not any(reading.as_text(cell).strip() for cell in cells)


class _Paper:
    """The sheet being written, top to bottom."""

    def __init__(self, book: xlsxwriter.Workbook, batch: Batch) -> None:
        self._sheet = book.add_worksheet(_tab(batch.sheet.get("name") or ""))
        headings: list[str] = batch.sheet["headings"]
        # A workbook of ours that came back: its two columns are written anew.
        ours = next((at for at in range(len(headings) - 1) if headings[at : at + 2] == [OUTCOME, REASON]), None)
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

    def header(self, line: int, cells: list[Any]) -> None:
        padded = [*map(reading.as_text, cells), *[""] * self._width][: self._width]
        for at, heading in enumerate([*padded, OUTCOME, REASON]):
            self._sheet.write_string(line, at, heading, self._formats["head"])

    def plain(self, line: int, cells: list[Any]) -> None:
        for at, cell in enumerate(cells[: self._width]):
            if reading.as_text(cell):
                self._write(line, at, cell, "plain")

    def row(self, line: int, cells: list[Any], faults: list[Told]) -> None:
        # Where a cell has several faults, the gravest colours it and the comment says all.
        marks = {told.column: told.severity for told in reversed(faults)}
        for at, heading in enumerate(self._headings):
            # An issue keeps the first hundred characters of a heading.
            named = heading[:100]
            self._write(line, at, cells[at] if at < len(cells) else None, marks.get(named, "plain"))
            if named in marks:
                said = "\n".join(told.message for told in faults if told.column == named)
                self._sheet.write_comment(line, at, said, {"x_scale": 2})
        worst = next((severity for severity in _OUTCOMES if any(told.severity == severity for told in faults)), "")
        self._sheet.write_string(line, self._width, _OUTCOMES.get(worst, _PASSED), self._formats["plain"])
        self._sheet.write_string(line, self._width + 1, _sentence(faults), self._formats["plain"])

    def _write(self, line: int, at: int, cell: Any, style: str) -> None:
        """A number stays a number, so that reading it again gives the same verdict; all else is text."""
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            self._sheet.write_number(line, at, cell, self._formats[style])
        else:
            self._sheet.write_string(line, at, reading.as_text(cell), self._formats[style])


def _tab(name: str) -> str:
    """A name that a workbook takes for a sheet; those of texts and other programs may hold more."""
    return re.sub(r"[\[\]:*?/\\]", "_", name).strip("'")[:31] or "Sheet1"


def _sentence(faults: Iterable[Told]) -> str:
    return ";".join(f"〔{told.column}〕{told.message}" if told.column else told.message for told in faults)


def _faults(batch: Batch) -> Faults:
    found: Faults = defaultdict(list)
    rows = Issue.objects.filter(batch=batch).exclude(severity="info").order_by("row", "severity", "id")
    for row, column, severity, message in rows.values_list("row", "column", "severity", "message"):
        found[row].append(Told(column, severity, message))
    return dict(found)

"""The error workbook: the sheet as it was handed in, faulty cells coloured and commented, and two columns that say
what became of each row and why. Corrected in place, it can be handed in again as it is.
"""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import xlsxwriter
from xlsxwriter.format import Format

from registry.intake import kinds, reading
from registry.intake.models import Batch, Issue

OUTCOME, REASON = "处理结果", "错误原因"

_OUTCOMES = {"error": "未通过", "warning": "通过,请留意"}
_PASSED = "通过"

Faults = dict[int, list[tuple[str, str, str]]]  # row → (column as printed, severity, message)


def write(batch: Batch, out: Path | BinaryIO, *, faulty_only: bool = False) -> None:
    """One xlsx: the whole sheet, every row at its own place, or only its header and the rows with an issue.

    Raises store.FileGone once the file's retention has run out.
    """
    faults = _faults(batch)
    kind = kinds.get(batch.kind)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(out) if isinstance(out, Path) else out, options) as book:
        paper = _Paper(book, batch)
        if faulty_only:
            paper.header(0, batch.sheet.get("headings", []))
            for line, (number, cells) in enumerate(reading.raw_rows(batch, kind, sorted(faults)), start=1):
                paper.row(line, cells, faults[number])
            return
        skipped = {line["row"] for line in batch.sheet.get("skipped_rows", [])}
        # A header of two lines comes back as one, at the place of its lower line; rows keep their numbers.
        paper.header(batch.sheet["header_row"] - 1, batch.sheet.get("headings", []))
        for number, cells in reading.raw_rows(batch, kind):
            if number in skipped or not any(cells):
                paper.plain(number - 1, cells)
            else:
                paper.row(number - 1, cells, faults.get(number, []))


class _Paper:
    """The sheet being written, top to bottom."""

    def __init__(self, book: xlsxwriter.Workbook, batch: Batch) -> None:
        self._sheet = book.add_worksheet((batch.sheet.get("name") or "Sheet1")[:31])
        self._headings: list[str] = batch.sheet.get("headings", [])
        self._width = len(self._headings)
        # Everything is text: a number of eighteen digits must come back whole.
        self._formats: dict[str, Format] = {
            "plain": book.add_format({"num_format": "@"}),
            "error": book.add_format({"num_format": "@", "bg_color": "#F8D7DA", "font_color": "#842029"}),
            "warning": book.add_format({"num_format": "@", "bg_color": "#FFF3CD", "font_color": "#664D03"}),
            "head": book.add_format({"bold": True, "num_format": "@", "bottom": 1, "text_wrap": True}),
        }
        self._sheet.set_column(0, max(self._width - 1, 0), 18)
        self._sheet.set_column(self._width, self._width, 14)
        self._sheet.set_column(self._width + 1, self._width + 1, 60)

    def header(self, line: int, cells: list[str]) -> None:
        padded = [*cells, *[""] * self._width][: self._width]
        for at, heading in enumerate([*padded, OUTCOME, REASON]):
            self._sheet.write_string(line, at, heading, self._formats["head"])

    def plain(self, line: int, cells: list[str]) -> None:
        for at, text in enumerate(cells):
            if text:
                self._sheet.write_string(line, at, text, self._formats["plain"])

    def row(self, line: int, cells: list[str], faults: list[tuple[str, str, str]]) -> None:
        # Where a cell has several faults, the gravest colours it and the comment says all.
        marks = {column: severity for column, severity, _ in reversed(faults)}
        for at, heading in enumerate(self._headings):
            text = cells[at] if at < len(cells) else ""
            style = self._formats.get(marks.get(heading, "plain"), self._formats["plain"])
            self._sheet.write_string(line, at, text, style)
            if heading in marks:
                said = "\n".join(message for column, _, message in faults if column == heading)
                self._sheet.write_comment(line, at, said, {"x_scale": 2})
        worst = next((severity for severity in _OUTCOMES if any(s == severity for _, s, _ in faults)), "")
        self._sheet.write_string(line, self._width, _OUTCOMES.get(worst, _PASSED), self._formats["plain"])
        self._sheet.write_string(line, self._width + 1, _sentence(faults), self._formats["plain"])


def _sentence(faults: Iterable[tuple[str, str, str]]) -> str:
    return ";".join(f"〔{column}〕{message}" if column else message for column, _, message in faults)


def _faults(batch: Batch) -> Faults:
    found: Faults = defaultdict(list)
    rows = Issue.objects.filter(batch=batch).exclude(severity="info").order_by("row", "severity", "id")
    for row, column, severity, message in rows.values_list("row", "column", "severity", "message"):
        found[row].append((column, severity, message))
    return dict(found)

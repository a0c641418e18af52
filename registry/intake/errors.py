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
    """One xlsx with the header, then every row of the sheet (or only those with an issue). Raises store.FileGone."""
    faults = _faults(batch)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(out) if isinstance(out, Path) else out, options) as book:
        paper = _Paper(book, batch)
        paper.head()
        for number, cells in reading.raw_rows(batch, kinds.get(batch.kind), sorted(faults) if faulty_only else None):
            paper.row(cells, faults.get(number, []))


class _Paper:
    """The sheet being written, row by row."""

    def __init__(self, book: xlsxwriter.Workbook, batch: Batch) -> None:
        self._sheet = book.add_worksheet((batch.sheet.get("name") or "Sheet1")[:31])
        self._headings: list[str] = batch.sheet.get("headings", [])
        # Everything is text: a number of eighteen digits must come back whole.
        self._formats: dict[str, Format] = {
            "plain": book.add_format({"num_format": "@"}),
            "error": book.add_format({"num_format": "@", "bg_color": "#F8D7DA", "font_color": "#842029"}),
            "warning": book.add_format({"num_format": "@", "bg_color": "#FFF3CD", "font_color": "#664D03"}),
            "head": book.add_format({"bold": True, "num_format": "@", "bottom": 1, "text_wrap": True}),
        }
        self._line = 0

    def head(self) -> None:
        width = len(self._headings)
        self._sheet.set_column(0, max(width - 1, 0), 18)
        self._sheet.set_column(width, width, 14)
        self._sheet.set_column(width + 1, width + 1, 60)
        self._sheet.freeze_panes(1, 0)
        for at, heading in enumerate([*self._headings, OUTCOME, REASON]):
            self._sheet.write_string(0, at, heading, self._formats["head"])

    def row(self, cells: list[str], faults: list[tuple[str, str, str]]) -> None:
        self._line += 1
        marks = {column: (severity, message) for column, severity, message in reversed(faults)}
        for at, heading in enumerate(self._headings):
            severity, message = marks.get(heading, ("plain", ""))
            text = cells[at] if at < len(cells) else ""
            self._sheet.write_string(self._line, at, text, self._formats.get(severity, self._formats["plain"]))
            if message:
                self._sheet.write_comment(self._line, at, message)
        severities = {severity for _, severity, _ in faults}
        worst = "error" if "error" in severities else "warning" if "warning" in severities else ""
        width = len(self._headings)
        self._sheet.write_string(self._line, width, _OUTCOMES.get(worst, _PASSED), self._formats["plain"])
        self._sheet.write_string(self._line, width + 1, _sentence(faults), self._formats["plain"])


def _sentence(faults: Iterable[tuple[str, str, str]]) -> str:
    return ";".join(f"〔{column}〕{message}" if column else message for column, _, message in faults)


def _faults(batch: Batch) -> Faults:
    found: Faults = defaultdict(list)
    rows = Issue.objects.filter(batch=batch).exclude(severity="info").order_by("row", "severity", "id")
    for row, column, severity, message in rows.values_list("row", "column", "severity", "message"):
        found[row].append((column, severity, message))
    return dict(found)

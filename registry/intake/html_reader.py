"""HTML tables, which many old systems export and call .xls."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import BinaryIO

from registry.intake import refusal
from registry.intake.cells import Cell, Row
from registry.intake.guard import LIMITS
from registry.intake.readers import Merge, Sheet
from registry.intake.refusal import Refusal
from registry.intake.sniff import Kind

_PIECE = 256 * 1024
_MOST_ROWS = 300_000
_LONGEST_CELL = 10_000
_MOST_SPAN = 5_000
_SILENT = frozenset(("script", "style", "head", "title"))


class HtmlSheet(Sheet):
    """One table; ``held`` are its rows with text only, as long as its widest."""

    def __init__(self, name: str, table: _Table) -> None:
        super().__init__(name=name, total=len(table.rows), merges=table.merges)
        self._held = table.rows

    def rows(self) -> Iterator[Row]:
        for number, cells in enumerate(self._held, 1):
            yield number, list(cells)


class HtmlBook:
    """Every table counts as a sheet; one table alone has no name, and rows are numbered within their table."""

    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        parser = _Tables()
        file.seek(0)
        text = io.TextIOWrapper(
            io.BufferedReader(io.FileIO(file.fileno(), closefd=False)), kind.encoding or "utf-8", "replace"
        )
        while piece := text.read(_PIECE):
            parser.feed(piece)
        parser.close()
        tables = [table for table in parser.tables if table.rows]
        self._tables = (
            {"": tables[0]}
            if len(tables) == 1
            else {f"表{number}": one for number, one in enumerate(tables, 1)}
        )

    @property
    def names(self) -> Sequence[str]:
        return list(self._tables)

    def open(self, name: str) -> HtmlSheet:
        return HtmlSheet(name, self._tables[name])


class _Table:
    def __init__(self) -> None:
        self.rows: list[list[Cell]] = []
        self.merges: list[Merge] = []
        self.taken: dict[int, int] = {}  # column → rows below that a cell from above still covers


class _Tables(HTMLParser):
    """Collects tables; a table inside a cell stands for itself, and leaves its text out of the outer one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._cell: list[str] | None = None
        self._spans = (1, 1)
        self._silent = 0
        self._rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        match tag:
            case "table":
                self._end_cell()
                table = _Table()
                self.tables.append(table)
                self._open.append(table)
            case "tr" if self._open:
                self._end_cell()
                self._new_row()
            case "td" | "th" if self._open:
                self._end_cell()
                if not self._open[-1].rows:
                    self._new_row()
                named = dict(attrs)
                self._spans = _span(named.get("rowspan")), _span(named.get("colspan"))
                self._cell = []
            case "br" | "p" | "div" if self._cell is not None:
                self._cell.append(" ")
            case _ if tag in _SILENT:
                self._silent += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT or tag in ("td", "th", "table"):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "td" | "th" | "tr":
                self._end_cell()
            case "table" if self._open:
                self._end_cell()
                self._open.pop()
            case _ if tag in _SILENT:
                self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._silent:
            self._cell.append(data)

    def _new_row(self) -> None:
        self._rows += 1
        if self._rows > _MOST_ROWS:
            raise Refusal(refusal.FILE_TOO_LARGE, "网页表格行数过多；请另存为 xlsx 或 csv 后再上传")
        self._open[-1].rows.append([])

    def _end_cell(self) -> None:
        if self._cell is None or not self._open:
            return
        table = self._open[-1]
        # Line ends in the source of a page are blanks.
        text = " ".join("".join(self._cell)[:_LONGEST_CELL].replace("\xa0", " ").split())
        self._cell = None
        row = table.rows[-1]
        self._skip_covered(table, row)
        column = len(row)
        down, across = self._spans
        if column + across > LIMITS.columns:
            raise Refusal(refusal.ARCHIVE_BOMB, "网页表格的列数过多；请删除多余的列后再上传")
        row.append(text)
        row.extend([""] * (across - 1))
        if down > 1:
            number = len(table.rows)
            table.merges.append((number, column, number + down - 1, column + across - 1))
            for place in range(column, column + across):
                table.taken[place] = number + down - 1
        elif across > 1:
            table.merges.append((len(table.rows), column, len(table.rows), column + across - 1))

    @staticmethod
    def _skip_covered(table: _Table, row: list[Cell]) -> None:
        while table.taken.get(len(row), 0) >= len(table.rows) and len(row) in table.taken:
            row.append("")


def _span(text: str | None) -> int:
    return min(int(text), _MOST_SPAN) if text and text.strip().isdecimal() and int(text) > 0 else 1

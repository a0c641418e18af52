"""The one writer of tables that leave the program, as xlsx or csv: nothing that it writes can become a
formula.

A name or remark that begins with = is data somebody typed; opened in a spreadsheet it would run. In xlsx
every text is written as text, and the calls that make formulas and links are closed. In csv, which has no
types, a risky cell gets an apostrophe in front, as does a number that a spreadsheet would cut (long
digits, leading zeros); `undefused` takes exactly that one off again.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Book
from xlsxwriter.worksheet import Worksheet

__all__ = [
    "LAST_ROW",
    "Book",
    "Format",
    "FormulaRefused",
    "Mark",
    "Sheet",
    "add_sheet",
    "csv_lines",
    "defused",
    "is_like_formula",
    "open_book",
    "undefused",
    "write_xlsx",
]

#: what such a file is called in a header of an answer
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST_ROW = 1_048_576  # rows that a sheet can hold; what is left goes on to the next one
_LONGEST_TEXT = 32_767
_EXACT_DIGITS = 15
_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠|])")
_RISKY = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠|]|0\d+$|\d{12,}$)")
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a file comes from: a sentence under every sheet and at the foot of every printed page, and properties.

    ``hidden`` stands among the custom properties of the document, where no page shows it.
    """

    number: str
    sentence: str
    hidden: Mapping[str, str] = field(default_factory=dict)


class FormulaRefused(TypeError):
    """Code tried to write a formula or a link, which exports do not hold."""


class Sheet(Worksheet):  # type: ignore[misc]
    """A worksheet on which nothing can be written that a spreadsheet would run or open."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise FormulaRefused("exports hold values only")

    write_formula = write_array_formula = write_dynamic_array_formula = write_url = _refuse


@contextmanager
def open_book(out: Path | BinaryIO, **options: bool) -> Iterator[Book]:
    """A workbook for sheets of one's own layout; add them by `add_sheet`. It is written when the block
    ends.
    """
    with Book(str(out) if isinstance(out, Path) else out, {**_OPTIONS, **options}) as book:
        yield book


def add_sheet(book: Book, name: str) -> Sheet:
    """A sheet under this name, without the characters that a sheet's name may not have."""
    title = _SHEET_NAME.sub(" ", name).strip().strip("'")[:31]
    sheet: Sheet = book.add_worksheet(title or None, worksheet_class=Sheet)
    return sheet


def write_xlsx(
    out: Path | BinaryIO,
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    name: str = "数据",
    widths: Sequence[float] = (),
    mark: Mark | None = None,
) -> int:
    """One table under one heading row; returns how many rows were written. More than a sheet holds goes
    on. A mark goes under the rows of every sheet.
    """
    with open_book(out) as book:
        if mark is not None:
            _sign(book, mark)
        table = _Table(book, headings, name, widths, mark)
        for cells in rows:
            table.add(cells)
        table.end()
        return table.count


def csv_lines(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Lines of a csv that spreadsheets open rightly: a byte order mark, every cell in quotes."""
    writer = csv.writer(_Line(), quoting=csv.QUOTE_ALL)
    yield "\ufeff" + writer.writerow([defused(heading) for heading in headings])
    for cells in rows:
        yield writer.writerow([_csv_text(cell) for cell in cells])


def is_like_formula(text: str) -> bool:
    """Whether a spreadsheet would run a cell that holds this text and has no type, apostrophes before it or not."""
    return _FORMULA.match(text) is not None


def defused(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would take it for more than text."""
    return "'" + text if _RISKY.match(text) else text


def undefused(text: str) -> str:
    """What was given to `defused`."""
    return text[1:] if text[:1] == "'" and _RISKY.match(text, 1) else text


def _sign(book: Book, mark: Mark) -> None:
    book.set_properties({"subject": mark.number, "comments": mark.sentence})
    for name, value in mark.hidden.items():
        book.set_custom_property(name, value)


class _Table:
    """Rows going into a sheet, and into the next one when it is full."""

    def __init__(
        self,
        book: Book,
        headings: Sequence[str],
        name: str,
        widths: Sequence[float],
        mark: Mark | None = None,
    ) -> None:
        self._book, self._headings, self._name, self._mark = book, headings, name, mark
        self._last = LAST_ROW - (2 if mark else 0)  # a mark takes an empty row and its own
        self._widths = widths or [min(40.0, max(10.0, 2.2 * len(heading) + 2)) for heading in headings]
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._text = book.add_format({"num_format": "@"})
        self._sheets = 0
        self.count = 0
        self._begin()

    def add(self, cells: Sequence[object]) -> None:
        if self._at == self._last:
            self.end()
            self._begin()
        for column, cell in enumerate(cells):
            self._write(column, cell)
        self._at += 1
        self.count += 1

    def end(self) -> None:
        """What stands under the rows of a sheet."""
        if self._mark is not None:
            self._sheet.write_string(self._at + 1, 0, self._mark.sentence)
            # In the language of page footers an ampersand is a command.
            self._sheet.set_footer("&L&8" + self._mark.sentence.replace("&", "&&")[:200] + "&R&8&P/&N")

    def _begin(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name[:26]} ({self._sheets})"
        self._sheet = add_sheet(self._book, name)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        self._sheet.freeze_panes(1, 0)
        for column, heading in enumerate(self._headings):
            self._sheet.write_string(0, column, heading, self._head)
        self._at = 1

    def _write(self, column: int, cell: object) -> None:
        if cell is None or cell == "":
            return
        value = _plain(cell)
        if isinstance(value, str):
            self._sheet.write_string(self._at, column, value[:_LONGEST_TEXT], self._text)
        elif isinstance(value, datetime):
            self._sheet.write_datetime(self._at, column, value, self._moment)
        elif isinstance(value, date):
            self._sheet.write_datetime(self._at, column, value, self._day)
        else:
            self._sheet.write_number(self._at, column, value)


class _Line:
    """A file for csv.writer whose write gives back the line."""

    def write(self, line: str) -> str:
        return line


def _plain(cell: object) -> str | int | float | date:
    """A cell as something that a spreadsheet keeps exactly: numbers of more than 15 digits are text."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int):
        return cell if abs(cell) < 10**_EXACT_DIGITS else str(cell)
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else ""
    if isinstance(cell, Decimal):
        exact = cell.is_finite() and len(cell.as_tuple().digits) <= _EXACT_DIGITS
        return float(cell) if exact else format(cell, "f")
    if isinstance(cell, datetime):
        return (cell.astimezone() if cell.tzinfo else cell).replace(tzinfo=None)
    return cell if isinstance(cell, date) else str(cell)


def _csv_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return defused(cell)
    if isinstance(cell, Decimal):
        return format(cell, "f")
    value = _plain(cell)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, int | float) or isinstance(cell, int | date):
        return str(value)
    return defused(str(value))

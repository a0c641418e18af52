"""The quick reader of xlsx, and the thorough one where the quick one meets what it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from registry.intake.cells import Row
from registry.intake.guard import Facts
from registry.intake.readers import Book, Sheet
from registry.intake.xlsx_reader import Unusual, XlsxBook


class CarefulSheet(Sheet):
    """Goes on with the thorough reader after the last row that the quick one gave."""

    def __init__(self, sheet: Sheet, book: CarefulBook) -> None:
        super().__init__(name=sheet.name, total=sheet.total, merges=sheet.merges)
        self._sheet, self._book = sheet, book

    def rows(self) -> Iterator[Row]:
        last = 0
        try:
            for row in self._sheet.rows():
                last = row[0]
                yield row
        except Unusual:
            thorough = self._book.thorough().open(self.name)
            self.total = thorough.total
            for row in thorough.rows():
                if row[0] > last:
                    yield row


class CarefulBook:
    def __init__(self, file: BinaryIO, path: str, facts: Facts) -> None:
        self._path, self._file = path, file
        self._thorough: Book | None = None
        self._quick: XlsxBook | None = None
        try:
            self._quick = XlsxBook(file, facts)
        except Unusual:
            self.thorough()

    def thorough(self) -> Book:
        """calamine's view of the same file. Raises Refusal FILE_UNREADABLE."""
        if self._thorough is None:
            from registry.intake.workbook_reader import Workbook

            self._thorough = Workbook(self._path, self._file, "xlsx")
        return self._thorough

    @property
    def names(self) -> Sequence[str]:
        return (self._quick or self.thorough()).names

    def open(self, name: str) -> Sheet:
        if self._quick is not None and self._thorough is None:
            try:
                return CarefulSheet(self._quick.open(name), self)
            except Unusual:
                pass
        return self.thorough().open(name)

"""xlsx and xlsm in a stream: rows come as the sheet unpacks, and memory holds the strings and one piece of
the sheet.

What this reader does not know (comments within, rows out of order) raises Unusual, and calamine reads the file
instead.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from posixpath import join
from typing import BinaryIO
from xml.etree import ElementTree

from registry.intake import refusal
from registry.intake.cells import Row
from registry.intake.guard import Facts
from registry.intake.readers import Merge, Sheet
from registry.intake.refusal import Refusal
from registry.intake.xlsx_parts import (
    LONGEST_ROW,
    PIECE,
    Unusual,
    date_styles,
    merged_cells,
    prefix_of,
    shared_strings,
    unprefixed,
    visible_sheets,
    workbook_path,
)
from registry.intake.xlsx_rows import Shapes, Values

__all__ = ["Unusual", "XlsxBook", "XlsxSheet"]

_MOST_ROWS = 2**21


class XlsxBook:
    def __init__(self, file: BinaryIO, facts: Facts) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
            self._facts = facts
            folder, workbook = workbook_path(self._archive)
            self._parts, self._since_1904 = visible_sheets(self._archive, folder, workbook)
            self._folder = folder
        except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, ValueError) as error:
            raise Unusual from error
        self._strings: list[str] | None = None
        self._dates: list[bool] | None = None

    @property
    def names(self) -> Sequence[str]:
        return list(self._parts)

    def open(self, name: str) -> XlsxSheet:
        if self._strings is None:
            try:
                self._strings = shared_strings(self._archive, join(self._folder, "sharedStrings.xml"))
                self._dates = date_styles(self._archive, join(self._folder, "styles.xml"))
            except (UnicodeDecodeError, ElementTree.ParseError):
                raise Unusual from None
        assert self._dates is not None
        part = self._parts[name]
        facts = self._facts.sheets.get(part)
        if facts is None:  # kept in an odd place, where nobody looked for merged cells
            raise Unusual
        return XlsxSheet(
            name,
            self._archive,
            part,
            self._strings,
            self._dates,
            self._since_1904,
            facts.rows,
            merged_cells(facts.tail),
        )


class XlsxSheet(Sheet):
    def __init__(
        self,
        name: str,
        archive: zipfile.ZipFile,
        part: str,
        strings: list[str],
        dates: list[bool],
        since_1904: bool,
        total: int | None,
        merges: Sequence[Merge],
    ) -> None:
        super().__init__(name=name, total=total, merges=merges)
        self._archive, self._part = archive, part
        self._values = Values(strings, dates, since_1904)

    def rows(self) -> Iterator[Row]:
        """Rows that the file holds, in its order; blank ones may be left out. Raises Unusual."""
        shapes = Shapes(self._values)
        last = 0
        for part in row_parts(self._archive, self._part):
            try:
                number, cells = shapes.read(part, last)
            except UnicodeDecodeError:
                raise Unusual from None
            if number <= last or number > _MOST_ROWS:
                raise Unusual
            last = number
            yield number, cells


def row_parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Every row that holds cells, from its tag up to its end tag, which is left away. Raises Unusual,
    Refusal.
    """
    rest = b""
    prefix: bytes | None = None
    inside = ended = False
    try:
        with archive.open(name) as stream:
            while not ended and (piece := stream.read(PIECE)):
                rest += piece
                if not inside:
                    prefix = prefix_of(rest, b"worksheet")
                    start = rest.find(b"<" + prefix + b"sheetData")
                    if start < 0 or rest.find(b">", start) < 0:
                        if len(rest) > LONGEST_ROW:
                            raise Unusual
                        continue
                    inside = True
                    close = rest.index(b">", start)
                    ended = rest[close - 1 : close] == b"/"
                    rest = rest[close + 1 :]
                assert prefix is not None
                row_end = b"</" + prefix + b"row>"
                end = rest.find(b"</" + prefix + b"sheetData>")
                ended = ended or end >= 0
                cut = rest.rfind(row_end, 0, end if end >= 0 else len(rest)) + len(row_end)
                if cut < len(row_end):
                    if len(rest) > LONGEST_ROW:
                        raise Refusal(refusal.ARCHIVE_BOMB, "有一行内容过长；请删除后另存，再上传")
                    continue
                block, rest = unprefixed(rest[:cut], prefix), rest[cut:]
                if b"<!" in block or b"<?" in block:
                    raise Unusual
                parts = block.split(b"</row>")
                parts.pop()
                yield from parts
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise Refusal(
            refusal.FILE_UNREADABLE, "文件不完整或已损坏；请用 Excel 或 WPS 打开后另存为 xlsx,再上传"
        ) from None
    if not ended:
        raise Unusual

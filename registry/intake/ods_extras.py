"""What calamine does not tell of an ods: merged cells, and formulas that gave an error."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from registry.intake.guard import LIMITS
from registry.intake.readers import Merge

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_ERROR = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 value-type"
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_PIECE = 256 * 1024
_SIGNS = (b"number-rows-spanned", b"number-columns-spanned", b'"error"')
_MOST = 500_000


@dataclass(slots=True)
class Extras:
    """Of one sheet: rows from 1, columns from 0."""

    merges: list[Merge] = field(default_factory=list)
    broken: dict[int, dict[int, str]] = field(default_factory=dict)


def extras(file: BinaryIO) -> dict[str, Extras]:
    """By the sheet's name; empty when the file has neither merged cells nor errors, which one quick look
    tells.
    """
    with zipfile.ZipFile(file) as archive:
        if not _worth_reading(archive):
            return {}
        walker = _Walker()
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = walker.start
        parser.EndElementHandler = walker.end
        parser.CharacterDataHandler = walker.text
        with archive.open("content.xml") as stream:
            while piece := stream.read(_PIECE):
                parser.Parse(piece, False)
        parser.Parse(b"", True)
    return walker.sheets


def _worth_reading(archive: zipfile.ZipFile) -> bool:
    before = b""
    with archive.open("content.xml") as stream:
        while piece := stream.read(_PIECE):
            window = before[-32:] + piece
            if any(sign in window for sign in _SIGNS):
                return True
            before = piece
    return False


class _Walker:
    """Keeps count of row and column, which the file tells by repetition only."""

    def __init__(self) -> None:
        self.sheets: dict[str, Extras] = {}
        self._sheet = Extras()
        self._row = self._column = 0
        self._rows = 1
        self._error: list[str] | None = None
        self._found = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _CELLS:
            self._cell(attributes)
            self._column += _count(attributes, "number-columns-repeated")
        elif name == _TABLE + "table-row":
            self._row += 1
            self._rows = _count(attributes, "number-rows-repeated")
            self._column = 0
        elif name == _TABLE + "table":
            self._sheet = self.sheets.setdefault(attributes.get(_TABLE + "name", ""), Extras())
            self._row = 0

    def _cell(self, attributes: dict[str, str]) -> None:
        if self._column >= LIMITS.columns or self._found >= _MOST:
            return
        down, across = _count(attributes, "number-rows-spanned"), _count(attributes, "number-columns-spanned")
        if down > 1 or across > 1:
            self._found += 1
            self._sheet.merges.append(
                (self._row, self._column, self._row + down - 1, self._column + across - 1)
            )
        if attributes.get(_ERROR) == "error":
            self._found += 1
            self._error = []

    def text(self, data: str) -> None:
        if self._error is not None:
            self._error.append(data)

    def end(self, name: str) -> None:
        if name == _TABLE + "table-row":
            self._row += self._rows - 1
        elif name == _CELLS[0] and self._error is not None:
            shown = "".join(self._error).strip()[:20]
            self._sheet.broken.setdefault(self._row, {})[self._column - 1] = shown or "#VALUE!"
            self._error = None


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(_TABLE + name, "1")
    return min(int(text), 2**21) if text.isdecimal() and len(text) < 9 else 1

"""Merged cells of an OpenDocument spreadsheet, which calamine does not tell: read from its content in a stream."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import BinaryIO
from xml.parsers import expat

from registry.intake.readers import Merge

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
_CELLS = (_TABLE + "table-cell", _TABLE + "covered-table-cell")
_MOST = 1_048_576  # rows of a sheet; a repeat that says more is no sheet's


def spans(file: BinaryIO) -> dict[str, list[Merge]]:
    """Merged ranges by the name of the sheet; empty where the content cannot be read, which the reader tells."""
    walk = _Walk()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = walk.start
    parser.EndElementHandler = walk.end
    try:
        with zipfile.ZipFile(file) as archive, archive.open("content.xml") as content:
            parser.ParseFile(content)
    except (expat.ExpatError, zipfile.BadZipFile, KeyError, OSError, ValueError, EOFError):
        return {}
    finally:
        file.seek(0)
    return walk.found


class _Walk:
    """Counts rows from 1 and columns from 0 through repeats."""

    def __init__(self) -> None:
        self.found: dict[str, list[Merge]] = {}
        self._here: list[Merge] = []
        self._row = self._column = self._repeat = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in _CELLS:
            self._cell(attributes)
        elif name == _TABLE + "table-row":
            self._row += 1
            self._column = 0
            self._repeat = _count(attributes, "number-rows-repeated")
        elif name == _TABLE + "table":
            self._here = self.found.setdefault(attributes.get(_TABLE + "name", ""), [])
            self._row = 0

    def end(self, name: str) -> None:
        if name == _TABLE + "table-row":
            self._row += self._repeat - 1

    def _cell(self, attributes: Mapping[str, str]) -> None:
        down = _count(attributes, "number-rows-spanned")
        right = _count(attributes, "number-columns-spanned")
        if down > 1 or right > 1:
            self._here.append((self._row, self._column, self._row + down - 1, self._column + right - 1))
        self._column += _count(attributes, "number-columns-repeated")


def _count(attributes: Mapping[str, str], name: str) -> int:
    text = attributes.get(_TABLE + name, "1")
    return min(int(text), _MOST) if text.isdecimal() and len(text) < 9 else 1

"""csv and tab-separated text, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from registry.intake import refusal
from registry.intake.cells import Row
from registry.intake.readers import Sheet
from registry.intake.refusal import Refusal
from registry.intake.sniff import Kind

_FIELD_CHARACTERS = 10_000
_SAMPLE = 64 * 1024
_MOST_COLUMNS = 16_384  # of a sheet in Excel


class TextSheet(Sheet):
    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        super().__init__(name="")
        self._file = file
        self._encoding = kind.encoding or "utf-8"
        self._delimiter = _delimiter(self._sample())
        self.total = self._count_lines()

    def rows(self) -> Iterator[Row]:
        """Raises Refusal: FILE_UNREADABLE when quotes do not match over a whole field's length, ARCHIVE_BOMB."""
        csv.field_size_limit(_FIELD_CHARACTERS)
        self._file.seek(0)
        text = io.TextIOWrapper(_Unclosed(self._file), self._encoding, newline="")
        reader = csv.reader(text, delimiter=self._delimiter)
        try:
            for number, cells in enumerate(reader, 1):
                if len(cells) > _MOST_COLUMNS:
                    message = f"第 {number} 行有 {len(cells)} 列，不是正常的表格；请删除多余的分隔符后再上传"
                    raise Refusal(refusal.ARCHIVE_BOMB, message)
                yield number, cells  # type: ignore[misc]
        except csv.Error:
            raise Refusal(
                refusal.FILE_UNREADABLE, f"第 {reader.line_num} 行的引号不成对或单元格过长；请更正后再上传"
            ) from None

    def _sample(self) -> str:
        self._file.seek(0)
        return self._file.read(_SAMPLE).decode(self._encoding, "ignore")

    def _count_lines(self) -> int:
        self._file.seek(0)
        lines = 0
        last = b"\n"
        while part := self._file.read(1024 * 1024):
            lines += part.count(b"\n") or part.count(b"\r")
            last = part
        return lines + (not last.rstrip(b"\x00").endswith((b"\n", b"\r")))


class TextBook:
    def __init__(self, file: BinaryIO, kind: Kind) -> None:
        self._sheet = TextSheet(file, kind)

    @property
    def names(self) -> Sequence[str]:
        return ("",)

    def open(self, name: str) -> TextSheet:
        return self._sheet


class _Unclosed(io.BufferedReader):
    """Lets a text wrapper come and go without closing the file below."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(io.FileIO(file.fileno(), closefd=False), 1024 * 1024)


def _delimiter(sample: str) -> str:
    """The separator that splits most of the first lines into the same number of several fields."""
    lines = [line for line in sample.splitlines()[:40] if line.strip()]
    best, best_score = ",", 0
    for candidate in (",", "\t", ";", "|", "，"):
        counts = [line.count(candidate) for line in lines]
        typical = max(set(counts), key=counts.count, default=0)
        score = max(counts, default=0) + typical * counts.count(typical) * 10
        if typical and score > best_score:
            best, best_score = candidate, score
    return best

"""What calamine does not tell of an old xls: which cells hold an error instead of a value.

Reads just enough of the compound file and of BIFF to find them. A file that is not what it should be gives
nothing: then such cells look empty, which is what every reader without this would see.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_END = 0xFFFFFFF0  # and above: marks, not sectors
_LONGEST = 256 * 1024 * 1024
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_BOF, _EOF, _BOUNDSHEET, _FORMULA, _BOOLERR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205

Broken = dict[int, dict[int, str]]  # row from 1 → column from 0 → what it shows


def errors(file: BinaryIO) -> list[Broken]:
    """Of every sheet in the order of the workbook."""
    try:
        stream = _workbook(file)
        return [_sheet_errors(stream, start) for start in _sheet_starts(stream)]
    except (struct.error, IndexError, ValueError, OverflowError):
        return []


def _workbook(file: BinaryIO) -> bytes:
    """The workbook's stream out of the compound file. Raises ValueError."""
    file.seek(0)
    data = file.read(_LONGEST)
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if not 128 <= size <= 65536:
        raise ValueError
    count, directory = struct.unpack_from("<I", data, 44)[0], struct.unpack_from("<I", data, 48)[0]
    if count > 109:  # beyond seven megabytes of table: not worth it for this
        raise ValueError
    table: list[int] = []
    for sector in struct.unpack_from(f"<{count}I", data, 76):
        table += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    entries = b"".join(_chain(data, table, directory, size))
    for at in range(0, len(entries), 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            start, long = struct.unpack_from("<II", entries, at + 116)
            if long < 4096:
                raise ValueError  # kept among the small streams: too small to hold a sheet
            return b"".join(_chain(data, table, start, size))[:long]
    raise ValueError


def _chain(data: bytes, table: list[int], sector: int, size: int) -> Iterator[bytes]:
    for _ in range(len(table)):
        if sector >= _END:
            return
        yield data[(sector + 1) * size : (sector + 2) * size]
        sector = table[sector]


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, where its content begins, how long it is."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        at += 4 + length


def _sheet_starts(stream: bytes) -> list[int]:
    starts = []
    for kind, at, _ in _records(stream, 0):
        if kind == _BOUNDSHEET:
            starts.append(struct.unpack_from("<I", stream, at)[0])
        elif kind == _EOF:
            break
    return starts


def _sheet_errors(stream: bytes, start: int) -> Broken:
    found: Broken = {}
    depth = 0
    for kind, at, length in _records(stream, start):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if not depth:
                break
        elif depth == 1 and kind in (_FORMULA, _BOOLERR) and length >= 8:
            code = _error_code(stream, at, kind)
            if code is not None:
                row, column = struct.unpack_from("<HH", stream, at)
                found.setdefault(row + 1, {})[column] = _ERRORS.get(code, "#VALUE!")
    return found


def _error_code(stream: bytes, at: int, kind: int) -> int | None:
    if kind == _BOOLERR:
        return stream[at + 6] if stream[at + 7] else None
    # A result that is no number has its last two bytes set; the first says of which sort it is.
    is_error = stream[at + 12] == 0xFF and stream[at + 13] == 0xFF and stream[at + 6] == 2
    return stream[at + 8] if is_error else None

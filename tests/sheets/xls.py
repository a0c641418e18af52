"""BIFF8 in a compound file: what Excel 97–2003 saved, and county offices still send."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Sequence

from .cells import Broken, Cell, Formula, Sheet, excel_serial, parse_range

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
ERRORS = {"#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#N/A": 0x2A}
GENERAL, DATE = 15, 16  # cell formats: the first fifteen XF records are style formats


def _record(kind: int, body: bytes = b"") -> bytes:
    if len(body) > 8224:
        raise ValueError("a record this long needs CONTINUE, which these small files never do")
    return struct.pack("<HH", kind, len(body)) + body


def _text(text: str, length: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack(f"<{length}B", len(data) // 2, 1) + data


def _bof(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))


def _cell(row: int, column: int, cell: Cell, strings: dict[str, int]) -> bytes:
    at = struct.pack("<HHH", row, column, DATE if isinstance(cell, dt.date) else GENERAL)
    match cell:
        case None:
            return b""
        case bool():
            return _record(0x0205, at + struct.pack("<BB", cell, 0))
        case int() | float():
            return _record(0x0203, at + struct.pack("<d", cell))
        case dt.date():
            return _record(0x0203, at + struct.pack("<d", excel_serial(cell)))
        case Broken():
            return _record(0x0205, at + struct.pack("<BB", ERRORS[cell.code], 1))
        case Formula():
            raise ValueError("formulas are written in xlsx only")
        case _:
            return _record(0x00FD, at + struct.pack("<I", strings.setdefault(cell, len(strings))))


def _sheet(sheet: Sheet, strings: dict[str, int]) -> bytes:
    body = _bof(0x0010) + _record(0x0200, struct.pack("<IIHHH", 0, len(sheet.rows), 0, sheet.width, 0))
    for r, row in enumerate(sheet.rows):
        body += b"".join(_cell(r, c, cell, strings) for c, cell in enumerate(row))
    if sheet.merges:
        ranges = b"".join(struct.pack("<HHHH", *parse_range(text)) for text in sheet.merges)
        body += _record(0x00E5, struct.pack("<H", len(sheet.merges)) + ranges)
    return body + _record(0x000A)


def _formats() -> bytes:
    face = struct.pack("<HHHHHBBBB", 220, 0, 0x7FFF, 400, 0, 0, 0, 134, 0) + _text("宋体", "B")

    def style(number_format: int, parent: int) -> bytes:
        body = struct.pack("<HHHBBBBIIH", 0, number_format, parent, 32, 0, 0, 0, 0, 0, 0x20C0)
        return _record(0x00E0, body)

    return _record(0x0031, face) * 4 + style(0, 0xFFF5) * 15 + style(0, 1) + style(14, 1)


def _workbook(sheets: Sequence[Sheet]) -> bytes:
    strings: dict[str, int] = {}
    bodies = [_sheet(sheet, strings) for sheet in sheets]
    head = _bof(0x0005) + _record(0x0042, struct.pack("<H", 1200)) + _formats()
    table = b"".join(_text(text, "H") for text in strings)
    tail = _record(0x00FC, struct.pack("<II", len(strings), len(strings)) + table) + _record(0x000A)
    tabs = [struct.pack("<BB", sheet.hidden, 0) + _text(sheet.name, "B") for sheet in sheets]
    offset = len(head) + sum(len(tab) + 8 for tab in tabs) + len(tail)
    directory = b""
    for tab, body in zip(tabs, bodies, strict=True):
        directory += _record(0x0085, struct.pack("<I", offset) + tab)
        offset += len(body)
    return head + directory + tail + b"".join(bodies)


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0" if name else b""
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def xls(sheets: Sequence[Sheet]) -> bytes:
    """One ``Workbook`` stream, padded past 4,096 bytes so that no mini stream is needed."""
    stream = _workbook(sheets)
    stream = stream.ljust(max(4096, -(-len(stream) // SECTOR) * SECTOR), b"\0")
    count = len(stream) // SECTOR
    if count + 2 > SECTOR // 4:
        raise ValueError("one allocation sector holds 126 sectors: keep the sheet small")
    chain = [FAT, END, *range(3, count + 2), END]
    table = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        bytes.fromhex("d0cf11e0a1b11ae1"),
        b"",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        b"",
        0,
        1,
        1,
        0,
        4096,
        END,
        0,
        END,
        0,
        0,
    ) + struct.pack("<108I", *[FREE] * 108)
    entries = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, 2, len(stream))
    entries += _entry("", 0, FREE, 0, 0) * 2
    return header + table + entries + stream

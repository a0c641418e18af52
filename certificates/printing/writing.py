"""A PDF file as it is written: numbered objects, one after the other, and the table of where they lie. Pure.

Nothing in it comes from the clock or from chance: the same objects make the same bytes. Source:
ISO 32000-1, 7.3 to 7.5.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import BinaryIO

LEVEL = 6  # of compression: 9 takes twice as long and gains one part in a hundred


def packed(data: bytes) -> bytes:
    return zlib.compress(data, LEVEL)


def text(value: str) -> str:
    """A string for people (title, author), as UTF-16."""
    return f"<FEFF{value.encode('utf-16-be').hex().upper()}>"


class File:
    """Writes objects to `out`, which need not be able to go back."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._at = 0
        self._digest = hashlib.sha256()
        self._places: dict[int, int] = {}
        self._next = 1
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def _write(self, data: bytes) -> None:
        self._out.write(data)
        self._digest.update(data)
        self._at += len(data)

    def reserve(self) -> int:
        """A number for an object that is written later."""
        number = self._next
        self._next += 1
        return number

    def put(self, body: str, number: int = 0) -> int:
        """An object without a stream; returns its number."""
        number = number or self.reserve()
        self._places[number] = self._at
        self._write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
        return number

    def stream(self, head: str, data: bytes, number: int = 0) -> int:
        """An object with a stream that is as it is; `head` are the entries beside /Length."""
        number = number or self.reserve()
        self._places[number] = self._at
        start = f"{number} 0 obj\n<<{head}/Length {len(data)}>>\nstream\n".encode("latin-1")
        self._write(b"".join((start, data, b"\nendstream\nendobj\n")))
        return number

    def packed(self, head: str, data: bytes, number: int = 0) -> int:
        """An object with a stream that is compressed here."""
        return self.stream(f"{head}/Filter/FlateDecode", packed(data), number)

    def close(self, root: int, info: int) -> None:
        """The table and the end."""
        start = self._at
        lines = ["0000000000 65535 f \n"]
        lines += [f"{self._places[number]:010} 00000 n \n" for number in range(1, self._next)]
        mark = self._digest.hexdigest()[:32].upper()
        self._write(f"xref\n0 {self._next}\n{''.join(lines)}".encode("ascii"))
        self._write(
            f"trailer\n<</Size {self._next}/Root {root} 0 R/Info {info} 0 R/ID[<{mark}><{mark}>]>>\n"
            f"startxref\n{start}\n%%EOF\n".encode("ascii")
        )

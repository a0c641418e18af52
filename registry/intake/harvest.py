"""One sheet, from its rows to staged lines: the loop that sees every cell, and therefore is written to be
quick.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Protocol

from registry.intake import choosing, guard
from registry.intake.cells import Cell, Row, as_text
from registry.intake.cleaning import DITTO
from registry.intake.columns import SheetSpec
from registry.intake.header import Header
from registry.intake.lines import Lines
from registry.intake.readers import Sheet, open_book
from registry.intake.rows import Sieve, fill_merged
from registry.intake.sniff import ZIP_KINDS, sniff

_RAW_ROWS = 500
_MOST_SKIPPED = 2_000


class Sends(Protocol):
    def send(self, type_: str, header: dict[str, Any], payload: bytes = b"") -> None: ...


class Harvest:
    """Everything that one request wants of one file."""

    def __init__(
        self, spec: SheetSpec, request: dict[str, Any], file: BinaryIO, path: str, sender: Sends
    ) -> None:
        self._spec, self._request, self._sender = spec, request, sender
        self._kind = sniff(file)
        limits = guard.Limits(file_bytes=request["max_bytes"])
        guard.check_size(os.fstat(file.fileno()).st_size, self._kind.format, limits)
        facts = guard.check_archive(file, limits) if self._kind.format in ZIP_KINDS else None
        book = open_book(file, path, self._kind, facts)
        chosen = choosing.choose(book, spec, request.get("sheet"), request.get("mapping"))
        self._sheet: Sheet = chosen.sheet
        self._header: Header = chosen.header
        self._sheets = chosen.sheets

    # ------------------------------------------------------------ staged lines

    def stage(self) -> None:
        """Send meta, chunks with their issues, and end."""
        self._send_meta()
        sieve = Sieve(self._header, keep_examples=self._request.get("keep_examples", False))
        filled: set[tuple[int, int]] = set()
        below = (row for row in self._sheet.rows() if row[0] > self._header.last_row)
        people = sieve.people(fill_merged(below, self._sheet.merges, self._header.last_row, filled))
        line_maker = Lines(self._spec, self._header, self._request.get("keys"), filled)
        total = self._expected()
        read = bad = cleaned_cells = done = 0
        names: dict[str, str] = {}
        for rows in _chunks(people, self._request["chunk_rows"]):
            lines, issues = line_maker.make(rows)
            read += len(rows)
            bad += line_maker.bad
            cleaned_cells += line_maker.cleaned
            if self._request.get("want_cleaned"):
                names.update((str(number), name) for number, name in line_maker.names)
            # Rows of the sheet, not people: footers and blank lines are work done as well.
            done = max(done, rows[-1][0] - self._header.last_row)
            self._sender.send(
                "chunk",
                {
                    "rows": len(rows),
                    "first": rows[0][0],
                    "last": rows[-1][0],
                    "done": min(done, total or done),
                    "total": total,
                },
                lines,
            )
            if issues:
                self._sender.send("issues", {"rows": issues.count(b"\n")}, issues)
        end: dict[str, Any] = {
            "read": read,
            "bad": bad,
            "cleaned_cells": cleaned_cells,
            "blank": sieve.blank,
            "skipped_rows": sieve.skipped[:_MOST_SKIPPED],
        }
        if self._request.get("want_cleaned"):
            end["cleaned"] = names
        self._sender.send("end", end)

    def _expected(self) -> int | None:
        if self._sheet.total is None:
            return None
        return max(self._sheet.total - self._header.last_row, 1)

    def _send_meta(self) -> None:
        self._sender.send(
            "meta",
            {
                "format": self._kind.format,
                "encoding": self._kind.encoding,
                "sheet": self._sheet.name,
                "header_row": self._header.last_row,
                "mapping": self._header.printed,
                "ignored_columns": self._header.ignored,
                "titles": self._header.titles,
                "sheets": self._sheets,
                "headings": self._header.headings,
                "total": self._expected(),
            },
        )

    # ------------------------------------------------------------ raw cells

    def copy_raw(self, wanted: Sequence[int] | None) -> None:
        """Send meta and the rows under the header as they stand, as text: all of them, or only those
        ``wanted``.

        What a merged cell or 同上 stands for is written out, since rows may be shown by themselves.

        """
        self._send_meta()
        left = None if wanted is None else set(wanted)
        block: list[tuple[int, list[str]]] = []
        sent = 0
        for number, cells in self._written_out():
            if left is not None:
                if number not in left:
                    continue
                left.discard(number)
            block.append((number, [as_text(cell) for cell in cells]))
            if len(block) >= _RAW_ROWS:
                sent += self._send_raw(block)
                block = []
            if left is not None and not left:
                break
        if block:
            sent += self._send_raw(block)
        self._sender.send("end", {"read": sent})

    def _written_out(self) -> Iterator[Row]:
        places = sorted(self._header.columns.values())
        above: list[Cell] = []
        below = (row for row in self._sheet.rows() if row[0] > self._header.last_row)
        for number, cells in fill_merged(below, self._sheet.merges, self._header.last_row, set()):
            for place in places:
                if place < len(cells) and cells[place] in DITTO and place < len(above):
                    cells[place] = above[place]
            above = cells
            yield number, cells

    def _send_raw(self, block: list[tuple[int, list[str]]]) -> int:
        self._sender.send("rows", {"rows": block, "done": block[-1][0], "total": self._sheet.total})
        return len(block)


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

"""One sheet, from its rows to staged lines: the loop that sees every cell, and therefore is written to be
quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, Protocol

from registry.intake import choosing, guard
from registry.intake.cells import Cell, Row, as_text
from registry.intake.cleaning import DITTO
from registry.intake.columns import SheetSpec
from registry.intake.header import Header
from registry.intake.lines import Lines, Made
from registry.intake.patching import patched, placed
from registry.intake.readers import Sheet, open_book
from registry.intake.relay import Block, Source, together
from registry.intake.rows import Sieve, fill_merged
from registry.intake.sniff import ZIP_KINDS, sniff
from registry.intake.twin import Twin

_RAW_ROWS = 500
# Rows worked on at once: few enough that their cells are still in the processor's cache column after column.
_AT_ONCE = 2_000
_MOST_SKIPPED = 2_000
_WORTH_SHARING = 4 * _AT_ONCE  # rows of a text from which a second process has enough to do


class Sends(Protocol):
    def send(self, type_: str, header: dict[str, Any], payload: bytes = b"") -> None: ...


class Harvest:
    """Everything that one request wants of one file."""

    def __init__(
        self,
        spec: SheetSpec,
        request: dict[str, Any],
        file: BinaryIO,
        path: str,
        sender: Sends,
        relay: Callable[[Source], Iterator[Block]] = together,
    ) -> None:
        """``relay`` says which process reads a workbook: this one, or one beside it."""
        self._spec, self._request, self._sender = spec, request, sender
        self._kind = sniff(file)
        # Splitting a text into cells is a tenth of the work: there it is the cleaning that two share.
        self._is_text = self._kind.format in ("csv", "tsv")
        self._may_fork = relay is not together
        self._relay = together if self._is_text else relay
        limits = guard.Limits(file_bytes=request["max_bytes"])
        guard.check_size(os.fstat(file.fileno()).st_size, self._kind.format, limits)
        facts = guard.check_archive(file, limits) if self._kind.format in ZIP_KINDS else None
        book = open_book(file, path, self._kind, facts)
        chosen = choosing.choose(book, spec, request.get("sheet"), request.get("mapping"))
        self._sheet: Sheet = chosen.sheet
        self._header: Header = chosen.header
        self._sheets = chosen.sheets
        self._corrected = placed(request.get("patches"), chosen.header.columns)

    # ------------------------------------------------------------ staged lines

    def stage(self) -> None:
        """Send meta, chunks with their issues, and end."""
        self._send_meta()
        filled: set[tuple[int, int]] = set()
        lines = Lines(self._spec, self._header, self._request.get("keys"), filled)
        size = self._request["chunk_rows"]
        parcel = _Parcel(bool(self._request.get("want_cleaned")))
        end: dict[str, Any] = {}
        for rows, made, beside in self._made(lines, filled, min(size, _AT_ONCE)):
            if made is not None:
                parcel.add(rows, made)
            if parcel.rows and (parcel.rows + _AT_ONCE > size or not rows):
                self._send_chunk(parcel)
            end = beside.get("end", end)
        self._sender.send("end", {**parcel.totals, **end})

    def _made(
        self, lines: Lines, filled: set[tuple[int, int]], size: int
    ) -> Iterator[tuple[list[Row], Made | None, dict[str, Any]]]:
        """Blocks of rows with what became of them, in their order; every other one made by a second process where
        that pays.
        """
        with Twin(lambda task: _make_below(lines, *task)) as twin:
            handed: tuple[list[Row], dict[str, Any]] | None = None
            for rows, beside in self._relay(partial(self._people, size)):
                self._sheet.total = beside["total"]
                filled.update(beside["filled"])
                if handed is None and self._pays_to_share(rows):
                    twin.hand((lines.above, rows))
                    lines.go_on_below(rows[-1][1])
                    handed = rows, beside
                    continue
                made = lines.make(rows) if rows else None
                if handed is not None:
                    yield handed[0], Made(*twin.take()), handed[1]
                    handed = None
                yield rows, made, beside

    def _pays_to_share(self, rows: list[Row]) -> bool:
        if not self._is_text or not self._may_fork or (self._sheet.total or 0) < _WORTH_SHARING:
            return False
        # What 同上 in the last row means must be known before anybody goes on below it.
        return bool(rows) and DITTO.isdisjoint(rows[-1][1])

    def _people(self, size: int) -> Iterator[Block]:
        """Blocks of people's rows with what was learnt while they were read; the last has no rows."""
        sieve = Sieve(
            self._header, keep_examples=self._request.get("keep_examples", False), certain=self._corrected
        )
        filled: set[tuple[int, int]] = set()
        people = sieve.people(fill_merged(self._below(), self._sheet.merges, self._header.last_row, filled))
        for rows in _chunks(people, size):
            yield rows, {"total": self._sheet.total, "filled": list(filled)}
            filled.clear()
        end = {"blank": sieve.blank, "skipped_rows": sieve.skipped[:_MOST_SKIPPED]}
        yield [], {"total": self._sheet.total, "filled": (), "end": end}

    def _below(self) -> Iterator[Row]:
        """The rows under the header. What was corrected stands in them before a merged cell or 同上 is carried down."""
        below = (row for row in self._sheet.rows() if row[0] > self._header.last_row)
        return patched(below, self._corrected) if self._corrected else below

    def _send_chunk(self, parcel: _Parcel) -> None:
        total = self._expected()
        # Rows of the sheet, not people: footers and blank lines are work done as well.
        done = parcel.last - self._header.last_row
        header = {
            "rows": parcel.rows,
            "first": parcel.first,
            "last": parcel.last,
            "done": min(done, total or done),
            "total": total,
        }
        lines, issues = parcel.empty()
        self._sender.send("chunk", header, lines)
        if issues:
            self._sender.send("issues", {"rows": issues.count(b"\n")}, issues)

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
                "columns": self._header.columns,
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
        for number, cells in fill_merged(self._below(), self._sheet.merges, self._header.last_row, set()):
            for place in places:
                if place < len(cells) and cells[place] in DITTO and place < len(above):
                    cells[place] = above[place]
            above = cells
            yield number, cells

    def _send_raw(self, block: list[tuple[int, list[str]]]) -> int:
        self._sender.send("rows", {"rows": block, "done": block[-1][0], "total": self._sheet.total})
        return len(block)


class _Parcel:
    """Lines that wait to be sent, and what all the lines so far came to."""

    def __init__(self, want_cleaned: bool) -> None:
        self._lines: list[bytes] = []
        self._issues: list[bytes] = []
        self.rows = self.first = self.last = 0
        self.totals: dict[str, Any] = {"read": 0, "bad": 0, "cleaned_cells": 0}
        if want_cleaned:
            self.totals["cleaned"] = {}

    def add(self, rows: list[Row], made: Made) -> None:
        self._lines.append(made.lines)
        self._issues.append(made.issues)
        self.first = self.first or rows[0][0]
        self.last = rows[-1][0]
        self.rows += len(rows)
        self.totals["read"] += len(rows)
        self.totals["bad"] += made.bad
        self.totals["cleaned_cells"] += made.cleaned
        if "cleaned" in self.totals:
            self.totals["cleaned"].update((str(number), name) for number, name in made.names)

    def empty(self) -> tuple[bytes, bytes]:
        lines, issues = b"".join(self._lines), b"".join(self._issues)
        self._lines, self._issues = [], []
        self.rows = self.first = 0
        return lines, issues


def _make_below(lines: Lines, above: list[Cell], rows: list[Row]) -> Made:
    lines.go_on_below(above)
    return lines.make(rows)


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

"""One sheet, from its rows to staged lines: the loop that sees every cell, and therefore is written to be quick."""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Protocol

from registry.identity.keyring import Keyring
from registry.identity.uuid7 import uuid7_block
from registry.intake import choosing, cleaning, guard
from registry.intake.cells import ERROR, Broken, Cell, Fault, Row, copy_text
from registry.intake.columns import Bench, Clean, Cleaned, Column, SheetSpec
from registry.intake.header import Header
from registry.intake.readers import Sheet, open_book
from registry.intake.rows import Sieve, fill_merged
from registry.intake.sniff import BOOK_KINDS, ZIP_KINDS, sniff

_REMEMBERED = 20_000  # different cells of one column that are remembered; a hostile sheet repeats none
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
        if self._kind.format in ZIP_KINDS:
            guard.check_archive(file, limits)
        book = open_book(file, path, self._kind)
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
        line_maker = _Lines(self._spec, self._request, self._header, filled)
        total = self._expected()
        read = bad = cleaned_cells = done = 0
        names: dict[str, str] = {}
        for rows in _chunks(people, self._request["chunk_rows"]):
            lines, issues = line_maker.make(rows)
            read += len(rows)
            bad += line_maker.bad
            cleaned_cells += line_maker.cleaned
            if self._request.get("want_cleaned"):
                names.update(line_maker.names)
            # Rows of the sheet, not people: footers and blank lines are work done as well.
            done = max(done, rows[-1][0] - self._header.last_row)
            self._sender.send(
                "chunk",
                {"rows": len(rows), "first": rows[0][0], "last": rows[-1][0], "done": min(done, total or done),
                 "total": total},
                lines,
            )
            if issues:
                self._sender.send("issues", {"rows": issues.count(b"\n")}, issues)
        end: dict[str, Any] = {
            "read": read, "bad": bad, "cleaned_cells": cleaned_cells, "blank": sieve.blank,
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
                "format": self._kind.format, "encoding": self._kind.encoding, "sheet": self._sheet.name,
                "header_row": self._header.last_row, "mapping": self._header.printed,
                "ignored_columns": self._header.ignored, "titles": self._header.titles, "sheets": self._sheets,
                "headings": self._header.headings, "total": self._expected(),
            },
        )

    # ------------------------------------------------------------ raw cells

    def copy_raw(self, wanted: Sequence[int] | None) -> None:
        """Send meta and the cells as they stand: of ``wanted`` rows, or of the whole sheet from its first row."""
        self._send_meta()
        left = None if wanted is None else set(wanted)
        sent = 0
        block: list[tuple[int, list[Any]]] = []
        for number, cells in self._sheet.rows():
            if left is not None:
                if number not in left:
                    continue
                left.discard(number)
            block.append((number, [_as_json(cell) for cell in cells]))
            if len(block) >= _RAW_ROWS:
                self._send_raw(block)
                sent += len(block)
                block = []
            if left is not None and not left:
                break
        if block:
            self._send_raw(block)
        self._sender.send("end", {"read": sent + len(block)})

    def _send_raw(self, block: list[tuple[int, list[Any]]]) -> None:
        self._sender.send(
            "rows", {"rows": len(block), "done": block[-1][0], "total": self._sheet.total},
            json.dumps(block, ensure_ascii=False).encode("utf-8", "replace"),
        )


def _as_json(cell: Cell) -> Any:
    if isinstance(cell, Broken):
        return {"error": cell.what}
    if isinstance(cell, datetime | date | time):
        return {"date": cell.isoformat()}
    if isinstance(cell, timedelta):
        return {"date": str(cell)}
    if isinstance(cell, float) and (cell != cell or cell in (float("inf"), float("-inf"))):
        return {"error": "#NUM!"}
    return cell


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _Step:
    """One column at work: where its cell stands, how it is cleaned, where its fields go."""

    __slots__ = ("place", "key", "printed", "clean", "memo", "slot")

    def __init__(self, column: Column, place: int, printed: str, clean: Clean, slots: dict[str, int]) -> None:
        self.place, self.key, self.printed, self.clean = place, column.key, printed, clean
        self.memo: dict[Cell, Cleaned] | None = {} if column.memo else None
        names = [name for name, _ in column.staged]
        self.slot: int | slice | None = None
        if len(names) == 1:
            self.slot = slots[names[0]]
        elif names:
            self.slot = slice(slots[names[0]], slots[names[0]] + len(names))


class _Lines:
    """Makes COPY lines and issue lines of a chunk of rows."""

    def __init__(
        self, spec: SheetSpec, request: dict[str, Any], header: Header, filled: set[tuple[int, int]]
    ) -> None:
        keys = request.get("keys")
        slots = spec.slots
        self._bench = Bench(
            keyring=Keyring.from_dict(keys) if keys else None, today=date.today(), printed=header.printed, slots=slots
        )
        self._printed = {column.key: header.printed.get(column.key, column.heading) for column in spec.columns}
        present = sorted(
            (column for column in spec.columns if column.key in header.columns), key=lambda column: column.turn
        )
        self._steps = [
            _Step(
                column, header.columns[column.key], header.printed[column.key],
                column.clean(self._bench, header.printed[column.key]), slots,
            )
            for column in present
        ]
        self._finish = spec.finish(self._bench)
        self._template = [r"\N"] * len(spec.staged)
        self._filled = filled
        self._width = 1 + max(header.columns.values())
        self._previous: list[Cell] = []
        self.bad = self.cleaned = 0
        self.names: dict[str, str] = {}

    def make(self, rows: Sequence[Row]) -> tuple[bytes, bytes]:
        """COPY lines of the rows, and COPY lines of their issues (row, column, code, severity, message)."""
        bench, steps, finish, width = self._bench, self._steps, self._finish, self._width
        values, filled = bench.values, self._filled
        lines: list[str] = []
        issues: list[str] = []
        self.bad = self.cleaned = 0
        self.names = {}
        for (number, cells), row_id in zip(rows, uuid7_block(len(rows)), strict=True):
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            bench.row_id = row_id
            out = self._template.copy()
            values.clear()
            faults: list[tuple[str, Fault]] = []
            bench.faults = faults
            for step in steps:
                cell = cells[step.place]
                memo = step.memo
                if memo is None:
                    if cell in _DITTO:
                        cell = self._same_as_above(cells, step, faults)
                    found = step.clean(cell)
                else:
                    hit = memo.get(cell)
                    if hit is None:
                        if cell in _DITTO:
                            cell = self._same_as_above(cells, step, faults)
                        hit = step.clean(cell)
                        if len(memo) < _REMEMBERED and cells[step.place] is cell:
                            memo[cell] = hit
                    found = hit
                fields, value, said = found
                if value is not None:
                    values[step.key] = value
                slot = step.slot
                if slot is not None:
                    out[slot] = fields  # type: ignore[index, assignment]
                if said:
                    for fault in said:
                        faults.append((step.printed, fault))
            if filled:
                self._tell_filled(number, faults)
            for key, fault in finish(values, out):
                faults.append((self._printed.get(key, key), fault))
            bad = False
            for printed, fault in faults:
                if fault.severity == ERROR:
                    bad = True
                elif fault.code == "CLEANED":
                    self.cleaned += 1
                issues.append(
                    f"{number}\t{copy_text(printed)}\t{fault.code}\t{fault.severity}\t{copy_text(fault.message)}\n"
                )
            self.bad += bad
            out[0] = str(number)
            out[1] = out[2] = "t" if bad else "f"
            out[3] = row_id
            lines.append("\t".join(out))
            if "name" in values:
                self.names[str(number)] = values["name"]
            self._previous = cells
        lines.append("")
        return "\n".join(lines).encode("utf-8", "replace"), "".join(issues).encode("utf-8", "replace")

    def _same_as_above(self, cells: list[Cell], step: _Step, faults: list[tuple[str, Fault]]) -> Cell:
        above = self._previous[step.place] if step.place < len(self._previous) else ""
        cells[step.place] = above
        faults.append((step.printed, cleaning.FILLED_DOWN))
        return above

    def _tell_filled(self, number: int, faults: list[tuple[str, Fault]]) -> None:
        for step in self._steps:
            if (number, step.place) in self._filled:
                self._filled.discard((number, step.place))
                faults.append((step.printed, cleaning.FILLED_DOWN))


_DITTO = cleaning.DITTO

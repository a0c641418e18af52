"""From rows of cells to lines for COPY, column by column: a sheet repeats its cells, and a column knows
each but once.

A chunk's column is a list; what was cleaned before is found by one look in a dictionary. So the cost of a
row is that of its number and its seals, not of its twenty cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import repeat
from typing import Any, NamedTuple

from registry.identity.keyring import Keyring
from registry.identity.uuid7 import uuid7_block
from registry.intake.cells import ERROR, NULL, Cell, Fault, Row, copy_text
from registry.intake.cleaning import DITTO, FILLED_DOWN
from registry.intake.columns import Bench, Clean, Cleaned, Column, SheetSpec
from registry.intake.header import Header

_REMEMBERED = 50_000  # different cells of one column that are remembered; a hostile sheet repeats none

_SAME_AS_ABOVE = Cleaned("", None, (FILLED_DOWN,))


class _Memory(dict[Cell, Cleaned]):
    """What the cells of one column became. ``noisy`` once any of them gave something to tell."""

    __slots__ = ("_clean", "noisy")

    def __init__(self, clean: Clean) -> None:
        super().__init__()
        self._clean = clean
        self.noisy = False

    def __missing__(self, cell: Cell) -> Cleaned:
        found = _SAME_AS_ABOVE if cell in DITTO else self._clean(cell)
        if found.faults:
            self.noisy = True
        if len(self) < _REMEMBERED:
            self[cell] = found
        return found


class _Step:
    """One column at work: where its cells stand, how they are cleaned."""

    def __init__(self, column: Column, place: int, printed: str, clean: Clean) -> None:
        self.key, self.place, self.printed = column.key, place, printed
        self.staged = [name for name, _ in column.staged]
        self.clean = clean
        self.memory = _Memory(clean) if column.memo else None


class Made(NamedTuple):
    """What became of some rows: COPY lines, COPY lines of their issues (row, column, code, severity, message), how many
    rows hold an error, how many cells were cleaned, and the cleaned name by row. Plain values only.
    """

    lines: bytes
    issues: bytes
    bad: int
    cleaned: int
    names: list[tuple[int, str]]


class Lines:
    """Makes COPY lines and issue lines of chunks of rows, each standing below the one before."""

    def __init__(
        self, spec: SheetSpec, header: Header, keys: Mapping[str, Any] | None, filled: set[tuple[int, int]]
    ) -> None:
        self._spec, self._filled = spec, filled
        self._bench = Bench(
            keyring=Keyring.from_dict(keys) if keys else None, today=date.today(), printed=header.printed
        )
        present = sorted(
            (column for column in spec.columns if column.key in header.columns),
            key=lambda column: column.turn,
        )
        self._steps = [
            _Step(
                column,
                header.columns[column.key],
                header.printed[column.key],
                column.clean(self._bench, header.printed[column.key]),
            )
            for column in present
        ]
        self._finish = spec.finish(self._bench)
        self._width = 1 + max(header.columns.values())
        self._above: list[Cell] = [""] * self._width

    @property
    def above(self) -> list[Cell]:
        """The cells of the row above the next chunk, which 同上 in its first row means."""
        return self._above

    def go_on_below(self, row: list[Cell]) -> None:
        """Somebody else makes the lines down to this row, none of whose cells says 同上."""
        self._above = [*row, *repeat("", self._width - len(row))]

    def make(self, rows: Sequence[Row]) -> Made:
        bench, count = self._bench, len(rows)
        numbers = [row[0] for row in rows]
        for _, cells in rows:
            if len(cells) < self._width:
                cells.extend(repeat("", self._width - len(cells)))
        bench.start(uuid7_block(count))
        staged: dict[str, Sequence[str]] = {}
        for step in self._steps:
            self._column(step, rows, staged)
        if self._filled:
            self._tell_filled(numbers)
        self._finish(bench.values, staged)
        issues, bad, cleaned = self._issues(numbers)
        flags = ["f"] * count
        for at in bad:
            flags[at] = "t"
        staged |= {
            "row": list(map(str, numbers)),
            "bad": flags,
            "reader_bad": flags,
            "person_uuid": bench.row_ids,
        }
        nothing = [NULL] * count
        columns = [staged.get(name, nothing) for name, _ in self._spec.staged]
        lines = "\n".join(map("\t".join, zip(*columns, strict=True)))
        self._above = rows[-1][1]
        return Made(
            f"{lines}\n".encode("utf-8", "replace"),
            issues.encode("utf-8", "replace"),
            len(bad),
            cleaned,
            [
                (number, name)
                for number, name in zip(numbers, bench.values.get("name", ()), strict=False)
                if name
            ],
        )

    def _column(self, step: _Step, rows: Sequence[Row], staged: dict[str, Sequence[str]]) -> None:
        bench, place = self._bench, step.place
        cells = [row[1][place] for row in rows]
        if step.memory is not None:
            memory = step.memory
            found = [memory[cell] for cell in cells]
            noisy = memory.noisy
            if noisy and _SAME_AS_ABOVE in found:
                found = self._carried_down(step, rows, found)
            if noisy:
                for at, one in enumerate(found):
                    for fault in one[2]:
                        bench.tell(at, step.printed, fault)
        else:
            found = self._one_by_one(step, rows, cells)
        bench.values[step.key] = [one[1] for one in found]
        if len(step.staged) == 1:
            staged[step.staged[0]] = [one[0] for one in found]  # type: ignore[misc]
        elif step.staged:
            fields = zip(*[one[0] for one in found], strict=True)
            staged.update(zip(step.staged, fields, strict=True))

    def _one_by_one(self, step: _Step, rows: Sequence[Row], cells: list[Cell]) -> list[Cleaned]:
        """Cells that need their row's id, or that no sheet repeats."""
        bench, clean = self._bench, step.clean
        if not DITTO.isdisjoint(cells):
            for at, cell in enumerate(cells):
                if cell in DITTO:
                    cells[at] = self._cell_above(rows, at, step.place)
                    bench.tell(at, step.printed, FILLED_DOWN)
        found = []
        for bench.at, cell in enumerate(cells):
            one = clean(cell)
            if one[2]:
                for fault in one[2]:
                    bench.tell(bench.at, step.printed, fault)
            found.append(one)
        return found

    def _carried_down(self, step: _Step, rows: Sequence[Row], found: list[Cleaned]) -> list[Cleaned]:
        """The cell above wherever one says 同上, told for each; the sheet's own cells are changed with it."""
        for at, one in enumerate(found):
            if one is _SAME_AS_ABOVE:
                above = step.clean(self._cell_above(rows, at, step.place))
                found[at] = above._replace(faults=(FILLED_DOWN, *above.faults))
        return found

    def _cell_above(self, rows: Sequence[Row], at: int, place: int) -> Cell:
        above = (rows[at - 1][1] if at else self._above)[place]
        rows[at][1][place] = above
        return above

    def _tell_filled(self, numbers: Sequence[int]) -> None:
        for at, number in enumerate(numbers):
            for step in self._steps:
                if (number, step.place) in self._filled:
                    self._filled.discard((number, step.place))
                    self._bench.tell(at, step.printed, FILLED_DOWN)

    def _issues(self, numbers: Sequence[int]) -> tuple[str, list[int], int]:
        """Issue lines in the order of the rows, which rows hold an error, and how many cells were cleaned."""
        bad: list[int] = []
        lines: list[str] = []
        cleaned = 0
        for at in sorted(self._bench.faults):
            told = self._bench.faults[at]
            for printed, fault in told:
                lines.append(_issue_line(numbers[at], printed, fault))
                cleaned += fault.code == "CLEANED"
            if any(fault.severity == ERROR for _, fault in told):
                bad.append(at)
        return "".join(lines), bad, cleaned


def _issue_line(row: int, printed: str, fault: Fault) -> str:
    return f"{row}\t{copy_text(printed)}\t{fault.code}\t{fault.severity}\t{copy_text(fault.message)}\n"

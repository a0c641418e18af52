"""A column is an object: how it is headed, how its cells are cleaned, and what it stages.

Pure Python without Django: the caged child imports it, and so does everybody who offers templates or
mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from registry.intake.cells import NULL, Cell, Fault

if TYPE_CHECKING:
    from registry.identity.keyring import Keyring


class Cleaned(NamedTuple):
    """``fields`` are COPY texts, one per staged column of its Column: a string for one, a tuple for more or
    none.
    """

    fields: str | tuple[str, ...]
    value: Any = None
    faults: tuple[Fault, ...] = ()


def words(text: str) -> tuple[str, ...]:
    """A list of headings or words, written one after the other: none of them holds a blank."""
    return tuple(text.split())


BLANK = Cleaned(NULL)
Clean: TypeAlias = Callable[[Cell], Cleaned]


@dataclass(slots=True)
class Bench:
    """What cleaners have at hand while one sheet is read, a chunk of rows at a time.

    ``row_ids`` and the lists in ``values`` (by column key) are those of the current chunk; ``at`` is the
    place in them of the row being cleaned. ``printed`` gives each present column's heading.
    """

    keyring: Keyring | None
    today: date
    printed: Mapping[str, str] = field(default_factory=dict)
    row_ids: list[str] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    faults: dict[int, list[tuple[str, Fault]]] = field(default_factory=dict)
    at: int = 0

    def start(self, row_ids: list[str]) -> None:
        """Begin a chunk of so many rows."""
        self.row_ids = row_ids
        self.values.clear()
        self.faults = {}

    def tell(self, at: int, printed: str, fault: Fault) -> None:
        self.faults.setdefault(at, []).append((printed, fault))

    def tell_of(self, at: int, column: Column, fault: Fault) -> None:
        self.tell(at, self.printed.get(column.key, column.heading), fault)

    def column(self, key: str) -> list[Any]:
        """Values of a column in this chunk; None for every row where the sheet has no such column."""
        return self.values.get(key) or [None] * len(self.row_ids)

    def is_faulty(self, at: int, key: str) -> bool:
        """Whether something was already said of this cell."""
        heading = self.printed.get(key)
        return any(printed == heading for printed, _ in self.faults.get(at, ()))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind.

    ``clean`` is given the bench and the heading as printed (which may name a unit) and returns the cleaner.
    A cleaner that depends on nothing but its cell is remembered (``memo``): cells of a sheet repeat.
    ``turn`` orders cleaning within a row where one column needs another's value.
    """

    key: str
    heading: str
    clean: Callable[[Bench, str], Clean]
    synonyms: tuple[str, ...] = ()
    staged: tuple[tuple[str, str], ...] = ()
    memo: bool = True
    turn: int = 1
    choices: tuple[str, ...] = ()
    note: str = ""
    example: str = ""
    offered: bool = True  # whether the template has it; others are understood when they come
    width: int = 14


_ROW_STAGED: tuple[tuple[str, str], ...] = (
    ("row", "int"),
    ("bad", "bool"),
    ("reader_bad", "bool"),  # stays when checks against the registry are made anew
    ("person_uuid", "uuid"),
)

# Judges the rows of a chunk as wholes: reads values, tells faults on the bench, and may add staged columns.
Finish: TypeAlias = Callable[[dict[str, list[Any]], dict[str, Sequence[str]]], None]


# Normal headings, and in order of trust: the column that each may be, with a test of its cells.
Unsure: TypeAlias = tuple[tuple[str, ...], tuple[tuple[str, Callable[[Cell], bool]], ...]]


def no_finish(bench: Bench) -> Finish:
    return lambda values, staged: None


@dataclass(frozen=True, slots=True)
class SheetSpec:
    """One kind of sheet as the reader knows it.

    ``origin``: where the child finds this object again ("package.module:NAME").
    ``required``: groups of column keys, one of each group must be there.
    ``unsure``: headings of more than one meaning, with the columns they may be and a test of a cell for each.
    ``finish``: judges rows as wholes, and fills ``finish_staged``.
    ``service``: headings that help to tell a header, and are never stored.
    ``silent``: those that number rows, and those of our own error workbook, which comes back as it is: not
    even mentioned as ignored.
    """

    kind: str
    label: str
    origin: str
    columns: tuple[Column, ...]
    required: tuple[tuple[str, ...], ...]
    unsure: tuple[Unsure, ...] = ()
    finish: Callable[[Bench], Finish] = no_finish
    finish_staged: tuple[tuple[str, str], ...] = ()
    service: tuple[str, ...] = ("备注", "签名", "本人签字", "学员签名", "签字")
    silent: tuple[str, ...] = ("处理结果", "错误原因", "序号", "序", "编号", "行号")

    @property
    def staged(self) -> tuple[tuple[str, str], ...]:
        """(name, SQL type) of the staging table, in the order of the COPY lines."""
        return (
            *_ROW_STAGED,
            *(pair for column in self.columns for pair in column.staged),
            *self.finish_staged,
        )

    def column(self, key: str) -> Column:
        for column in self.columns:
            if column.key == key:
                return column
        raise KeyError(key)

    @property
    def offered(self) -> tuple[Column, ...]:
        """Columns of the template."""
        return tuple(column for column in self.columns if column.offered)

    def is_required(self, key: str) -> bool:
        return any(group[0] == key for group in self.required)

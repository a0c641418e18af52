"""What a kind of sheet is to the machine, and the register of kinds.

The machine knows stages, rows and issues; a kind knows its columns, how its rows relate to the registry, which
checks hold, and what committing writes. Kinds register themselves from the app that owns the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django.db.backends.utils import CursorWrapper
from django.utils.functional import Promise

from registry.accounts import policy
from registry.accounts.models import User
from registry.intake.columns import SheetSpec


@dataclass(frozen=True, slots=True)
class Target:
    """Where a sheet goes: ``key`` tells the same place from another; ``context`` is what the kind needs to know."""

    key: str
    context: dict[str, Any]
    institution_id: int | None = None
    region_code: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One rule over the whole set of staged rows: one SELECT of the rows at fault.

    ``sql`` yields (row) or (row, detail); ``{s}`` stands for the staged rows, ``{r}`` for the kind's resolved rows.
    ``message`` may hold ``%s`` for the detail, which must never be personal data.
    """

    code: str
    column: str
    message: str | Promise
    sql: str
    severity: str = "error"
    takes_detail: bool = False


@dataclass(slots=True)
class Work:
    """One batch being checked or committed, inside one transaction."""

    cursor: CursorWrapper
    batch_id: str
    staged: str
    context: Mapping[str, Any]
    actor: User | None
    params: dict[str, Any] = field(default_factory=dict)

    def run(self, sql: str, **params: Any) -> int:
        """Execute with ``{s}``/``{r}`` filled in; returns the count of rows that it touched."""
        self.cursor.execute(self.text(sql), {**self.params, **params})
        return int(self.cursor.rowcount)

    def text(self, sql: str) -> str:
        return sql.replace("{s}", self.staged).replace("{r}", "t_resolved")

    def rows(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        self.cursor.execute(self.text(sql), {**self.params, **params})
        return list(self.cursor.fetchall())


Choices: TypeAlias = Callable[[User], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question put to whoever hands in a sheet, beside the file; the answer goes to ``target`` under ``key``.

    ``required`` is what to say when it is left blank, empty when it may be. With ``choices`` one of them must be
    chosen; ``suggestions`` only help with typing. Both are (value, label) pairs within what the user may see.
    """

    key: str
    label: str | Promise
    help: str | Promise = ""
    required: str | Promise = ""
    choices: Choices | None = None
    suggestions: Choices | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of sheet.

    ``resolve`` makes the temporary table ``t_resolved`` (one line per staged row: ``row``, ``bad``, ``mode`` among
    new, same, extends, finishes, differs, and whatever else the kind needs); ``commit`` writes the rows of one span and
    returns how many of each thing it made. ``begin`` and ``finish`` run once, before the first span and after the last.
    """

    spec: SheetSpec
    target: Callable[[Mapping[str, Any], User | None], Target]
    resolve: Callable[[Work], None]
    checks: tuple[Check, ...]
    begin: Callable[[Work], dict[str, int]]
    commit: Callable[[Work, int, int], dict[str, int]]
    finish: Callable[[Work], None]
    created: tuple[str, ...]
    asks: tuple[Ask, ...] = ()
    #: the line of the matrix that says who may hand in, correct and register this kind, beside intake's own
    may: str = "enrolment.load"

    @property
    def key(self) -> str:
        return self.spec.kind

    @property
    def label(self) -> str:
        return self.spec.label


_kinds: dict[str, Kind] = {}


class UnknownKind(LookupError):
    """没有这种表。"""


def register(kind: Kind) -> None:
    """Called once per kind from ``AppConfig.ready``."""
    _kinds[kind.key] = kind


def get(key: str) -> Kind:
    """Raises UnknownKind."""
    try:
        return _kinds[key]
    except KeyError:
        raise UnknownKind(key) from None


def every() -> tuple[Kind, ...]:
    return tuple(_kinds.values())


def for_user(user: User) -> tuple[Kind, ...]:
    """Those that the user may hand in."""
    return tuple(kind for kind in every() if policy.can(user, kind.may))

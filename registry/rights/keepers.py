"""What other rooms keep of people, as far as retention and erasure must know: each registers one keeper.

A keeper's SQL sees `%(people)s`, an array of ids of people, and is asked for whole sets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from registry.audit.models import Action

Forget = Callable[[Action, Sequence[UUID]], int]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Rows of one kind about people.

    `retention` is the code of a RetentionRule and `events` the statement that yields (person_id, day from which its
    period counts); `sheet_rows` yields (batch_id, row) of the rows of sheets that the rows came from.
    """

    name: str
    retention: str
    events: str
    sheet_rows: str = ""
    forget: Forget | None = None


_keepers: dict[str, Keeper] = {}


def register(keeper: Keeper) -> None:
    """Called once per keeper from `AppConfig.ready`; the same name again replaces it."""
    _keepers[keeper.name] = keeper


def every() -> list[Keeper]:
    """All of them, by name."""
    return [_keepers[name] for name in sorted(_keepers)]


def sheet_rows(people: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """The rows of sheets that speak of these people, by (batch, row number)."""
    found: set[tuple[UUID, int]] = set()
    for keeper in every():
        if keeper.sheet_rows:
            found.update(_asked(keeper.sheet_rows, people))
    return found


def events(people: Sequence[UUID]) -> dict[str, dict[UUID, Any]]:
    """Class of retention → person → the latest day from which a period counts."""
    found: dict[str, dict[UUID, Any]] = {}
    for keeper in every():
        days = found.setdefault(keeper.retention, {})
        for person, day in _asked(keeper.events, people):
            if day is not None and (person not in days or day > days[person]):
                days[person] = day
    return found


def forget(action: Action, people: Sequence[UUID]) -> dict[str, int]:
    """Destroy what names these people in the rooms above; how many rows, by the keeper's name."""
    return {keeper.name: keeper.forget(action, people) for keeper in every() if keeper.forget is not None}


def _asked(sql: str, people: Sequence[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"people": list(people)})
        return list(cursor.fetchall())

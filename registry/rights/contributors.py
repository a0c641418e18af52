"""What other rooms hold about a person is asked of them here: each registers what it contributes.

This room knows what may be asked; what a training or a certificate is, is known above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from registry.lib.scope import Scope
from registry.people.models import Person

#: One row of a copy: heading → value as a person reads it (text, whole number or nothing), in order.
Row = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Contributor:
    """One room's facts about a person.

    `rows` gives all of them for the copy. `records` names rows that a correction may mean, as (key, what a person
    calls it); keys are `<kind>:<id>`. `order` sorts copies from top to bottom.
    """

    name: str
    title: str | Promise
    rows: Callable[[Scope, Person], Sequence[Row]]
    records: Callable[[Scope, Person], Sequence[tuple[str, str]]] | None = None
    order: int = 50


_contributors: dict[str, Contributor] = {}


def register(contributor: Contributor) -> None:
    """Called once per contributor from `AppConfig.ready`; the same name again replaces it."""
    _contributors[contributor.name] = contributor


def every() -> list[Contributor]:
    """All of them, in the order of a copy."""
    return sorted(_contributors.values(), key=lambda each: (each.order, each.name))


def records_of(scope: Scope, person: Person) -> list[tuple[str, str]]:
    """What a correction may be about, as choices of a form."""
    return [entry for one in every() if one.records for entry in one.records(scope, person)]


def called(scope: Scope, person: Person, key: str) -> str:
    """What a person calls a record; the key itself where nobody knows it any more."""
    return dict(records_of(scope, person)).get(key, key)


def everything(scope: Scope, person: Person) -> list[dict[str, Any]]:
    """Every room's facts, in order: `name`, `title`, `rows`."""
    return [
        {"name": one.name, "title": str(one.title), "rows": [dict(row) for row in one.rows(scope, person)]}
        for one in every()
    ]

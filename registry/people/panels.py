"""The personal training account is put together here, from panels that other rooms register.

This room knows who a person is; what they learned, passed and were paid is known above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from registry.lib.scope import Scope
from registry.people.models import Person

Query = Callable[[Scope, Person], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Panel:
    """One part of the account page: ``template`` draws what ``query`` found (as ``data``); None is nothing.

    ``order`` sorts the page from top to bottom. ``name`` is also the anchor on the page.
    """

    name: str
    title: str | Promise
    template: str
    query: Query
    order: int = 50


@dataclass(frozen=True, slots=True)
class Filled:
    """A panel with what it found about one person."""

    panel: Panel
    data: Mapping[str, Any]


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Called once per panel from `AppConfig.ready`; the same name again replaces it."""
    _panels[panel.name] = panel


def of_person(scope: Scope, person: Person) -> list[Filled]:
    """What every panel has to say about the person to this reader, in order."""
    found: list[Filled] = []
    for panel in sorted(_panels.values(), key=lambda each: (each.order, each.name)):
        data = panel.query(scope, person)
        if data is not None:
            found.append(Filled(panel, data))
    return found

"""The first screen is put together here: cards that rooms offer, each for the roles that have a use for it.

Rooms above this app (classes, targets …) register theirs from `AppConfig.ready`; what waits in this app's own
rooms is registered by `home.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from registry.lib.scope import Actor

EVERYBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Card:
    """A part of the first screen.

    ``template`` draws what ``query`` found for the actor (as ``data``); None is nothing to show.
    ``order`` sorts the screen from top to bottom.
    """

    name: str
    template: str
    query: Callable[[Actor], Mapping[str, Any] | None]
    roles: frozenset[str] = EVERYBODY
    order: int = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A card with what it found."""

    card: Card
    data: Mapping[str, Any]


_cards: dict[str, Card] = {}
_counters: dict[str, Callable[[Actor], int]] = {}


def register(card: Card) -> None:
    """Called once per card; the same name again replaces it."""
    _cards[card.name] = card


def register_counter(name: str, count: Callable[[Actor], int]) -> None:
    """A number beside a line of the menu (`waiting.<name>` in templates): what waits for this reader."""
    _counters[name] = count


def shown_to(actor: Actor) -> list[Shown]:
    """The cards of this reader's first screen, in order."""
    found: list[Shown] = []
    for card in sorted(_cards.values(), key=lambda c: (c.order, c.name)):
        if card.roles and actor.role not in card.roles:
            continue
        data = card.query(actor)
        if data is not None:
            found.append(Shown(card, data))
    return found


class Waiting(Mapping[str, int]):
    """Counts of the menu, each asked for once and only when a page shows it. `home` is the sum of all."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._known: dict[str, int] = {}

    def __getitem__(self, name: str) -> int:
        if name == "home":
            return sum(self[each] for each in _counters)
        if name not in self._known:
            self._known[name] = _counters[name](self._actor) if self._actor.role else 0
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(("home", *_counters))

    def __len__(self) -> int:
        return 1 + len(_counters)

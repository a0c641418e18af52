"""The first screen: cards by role, counts that are asked for once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registry.config import panels
from registry.config.panels import Card, Waiting
from registry.lib.scope import Actor

CLERK, TRAINEE = Actor(user_id=1, role="PC"), Actor(user_id=2, role="TRN")


@pytest.fixture(autouse=True)
def own_register(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(panels, "_cards", {})
    monkeypatch.setattr(panels, "_counters", {})
    yield


def test_cards_are_for_their_roles_in_order() -> None:
    panels.register(Card("b", "b.html", lambda actor: {"n": 1}, order=2))
    panels.register(Card("a", "a.html", lambda actor: {"n": 2}, roles=frozenset({"PC"}), order=1))
    panels.register(Card("none", "none.html", lambda actor: None))
    assert [one.card.name for one in panels.shown_to(CLERK)] == ["a", "b"]
    assert [one.card.name for one in panels.shown_to(TRAINEE)] == ["b"]


def test_counts_are_asked_for_once_and_only_when_shown() -> None:
    asked: list[str] = []

    def count(actor: Actor) -> int:
        asked.append(actor.role)
        return 3

    panels.register_counter("intake", count)
    waiting = Waiting(CLERK)
    assert asked == []
    assert (waiting["intake"], waiting["home"], waiting["intake"]) == (3, 3, 3)
    assert asked == ["PC"]


def test_nobody_waits_without_a_role() -> None:
    panels.register_counter("intake", lambda actor: 7)
    assert Waiting(Actor())["home"] == 0

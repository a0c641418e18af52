"""Panels of the account page: in order, and silent when they have nothing to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from registry.lib.scope import Scope
from registry.people import panels
from registry.people.models import Person
from registry.people.panels import Panel


@pytest.fixture(autouse=True)
def own_register(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(panels, "_panels", {})
    yield


def panel(name: str, data: dict[str, Any] | None, order: int) -> Panel:
    return Panel(name, name, f"{name}.html", lambda scope, person: data, order)


def test_panels_come_in_order_and_those_without_an_answer_stay_away() -> None:
    for each in (panel("money", {"n": 2}, 40), panel("trainings", {"n": 1}, 20), panel("nothing", None, 30)):
        panels.register(each)
    found = panels.of_person(Scope.all(), Person())
    assert [(one.panel.name, one.data) for one in found] == [("trainings", {"n": 1}), ("money", {"n": 2})]


def test_the_same_name_again_replaces() -> None:
    panels.register(panel("money", {"n": 1}, 40))
    panels.register(panel("money", {"n": 2}, 40))
    assert [one.data["n"] for one in panels.of_person(Scope.all(), Person())] == [2]

"""What review puts on the first screen and beside the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.accounts.policy import can
from registry.lib.scope import Actor
from registry.review import queries, wording

SHOWN = 8


def count(actor: Actor) -> int:
    """How many matters wait for this reader."""
    return queries.waiting(actor).count() if can(actor, "review.decide") else 0


def card(actor: Actor) -> Mapping[str, Any] | None:
    """The oldest of them; nothing where none waits."""
    total = count(actor)
    if not total:
        return None
    return {"total": total, "shown": wording.listed(list(queries.waiting(actor)[:SHOWN]))}

"""What rights put on the first screen and beside the menu."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from registry.accounts.policy import can
from registry.lib.scope import Actor
from registry.rights import erasures, queries


def waiting(actor: Actor) -> int:
    """Cases that this reader may answer."""
    return queries.waiting(actor.scope).count() if can(actor, "person.correct_approve") else 0


def overdue_card(actor: Actor) -> Mapping[str, Any] | None:
    """Cases whose last day is over, for whoever may answer them; nothing when there is none."""
    if not can(actor, "person.correct_approve"):
        return None
    found = queries.overdue(actor.scope, timezone.localdate())
    first = found.first()
    return None if first is None else {"n": found.count(), "first": first}


def erasures_waiting(actor: Actor) -> int:
    """Records that wait for this reader to put them up, or to refuse."""
    if not can(actor, "person.erase"):
        return 0
    return erasures.waiting(actor.scope).count()

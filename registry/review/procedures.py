"""Kinds of matters that need several persons: which rights their steps ask for, and what happens in the end.

Rooms above register theirs once, when the program is ready. Steps given here are those a kind begins with; from then
on the dated rows of `review_stage` say which are in force.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise

from registry.accounts.models import User
from registry.accounts.policy import PERMISSIONS
from registry.review.models import Case

Deed = Callable[[Case, User], None]
Facts = Callable[[Case], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Step:
    """One person's turn: `name` is the step's key within its kind, `action` a line of the matrix."""

    name: str
    action: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A matter that is about something the machine's keeper will do: anybody whose role may `action` asks for it on
    the page of review, naming one of `choices` (value, label).
    """

    action: str
    choices: tuple[tuple[str, str | Promise], ...]


@dataclass(frozen=True, slots=True)
class Procedure:
    """A kind of matter.

    `on_approved` runs in the transaction of the last decision, `on_refused` in that of a return, refusal or
    withdrawal; what they raise undoes the decision. For the page: `effect` says in one sentence what approval will do,
    `facts` gives labelled lines about a case (masked as any list), `link` the address of what it is about.
    """

    kind: str
    label: str | Promise
    steps: tuple[Step, ...]
    on_approved: Deed
    on_refused: Deed | None = None
    effect: str | Promise = ""
    facts: Facts | None = None
    link: Callable[[Case], str] | None = None
    ask: Ask | None = None


_known: dict[str, Procedure] = {}


def register(procedure: Procedure) -> None:
    """Called once per kind; the same kind again replaces it. Raises KeyError for an action that the matrix lacks."""
    if not procedure.steps:
        raise ValueError(f"{procedure.kind}: a matter under review has at least one step")
    for step in procedure.steps:
        PERMISSIONS[step.action]
    _known[procedure.kind] = procedure


def procedure(kind: str) -> Procedure:
    """Raises KeyError for a kind that nobody registered."""
    return _known[kind]


def find(kind: str) -> Procedure | None:
    """The same; None for a kind whose room is gone."""
    return _known.get(kind)


def label(kind: str) -> str:
    """What a page calls the kind; the key itself where its room is gone."""
    known = _known.get(kind)
    return str(known.label) if known else kind


def action_label(action: str) -> str:
    """What a page calls a step: the right that it asks for."""
    known = PERMISSIONS.get(action)
    return str(known.label) if known else action


def every() -> list[Procedure]:
    """All kinds, by their keys."""
    return [_known[kind] for kind in sorted(_known)]

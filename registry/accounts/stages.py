"""How far somebody has come in: a session opens only the pages of its stage until it is all the way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from registry.accounts import session_keys as keys
from registry.accounts.models import Role, User
from registry.accounts.passwords import must_be_changed
from registry.lib.scope import Actor

#: the password must be changed; the second factor must be set up
PASSWORD, FACTOR = "password", "factor"
#: stage → the page that leads on
LEADS_ON: Mapping[str, str] = {PASSWORD: "accounts:password", FACTOR: "accounts:second-factor"}

View = TypeVar("View", bound=Callable[..., Any])


def stage_of(user: User, actor: Actor, session: Mapping[str, Any]) -> str:
    """What still has to be done before the session opens everything; empty when nothing has.

    Staff need a second factor, and so does whoever has no role yet; a trainee comes in by another door.
    """
    if must_be_changed(user):
        return PASSWORD
    if actor.role != Role.TRN and not session.get(keys.SECOND_FACTOR):
        return FACTOR
    return ""


def open_at(*stages: str) -> Callable[[View], View]:
    """A view is open to sessions that have come no further than this."""

    def mark(view: View) -> View:
        view.stages = frozenset(stages)  # type: ignore[attr-defined]
        return view

    return mark

"""From an account to the capacity that stands in the record; also for work outside of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for, choose
from registry.audit.context import Acting, acting_as
from registry.lib.scope import Actor


def capacity(actor: Actor, request_id: str = "") -> Acting:
    """How the record names this actor.

    A trainee is named by the number of the account alone: an action is kept for ever and may hold no name of
    theirs.
    """
    return Acting(
        actor=str(Role.TRN.label) if actor.role == Role.TRN else actor.name,
        actor_id=actor.user_id,
        role=actor.role,
        institution_id=actor.scope.institution_id,
        region_code=actor.scope.region_code or "",
        request_id=request_id,
    )


@contextmanager
def acting_user(user: User | None, request_id: str = "", membership_id: int | None = None) -> Iterator[Actor]:
    """A task or command works for a user, with the rights they have now; None is the program itself.

    `membership_id`: the role in which they asked for it, where they hold it still.
    """
    if user is not None and membership_id is not None:
        choose(user, membership_id)
    actor = actor_for(user) if user is not None else Actor()
    with acting_as(capacity(actor, request_id)):
        yield actor

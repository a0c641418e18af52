"""Gives every request its actor and scope, and the record its capacity."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from registry.accounts import session_keys as keys
from registry.accounts.acting import capacity
from registry.accounts.models import User
from registry.accounts.scopes import actor_for, choose
from registry.audit.context import acting_as
from registry.lib.scope import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Who is signed in, in the capacity that the session chose, with the proof of identity that it holds."""
    if not isinstance(request.user, User):
        return Actor()
    session = request.session
    choose(request.user, session.get(keys.MEMBERSHIP))
    return replace(
        actor_for(request.user),
        confirmed_at=float(session.get(keys.CONFIRMED_AT, 0)),
        assurance=int(session.get(keys.ASSURANCE, 0)),
    )


class ActorMiddleware:
    """Sets `request.actor`, `request.scope` and `request.request_id`; stands after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Ours, never the client's: the number stands in the record and on error pages.
        request_id = uuid.uuid4().hex
        actor = actor_of(request)
        request.request_id = request_id  # type: ignore[attr-defined]
        request.actor = actor  # type: ignore[attr-defined]
        request.scope = actor.scope  # type: ignore[attr-defined]
        with acting_as(capacity(actor, request_id)):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response

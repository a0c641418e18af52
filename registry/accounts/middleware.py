"""Gives every request its actor and scope, and the record its capacity."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from registry.accounts import session_keys as keys
from registry.accounts.acting import capacity
from registry.accounts.bindings import PUBLIC, action_of
from registry.accounts.door_middleware import ask_anew
from registry.accounts.models import User
from registry.accounts.policy import NeedsConfirmation, Refused, require
from registry.accounts.scopes import actor_for, choose
from registry.audit.context import acting_as
from registry.lib.scope import Actor
from registry.lib.web import HtmxHttpRequest


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


class EveryPageHasAnAction:
    """Asks the matrix for pages that do not ask themselves: the back office and those of libraries.

    A page that nobody has bound to an action is closed to everybody. Stands after whatever sends strangers to the door.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HtmxHttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        # Operations of the API are asked one by one, after the key or session was looked at.
        if match is None or hasattr(view, "policy") or match.namespaces[:1] == ["api"]:
            return None
        if match.view_name in PUBLIC:
            return None
        action = action_of(view, match.view_name, request.method or "")
        if action is None:
            raise Refused(_("这个页面没有设定权限，不能打开。请把地址告诉系统管理员。"))
        try:
            require(request.actor, action)
        except NeedsConfirmation as error:
            # What a middleware raises reaches no other middleware as an exception.
            if (way := ask_anew(request, error)) is not None:
                return way
            raise
        return None

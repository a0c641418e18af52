"""A request that brings a key acts as the key's account, whatever else the browser or program sends along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from registry.accounts.scopes import account, limit_to
from registry.apikeys import services
from registry.apikeys.models import ApiKey
from registry.apikeys.scopes import actions
from registry.lib.web import client_address

_BEARER = "Bearer "


class ApiKeyMiddleware:
    """Sets `request.api_key` (None without one) and `request.key_refused`; stands between sign-in and actor.

    Keys are for the API alone: elsewhere the header is as if it were not there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.api_key, request.key_refused = None, False
        given = str(request.META.get("HTTP_AUTHORIZATION", ""))
        if given.startswith(_BEARER) and request.path.startswith("/api/"):
            self._present(
                request, services.authenticate(given.removeprefix(_BEARER).strip(), client_address(request))
            )
        return self.get_response(request)

    @staticmethod
    def _present(request: Any, key: ApiKey | None) -> None:
        # Whoever shows a key is nobody else: a session sent along proves nothing and confirms nothing.
        request.COOKIES = {}
        request.session = type(request.session)()
        request.key_refused = key is None
        request.api_key = key
        user = account(key.account_id) if key else None
        if key is not None and user is not None:
            limit_to(user, actions(key.scopes))
            request.user = user
        else:
            request.user = AnonymousUser()

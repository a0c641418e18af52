"""The door behind every request: ends sessions that are over, keeps back who is not all the way in, asks anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from registry.accounts import held, sessions, stages
from registry.accounts.models import Role, User
from registry.accounts.policy import NeedsConfirmation
from registry.accounts.services import signed_out
from registry.lib.scope import Actor, Scope
from registry.lib.web import HtmxHttpRequest, client_address


class DoorMiddleware:
    """Stands after the actor, htmx and allauth, and before what sends strangers to sign in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HtmxHttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        user = request.user
        if not isinstance(user, User) or getattr(request, "api_key", None) is not None:
            return None  # a key has no session, and opens what its scopes name whatever its issuer has set up
        now = time.time()
        if why := sessions.why_over(request.session, request.actor.role, now):
            _show_out(request, user, why)
            return None
        sessions.seen(request.session, client_address(request), now)
        stage = stages.stage_of(user, request.actor, request.session)
        is_open = not getattr(view, "login_required", True) or stage in getattr(view, "stages", ())
        return None if not stage or is_open else _lead_on(request, stage)

    def process_exception(self, request: HtmxHttpRequest, error: Exception) -> HttpResponseBase | None:
        return ask_anew(request, error) if isinstance(error, NeedsConfirmation) else None


def ask_anew(request: HtmxHttpRequest, error: NeedsConfirmation) -> HttpResponse | None:
    """Who may, once they have proved anew who they are, is sent to do so and comes back.

    A trainee is shown the ways to be believed more than a code to a telephone. None for the API.
    """
    if request.resolver_match is not None and request.resolver_match.namespaces[:1] == ["api"]:
        return None
    if request.actor.role == Role.TRN:
        ways = reverse("door:level")
        return HttpResponseClientRedirect(ways) if request.htmx else HttpResponseRedirect(ways)
    messages.info(request, str(error))
    if request.htmx:
        return HttpResponseClientRedirect(_confirm(_path_of(request.htmx.current_url)))
    if request.method in ("GET", "HEAD"):
        return HttpResponseRedirect(_confirm(request.get_full_path()))
    if request.method == "POST" and not request.FILES and isinstance(request.user, User):
        fields = [(name, value) for name, values in request.POST.lists() for value in values]
        held.keep(request.session, request.user, request.get_full_path(), fields)
    return HttpResponseRedirect(_confirm(_path_of(request.headers.get("Referer"))))


def _show_out(request: HtmxHttpRequest, user: User, why: str) -> None:
    """The session is over. Whoever it was is a stranger from here on, and is told so at the door."""
    signed_out(user, request.session.session_key, why=why)
    logout(request)
    request.actor, request.scope = Actor(), Scope.none()
    messages.info(
        request,
        _("您有一段时间没有操作，为安全起见已自动退出。请重新登录。")
        if why == "idle"
        else _("本次登录已到最长时限，请重新登录。"),
    )


def _lead_on(request: HtmxHttpRequest, stage: str) -> HttpResponse:
    page = reverse(stages.LEADS_ON[stage])
    match = request.resolver_match
    if match is not None and match.namespaces[:1] == ["api"]:
        text = _("请先在网页上登录，完成密码或第二重验证的设置。")
        return JsonResponse({"code": stage, "message": text}, status=403)
    if request.htmx:
        return HttpResponseClientRedirect(page)
    return HttpResponseRedirect(page)


def _confirm(back: str) -> str:
    return f"{reverse('accounts:confirm')}?{urlencode({'next': back})}"


def _path_of(url: str | None) -> str:
    """The part of one of our own addresses that may be gone back to; whose host it claims does not matter."""
    parts = urlsplit(url or "")
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path

"""What every answer has in common: who may see a page at all, and what a browser may keep of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from registry.config import views
from registry.lib.limiting import TooOften

GetResponse = Callable[[HttpRequest], HttpResponseBase]

# Nothing here needs a camera, a microphone or a position; a page that does says so itself.
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class PrivateAnswers:
    """Pages show people's data, so no cache keeps them and no other site embeds them.

    A view that set its own header keeps it. Static files are answered before this and may be kept.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class TroublePages:
    """Refusals that the framework leaves empty (a wrong method, too much data) get our page, headers kept."""

    statuses = frozenset({405, 413, 429})

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code not in self.statuses or response.streaming or response.content:  # type: ignore[attr-defined]
            return response
        page = views.trouble(request, response.status_code)
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                page.headers[name] = value
        page.cookies.update(response.cookies)
        return page

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, TooOften):
            return None
        page = views.trouble(request, 429, views.wait_a_while(exception.seconds))
        page.headers["Retry-After"] = str(exception.seconds)
        return page


class SignInRequired(LoginRequiredMiddleware):
    """Every page asks for sign-in unless it is marked `login_not_required`.

    The API answers 401 by itself. A part of a page cannot show the sign-in form in its place, so the browser
    is told to go there as a whole.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is not None and match.namespaces[:1] == ["api"]:
            return None
        refusal = super().process_view(request, view_func, view_args, view_kwargs)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if refusal is None or not htmx:
            return refusal
        sign_in = redirect_to_login(htmx.current_url_abs_path or "/", self.get_login_url(view_func))
        return HttpResponseClientRedirect(sign_in["Location"])

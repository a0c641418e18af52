"""Answers that know no session, no role and no form of ours are given before anybody asks for those.

Public checks come by the hundred a second, and two thirds of such a request's time went into layers that can have
nothing to say about it. `settings.OPEN_ANSWERS` names the function that gives them, or None for what is not its own.
What every answer carries, these carry too.
"""

from __future__ import annotations

from collections.abc import Callable

from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from registry.config.middleware import PERMISSIONS


class OpenAnswers:
    """Stands right behind Django's own security, so that HTTPS is asked for first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.answer: Callable[[HttpRequest], HttpResponse | None] | None = None
        self.headers = {
            "Content-Security-Policy": build_policy(),
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Cache-Control": "no-store",
            "Permissions-Policy": PERMISSIONS,
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self.answer is None:
            # Not before: rooms import models, which are not there when middleware is made.
            self.answer = import_string(settings.OPEN_ANSWERS)
        response = self.answer(request)
        if response is None:
            return self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Length"] = str(len(response.content))
        return response

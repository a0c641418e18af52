"""The API: one NinjaAPI, rooms' routers mounted by name, and every error mapped to HTTP in one place."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.security import django_auth

# (where it hangs, the room's router by name): one line a room.
ROUTERS: list[tuple[str, str]] = [("/intake/", "registry.intake.api.router")]


def _answer(api: NinjaAPI, request: HttpRequest, status: int, code: str, message: Any) -> HttpResponse:
    """The one shape of every error: a code for programs, a sentence for people."""
    return api.create_response(request, {"code": code, "message": str(message)}, status=status)


def build() -> NinjaAPI:
    """An API that asks for sign-in by default; a test builds its own and adds routes to it."""
    api = NinjaAPI(
        title="匠册 Jiangce",
        version="1",
        urls_namespace="api",
        auth=django_auth,
        docs_url=None,  # its pages load scripts from elsewhere; tools read the schema at openapi.json
    )

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return _answer(api, request, 404, "not_found", _("没有找到，或不在您的管理范围内"))

    @api.exception_handler(PermissionDenied)
    def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return _answer(api, request, 403, "denied", str(error) or _("您没有进行此操作的权限"))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return _answer(api, request, 422, "invalid", "；".join(error.messages))

    for prefix, router in ROUTERS:
        api.add_router(prefix, router)
    return api


api = build()

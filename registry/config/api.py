"""The API: one NinjaAPI, rooms' routers mounted by name, and every error mapped to HTTP in one place."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as Malformed
from ninja.security import django_auth

from registry.accounts.policy import NeedsConfirmation
from registry.apikeys.auth import KeyAuth
from registry.apikeys.calls import CallRefused
from registry.config import views
from registry.lib.limiting import TooOften
from registry.review.errors import Conflict
from registry.review.wording import as_told

# (where it hangs, the room's router by name): one line a room.
ROUTERS: list[tuple[str, str]] = [
    ("/intake/", "registry.intake.api.router"),
    ("/review/", "registry.review.api.router"),
    ("/certificates/", "certificates.issuance.api.router"),
    ("/certificates/", "certificates.verification.api.router"),
    ("/certificates/", "certificates.credentials.api.router"),
]


def _answer(api: NinjaAPI, request: HttpRequest, status: int, code: str, message: Any) -> HttpResponse:
    """The one shape of every error: a code for programs, a sentence for people."""
    return api.create_response(request, {"code": code, "message": str(message)}, status=status)


def build() -> NinjaAPI:
    """An API that asks for sign-in by default; a test builds its own and adds routes to it."""
    api = NinjaAPI(
        title="匠册 Jiangce",
        version="1",
        urls_namespace="api",
        auth=[KeyAuth(), django_auth],
        docs_url=None,  # its pages load scripts from elsewhere; tools read the schema at openapi.json
    )

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return _answer(api, request, 404, "not_found", _("没有找到，或不在您的管理范围内"))

    @api.exception_handler(PermissionDenied)
    def denied(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
        return _answer(api, request, 403, "denied", str(error) or _("您没有进行此操作的权限"))

    @api.exception_handler(Conflict)
    def conflict(request: HttpRequest, error: Conflict) -> HttpResponse:
        # Somebody was faster: said together with how things stand now.
        answer = {
            "code": "already_decided",
            "message": "；".join(error.messages),
            "case": as_told(error.case),
        }
        return api.create_response(request, answer, status=409)

    @api.exception_handler(NeedsConfirmation)
    def unsure(request: HttpRequest, error: NeedsConfirmation) -> HttpResponse:
        return _answer(api, request, 403, "confirm", str(error))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return _answer(api, request, 422, "invalid", "；".join(error.messages))

    @api.exception_handler(AuthenticationError)
    def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return _answer(api, request, 401, "sign_in", _("请先登录，或提供有效的接口密钥"))

    @api.exception_handler(Malformed)
    def malformed(request: HttpRequest, error: Malformed) -> HttpResponse:
        # Where and what kind of fault, never the value: it may be somebody's number.
        faults = [{"where": list(each["loc"]), "type": each["type"]} for each in error.errors]
        where = "、".join(sorted({str(each["where"][-1]) for each in faults}))
        message = _("请求的内容有误：%(where)s。") % {"where": where}
        return api.create_response(
            request, {"code": "invalid", "message": str(message), "faults": faults}, status=422
        )

    @api.exception_handler(TooOften)
    def too_often(request: HttpRequest, error: TooOften) -> HttpResponse:
        answer = _answer(api, request, 429, "too_many", views.wait_a_while(error.seconds))
        answer.headers["Retry-After"] = str(error.seconds)
        return answer

    @api.exception_handler(CallRefused)
    def not_made(request: HttpRequest, error: CallRefused) -> HttpResponse:
        return _answer(api, request, error.status, error.code, error)

    @api.exception_handler(HttpError)
    def plain(request: HttpRequest, error: HttpError) -> HttpResponse:
        return _answer(api, request, error.status_code, "refused", str(error))

    for prefix, router in ROUTERS:
        api.add_router(prefix, router)
    return api


api = build()

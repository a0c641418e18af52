"""The first screen, and the pages that say what went wrong."""

from __future__ import annotations

import logging
import sys
import uuid
from collections.abc import Mapping
from typing import Any

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _n
from django.views.decorators.http import require_GET, require_safe

from registry.accounts.models import Role
from registry.accounts.policy import requires
from registry.config import health, panels

logger = logging.getLogger("registry.case")


@require_GET
@requires("home.read")
def home(request: Any) -> HttpResponseBase:
    """What waits for me, by role; a trainee's first screen is their own account."""
    if request.actor.role == Role.TRN:
        return redirect("people:me")
    return render(request, "registry/home.html", {"shown": panels.shown_to(request.actor)})


@login_not_required
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return JsonResponse({"ok": True})


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Work may be sent here."""
    return _health(health.READY)


@login_not_required
@require_safe
def healthy(request: HttpRequest) -> HttpResponse:
    """Everything is in order."""
    return _health(health.ALL)


def _health(questions: Mapping[str, health.Question]) -> HttpResponse:
    answers = health.asked(questions)
    ok = all(answers.values())
    return JsonResponse({"ok": ok, "checks": answers}, status=200 if ok else 503)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return trouble(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A refusal that says why does so on the page; the text is ours and holds nothing personal."""
    return trouble(request, 403, reason=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return trouble(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Broken, or only busy: a database that is away or too slow is told as such, so that programs try again."""
    return trouble(request, 503 if _is_passing(sys.exc_info()[1]) else 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return trouble(
        request,
        403,
        reason=_("页面停留太久或在另一处重新登录过，这次提交未被接受。请返回上一页，刷新后再提交。"),
    )


_RETRY_SECONDS = 30
_CODES = {
    400: ("bad_request", _n("请求不完整或格式不对。")),
    403: ("denied", _n("您没有进行此操作的权限")),
    404: ("not_found", _n("没有找到，或不在您的管理范围内")),
    405: ("method_not_allowed", _n("这个地址不支持这种操作。")),
    413: ("too_large", _n("提交的内容超过上限。")),
    429: ("too_many", _n("操作过于频繁，请稍后再试。")),
    500: ("failed", _n("这次操作没有完成，请把案例号告诉管理员。")),
    503: ("unavailable", _n("系统暂时繁忙或正在维护，没有做任何改动，请稍后再试。")),
}


def trouble(request: HttpRequest, status: int, reason: str = "") -> HttpResponse:
    """Our page for a status. The template gets no request: should the database have failed, nothing asks it.

    The case number is the request's own, so that a reader's call leads to the line in the log. The query is
    left out of the log, because a search may hold a name. Programs that speak with the API get JSON.
    """
    case = getattr(request, "request_id", "") or uuid.uuid4().hex
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "case %s: %s %s", case, status, request.path)
    answer: HttpResponse
    if request.path.startswith("/api/"):
        code, message = _CODES[status]
        answer = JsonResponse({"code": code, "message": reason or str(message), "case": case}, status=status)
    else:
        page = loader.get_template(f"{status}.html").render({"case": case, "reason": reason})
        answer = HttpResponse(page, status=status)
    if status == 503:
        answer.headers["Retry-After"] = str(_RETRY_SECONDS)
    return answer


def wait_a_while(seconds: int) -> str:
    """What somebody is told who asked too often."""
    minutes = -(-seconds // 60)
    return _n("操作过于频繁，请在%(minutes)d分钟后再试。") % {"minutes": minutes}


# Cancelled by a time limit, waited too long for a lock, too many connections, shutting down or starting up.
_PASSING = ("57014", "55P03", "53300", "57P01", "57P02", "57P03")


def _is_passing(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, psycopg.OperationalError):
            return error.sqlstate is None or error.sqlstate in _PASSING
        error = error.__cause__ or error.__context__
    return False

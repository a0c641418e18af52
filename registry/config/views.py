"""The first screen, and the pages that say what went wrong."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template import loader
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from registry.accounts.models import Role
from registry.accounts.policy import requires
from registry.config import panels

logger = logging.getLogger("registry.case")


@require_GET
@requires("home.read")
def home(request: Any) -> HttpResponseBase:
    """What waits for me, by role; a trainee's first screen is their own account."""
    if request.actor.role == Role.TRN:
        return redirect("people:me")
    return render(request, "registry/home.html", {"shown": panels.shown_to(request.actor)})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _trouble(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A refusal that says why does so on the page; the text is ours and holds nothing personal."""
    return _trouble(request, 403, reason=str(exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _trouble(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _trouble(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _trouble(
        request,
        403,
        reason=_("页面停留太久或在另一处重新登录过，这次提交未被接受。请返回上一页，刷新后再提交。"),
    )


def _trouble(request: HttpRequest, status: int, reason: str = "") -> HttpResponse:
    """Our page for a status. The template gets no request: should the database have failed, nothing asks it.

    The case number is the request's own, so that a reader's call leads to the line in the log. The query is
    left out of the log, because a search may hold a name.
    """
    case = getattr(request, "request_id", "") or uuid.uuid4().hex
    logger.log(logging.ERROR if status >= 500 else logging.INFO, "case %s: %s %s", case, status, request.path)
    page = loader.get_template(f"{status}.html").render({"case": case, "reason": reason})
    return HttpResponse(page, status=status)

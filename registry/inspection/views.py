"""Pages of the auditor: the log's state, what was done, a copy of the log to take away, and the comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from registry.accounts.policy import can, requires, scope_of
from registry.audit import export as exporting
from registry.audit import services as audit
from registry.audit.queries import log_health
from registry.inspection import queries, services, tasks, wording
from registry.inspection.forms import ActFilter
from registry.inspection.models import Check
from registry.lib.web import listed, page_or_part

SCRIPT = Path(settings.BASE_DIR) / "scripts" / "verify_registry.py"


@require_GET
@requires("audit.verify")
def home(request: Any) -> HttpResponse:
    """How far the log is, its newest head, and the last comparisons."""
    head = queries.newest_checkpoint()
    return render(
        request,
        "registry/inspection/home.html",
        {
            "health": log_health(),
            "head": head,
            "age": (timezone.now() - head.at).total_seconds() if head else None,
            "checks": queries.checks(request.scope)[:10],
            "menu": "inspection:home",
        },
    )


@require_GET
@requires("audit.read")
def acts(request: Any) -> HttpResponse:
    """What was done, by whom and when, within the reader's scope; never the personal detail of it."""
    form = ActFilter(request.GET)
    form.is_valid()
    found = queries.acts(scope_of(request.actor, "audit.read"), **form.cleaned_data)
    return render(
        request,
        "registry/inspection/acts.html",
        {
            "form": form,
            "list": listed(request, found, ["-id"]),
            "may_verify": can(request.actor, "audit.verify"),
            "menu": "inspection:acts",
        },
    )


@require_POST
@requires("audit.verify")
def export(request: Any) -> HttpResponseBase:
    """The log as an archive for the offline verifier, without personal details; that it left is recorded first."""
    head = queries.newest_checkpoint()
    if head is None:
        messages.warning(request, _("日志还没有检查点，请稍后再导出。"))
        return redirect("inspection:home")
    with transaction.atomic():
        audit.record(code="audit.export", actor=request.user, subject_type="log", n=head.size)
    pieces = exporting.zipped(request.scope, with_details=False, extra=(SCRIPT,))
    answer = StreamingHttpResponse(pieces, content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="jiangce-log-{head.size}.zip"'
    return answer


@require_GET
@requires("home.read")
def script(request: Any) -> HttpResponse:
    """The verifier itself, to read and to run elsewhere: whoever has a receipt or an export may have it too."""
    named = {"Content-Disposition": f'attachment; filename="{SCRIPT.name}"'}
    return HttpResponse(SCRIPT.read_bytes(), content_type="text/x-python", headers=named)


@require_POST
@requires("audit.verify")
def start(request: Any) -> HttpResponseBase:
    """Ask for a comparison of the register with its record."""
    check, new = services.ask(request.user)
    if new:
        tasks.enqueue(check.pk)
    return redirect("inspection:check", check.pk)


@require_GET
@requires("audit.verify")
def check(request: Any, check_id: int) -> HttpResponse:
    """How far a comparison is, and each row that differs."""
    found: Check | None = queries.checks(request.scope).filter(pk=check_id).first()
    if found is None:
        raise Http404
    return page_or_part(
        request,
        "registry/inspection/check.html",
        "registry/inspection/_check.html",
        {
            "check": found,
            "table": wording.table(found.table_name) if found.table_name else "",
            "findings": [wording.finding(row) for row in found.findings],
            "menu": "inspection:home",
        },
    )

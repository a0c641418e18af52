"""Pages of exports: ask for one, see how far it is, fetch it; and what an auditor should look at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts.models import Role
from registry.accounts.policy import can, require, requires, scope_of
from registry.exports import alerts, queries, rules, services, sources, store, tasks
from registry.exports.forms import ExportForm
from registry.exports.models import Export
from registry.lib.web import listed, page_or_part
from registry.lib.xlsx import CONTENT_TYPE


@require_GET
@requires("export.rows")
def export_list(request: Any) -> HttpResponse:
    """What one has asked for, latest first; an auditor sees everybody's."""
    everybody = request.scope.sees_everything
    found = listed(request, queries.exports(request.scope, request.user), ["-id"])
    context = {
        "list": found,
        "everybody": everybody,
        "labels": sources.labels(),
        "reasons": rules.labels(),
        "now": timezone.now(),
    }
    return render(request, "registry/exports/list.html", context)


@require_http_methods(["GET", "POST"])
@requires("export.rows")
def new(request: Any, kind: str) -> HttpResponseBase:
    """How many rows the filter in the address finds, and the questions before they leave."""
    try:
        source = sources.get(kind)
    except sources.UnknownSource:
        raise Http404 from None
    if source.whole:
        require(request.actor, services.WHOLE)
    asked = source.read(request.GET)
    form = ExportForm(request.POST if request.method == "POST" else None, reasons=rules.reasons("export"))
    if form.is_valid():
        try:
            return _asked_for(request, source, asked, form)
        except services.NotAllowed as error:
            form.add_error(None, str(error))
    rows = source.count(request.scope, asked)
    context = {
        "source": source,
        "form": form,
        "rows": rows,
        "words": source.words(asked),
        "many": services.needs_second_person(request.user, rows),
        "alone": rules.limit("export_rows_alone"),
        "days": rules.days_kept(whole=source.whole),
        "downloads": rules.downloads(whole=source.whole),
        "sibling": source.sibling if source.whole or can(request.actor, services.WHOLE) else "",
        "query": request.GET.urlencode(),
        "menu": "exports:list",
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "registry/exports/new.html", context, status=status)


def _asked_for(
    request: Any, source: sources.Source, asked: dict[str, str], form: ExportForm
) -> HttpResponseBase:
    export = services.ask(
        actor=request.actor,
        user=request.user,
        source=source,
        asked=asked,
        reason=form.cleaned_data["reason_code"],
        purpose=form.cleaned_data["purpose"],
    )
    if export.state == Export.State.WAITING:
        messages.success(
            request,
            _("已提交。文件含完整号码，须由另一人批准后才生成。")
            if source.whole
            else _("已提交。行数较多，须由另一人复核后才生成文件。"),
        )
    else:
        tasks.enqueue(
            export.pk, later=True
        )  # should we be killed over it; once made, there is nothing to make
        services.make(export.pk)
    return redirect("exports:detail", export.pk)


@require_GET
@requires("export.rows")
def detail(request: Any, export_id: UUID) -> HttpResponse:
    """What was asked for and how far it is."""
    return render(request, "registry/exports/detail.html", _context(request, export_id))


@require_GET
@requires("export.rows")
def progress(request: Any, export_id: UUID) -> HttpResponse:
    """The part of the page that changes while the file is made."""
    context = _context(request, export_id)
    return page_or_part(request, "registry/exports/detail.html", "registry/exports/_state.html", context)


@require_POST
@requires("export.rows")
def download(request: Any, export_id: UUID) -> HttpResponseBase:
    """The file, to whoever asked for it."""
    try:
        export = services.fetch(export_id, actor=request.actor, user=request.user)
    except Export.DoesNotExist:
        raise Http404 from None
    except services.NotAllowed as error:
        messages.warning(request, str(error))
        return redirect("exports:detail", export_id)
    name = f"{sources.labels().get(export.kind, export.kind)} {export.number}.xlsx"
    return StreamingHttpResponse(
        store.slices(export.pk),
        content_type=CONTENT_TYPE,
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Content-Length": str(export.file_bytes),
        },
    )


@require_GET
@requires("audit.alerts")
def alert_list(request: Any) -> HttpResponse:
    """Readers who revealed very much, at night, or beyond their own."""
    found = alerts.readers(scope_of(request.actor, "audit.alerts"), days=alerts.DAYS)
    roles = dict(Role.choices)
    return render(
        request,
        "registry/exports/alerts.html",
        {"rows": found, "roles": roles, "days": alerts.DAYS, "menu": "exports:alerts"},
    )


def _context(request: Any, export_id: UUID) -> dict[str, Any]:
    export = queries.export(request.scope, request.user, export_id) or queries.decided_on(
        request.actor, export_id
    )
    if export is None:
        raise Http404
    try:
        source = sources.get(export.kind)
        words = source.words(export.asked)
    except sources.UnknownSource:
        words = []
    mine = export.asker_id == request.user.pk
    over = export.expires_at is not None and export.expires_at <= timezone.now()
    return {
        "export": export,
        "label": sources.labels().get(export.kind, export.kind),
        "whole": services.is_whole(export.kind),
        "words": words,
        "reason": rules.labels().get(export.reason, export.reason),
        "working": export.state in (Export.State.QUEUED, Export.State.MAKING),
        "left": max(0, export.most_downloads - export.downloads),
        "may_fetch": mine
        and export.state == Export.State.READY
        and not over
        and export.downloads < export.most_downloads,
        "over": over,
        "menu": "exports:list",
    }

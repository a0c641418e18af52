"""Pages of intake: hand in, watch, review, decide. Each calls one service or query."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from registry.accounts.policy import can, require, requires
from registry.intake import (
    cage,
    correcting,
    corrections,
    errors,
    kinds,
    queries,
    reading,
    refusal,
    services,
    showing,
    store,
    tasks,
    template,
    wording,
)
from registry.intake.forms import BatchFilter, CorrectionForm, UploadForm
from registry.intake.models import Batch
from registry.lib.limiting import limited
from registry.lib.web import listed
from registry.lib.xlsx import CONTENT_TYPE

State = Batch.State
# Writing out more than this would keep the reader waiting.
WHOLE_SHEET_ROWS = 20_000


@require_GET
@requires("intake.read")
def batch_list(request: Any) -> HttpResponse:
    """What was handed in, newest first."""
    form = BatchFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    found = queries.batches(
        request.scope, state=asked.get("state", ""), kind=asked.get("kind", ""), text=asked.get("q", "")
    )
    found_page = listed(request, found, ["-id"])
    return render(
        request,
        "registry/intake/list.html",
        {
            "form": form,
            "list": found_page,
            "labels": _labels(),
            "may_upload": can(request.actor, "intake.upload"),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("intake.upload")
@limited("intake.upload")
def new(request: Any) -> HttpResponseBase:
    """Choose a kind and a file; leads to the batch, also when the same file is under way already."""
    if request.method == "GET":
        form = UploadForm(user=request.user, initial=request.GET.dict())
        return render(request, "registry/intake/new.html", {"form": form, "kinds": form.kinds})
    form = UploadForm(request.POST, request.FILES, user=request.user)
    if form.is_valid() and (batch := _received(request, form)) is not None:
        return redirect("intake:detail", batch.pk)
    return render(request, "registry/intake/new.html", {"form": form, "kinds": form.kinds}, status=422)


def _received(request: Any, form: UploadForm) -> Batch | None:
    """Take the file in and ask for the check; None when its place cannot take it, as the form then says."""
    file = form.cleaned_data["file"]
    try:
        batch, is_new = services.receive(
            kind=form.cleaned_data["kind"],
            file=file,
            name=file.name,
            actor=request.user,
            options=form.options,
            sheet=form.cleaned_data["sheet"],
            mapping=form.mapping,
        )
    except LookupError as error:
        # Every such exception says in its docstring what is wrong with the place.
        form.add_error(None, type(error).__doc__ or _("找不到要登记到的去处。"))
        return None
    if is_new:
        tasks.enqueue_check(batch.pk)
    else:
        messages.info(request, _("同一文件正在办理，已为您转到原批次。"))
    return batch


@require_GET
@requires("intake.read")
def detail(request: Any, batch_id: UUID) -> HttpResponse:
    """Wherever the batch stands: its progress, its faults to review, or what became of it."""
    batch = _batch(request, batch_id)
    view = _view(request.GET.get("view", ""), batch)
    shown = showing.shown(batch)
    kind = kinds.get(batch.kind)
    may = can(request.actor, kind.may)
    context = {
        "batch": batch,
        "kind": kind,
        "shown": shown,
        "view": view,
        "counts": _counts(batch),
        "may_commit": may and can(request.actor, "intake.commit"),
        "may_fetch_errors": can(request.actor, "intake.correct"),
        "may_correct": may and batch.state == State.REVIEW and can(request.actor, "intake.correct"),
        "corrections": corrections.counts(batch),
        "may_upload": can(request.actor, "intake.upload"),
        "cancellable": shown.working or batch.state in (State.REVIEW, State.FAILED),
        "again": list(_again(batch).items()),
        "again_query": urlencode(_again(batch)),
        "sheets": _sheets(batch),
        "created": _created(batch),
        "question": _question(batch),
        **_sentences(request, batch),
    }
    if batch.counts:
        context |= _rows(request, batch, view)
    return render(request, "registry/intake/detail.html", context)


def _counts(batch: Batch) -> dict[str, int]:
    """The batch's counts and `clear`: accepted rows without any warning."""
    counts = dict(batch.counts)
    if counts:
        counts["clear"] = max(0, counts["accepted"] - counts.get("warnings", 0))
    return counts


def _again(batch: Batch) -> dict[str, str]:
    """What a second try at the same sheet need not be asked again, as fields of the upload form."""
    fields = {"kind": batch.kind}
    fields |= {
        f"{batch.kind}.{ask.key}": str(batch.context[ask.key])
        for ask in kinds.get(batch.kind).asks
        if batch.context.get(ask.key)
    }
    return fields


def _sheets(batch: Batch) -> list[str]:
    """Sheets to choose from, when the reader could not."""
    error = batch.file_error or {}
    if error.get("code") != refusal.SHEET_AMBIGUOUS:
        return []
    return [each["name"] if isinstance(each, dict) else str(each) for each in error.get("sheets", [])]


def _created(batch: Batch) -> list[tuple[str, int]]:
    return [(str(wording.CREATED.get(name, name)), n) for name, n in batch.created.items()]


def _question(batch: Batch) -> str:
    """What committing will do, to how many."""
    counts = batch.counts
    if not counts:
        return ""
    text = _("将登记 %(n)s 行。") % {"n": f"{counts['accepted']:,}"}
    if counts.get("rejected"):
        text += _("另有 %(n)s 行有错误，本次不登记，更正后可再次上传。") % {"n": f"{counts['rejected']:,}"}
    return text + _("登记后只能逐条更正，确定提交？")


def _sentences(request: Any, batch: Batch) -> dict[str, str]:
    """The small print of the cards."""
    skipped = len(batch.sheet.get("skipped_rows", []))
    unchanged = batch.counts.get("unchanged", 0)
    common = queries.codes(request.scope, batch, "error")[:3]
    return {
        "skipped_text": _("另有表头、表尾等 %(n)s 行已略过") % {"n": skipped} if skipped else "",
        "unchanged_text": (
            _("另有 %(n)s 行已登记过，无变化") % {"n": f"{unchanged:,}"} if unchanged else _("全部为新的登记")
        ),
        "common_text": " · ".join(f"{wording.fault(code)} {n:,}" for code, n in common),
    }


def _rows(request: Any, batch: Batch, view: queries.View) -> dict[str, Any]:
    code, row = request.GET.get("code", ""), _number(request.GET.get("row", ""))
    return {
        "code": code,
        "row": row,
        "codes": [] if view == "accepted" else queries.codes(request.scope, batch, view),
        "rows": queries.rows(
            request.scope, batch, view, code=code, row=row, after=_number(request.GET.get("after", "")) or 0
        ),
    }


@require_GET
@requires("intake.read")
def progress(request: Any, batch_id: UUID) -> HttpResponse:
    """The moving part, asked for every second; once the work has ended the page is loaded anew."""
    batch = _batch(request, batch_id)
    shown = showing.shown(batch)
    if request.htmx and not shown.working:
        return HttpResponseClientRefresh()
    if not request.htmx:
        return redirect("intake:detail", batch.pk)
    return render(request, "registry/intake/_progress.html", {"batch": batch, "shown": shown})


@require_http_methods(["GET", "POST"])
@requires("intake.correct")
def correct(request: Any, batch_id: UUID, row: int) -> HttpResponseBase:
    """The cells of one row, to be typed over; saved at once, judged when the batch is checked again."""
    batch = _batch(request, batch_id)
    looked = _looked(request, batch, row) if batch.state == State.REVIEW else None
    if looked is None:
        if batch.state != State.REVIEW:
            messages.warning(request, services.NotAllowed.__doc__ or "")
        return redirect("intake:detail", batch.pk)
    form = CorrectionForm(request.POST or None, looked=looked)
    if request.method == "POST" and form.is_valid():
        try:
            return _corrected(request, batch, looked, form)
        except services.NotAllowed as error:
            messages.warning(request, error.__doc__ or "")
            return redirect("intake:detail", batch.pk)
        except correcting.Overtaken:
            looked = _looked(request, batch, row) or looked
            form = _over(request, looked)
        except (correcting.TooMany, correcting.NothingChanged) as error:
            form.add_error(None, error.__doc__ or "")
    context = {"batch": batch, "looked": looked, "form": form, "next": corrections.next_faulty(batch, row)}
    status = 422 if form.errors else 200
    return render(request, "registry/intake/correct.html", context, status=status)


def _looked(request: Any, batch: Batch, row: int) -> corrections.Looked | None:
    """The row with its faults; None, with a word to the reader, when the original cannot be read just now."""
    try:
        found = corrections.look(batch, row)
    except (store.FileGone, store.FileDamaged) as error:
        messages.warning(request, error.__doc__ or "")
        return None
    except (reading.Refused, cage.ChildDied):
        messages.warning(request, _("原件这次未能读取，请稍后再试。"))
        return None
    if found is None:
        raise Http404(_("这一行没有问题，不用更正。"))
    return found


def _corrected(
    request: Any, batch: Batch, looked: corrections.Looked, form: CorrectionForm
) -> HttpResponseBase:
    seen, go_on = form.cleaned_data["seen"], corrections.next_faulty(batch, looked.row)
    if "undo" in request.POST:
        correcting.take_back(looked, actor=request.user, seen=seen)
        messages.success(request, _("第 %(row)s 行已恢复原样。") % {"row": looked.row})
    else:
        correcting.correct(looked, actor=request.user, seen=seen, typed=form.typed)
        messages.success(request, _("第 %(row)s 行的更正已保存。") % {"row": looked.row})
    if "next" in request.POST and go_on is not None:
        return redirect("intake:correct", batch.pk, go_on)
    return redirect(f"{reverse('intake:detail', args=[batch.pk])}?view=error#rows")


def _over(request: Any, looked: corrections.Looked) -> CorrectionForm:
    """What was typed, now over what somebody else has saved meanwhile: to be saved again knowingly, or not."""
    typed = request.POST.copy()
    typed["seen"] = str(looked.version)
    form = CorrectionForm(typed, looked=looked)
    said = _("这一行刚由 %(who)s 更正过，您的更正还没有保存。请核对各栏下“已更正为”的内容；再次保存将覆盖。")
    form.add_error(None, said % {"who": looked.by or _("别人")})
    return form


@require_POST
@requires("intake.correct")
def recheck(request: Any, batch_id: UUID) -> HttpResponseBase:
    """Read and check anew, with what was corrected."""
    batch = _batch(request, batch_id)
    try:
        correcting.recheck(batch.pk, actor=request.user)
    except services.NotAllowed as error:
        messages.warning(request, error.__doc__ or "")
    else:
        tasks.enqueue_check(batch.pk)
    return redirect("intake:detail", batch.pk)


@require_POST
@requires("intake.commit")
def commit(request: Any, batch_id: UUID) -> HttpResponseBase:
    """Register the rows without fault."""
    batch = _batch(request, batch_id)
    try:
        services.send_to_commit(batch.pk, actor=request.user, valid_rows_only=True)
    except services.NotAllowed as error:
        messages.warning(request, error.__doc__ or "")
    else:
        tasks.enqueue_commit(batch.pk)
    return redirect("intake:detail", batch.pk)


@require_POST
@requires("intake.upload")
def cancel(request: Any, batch_id: UUID) -> HttpResponseBase:
    """Stop; what is being worked on stops at its next step and leaves nothing behind."""
    batch = _batch(request, batch_id)
    try:
        services.cancel(batch.pk, actor=request.user, reason=request.POST.get("reason", "")[:200])
    except services.NotAllowed as error:
        messages.warning(request, error.__doc__ or "")
    return redirect("intake:detail", batch.pk)


@require_POST
@requires("intake.upload")
def resume(request: Any, batch_id: UUID) -> HttpResponseBase:
    """Take up a batch whose work was cut off."""
    batch = _batch(request, batch_id)
    try:
        tasks.enqueue_again(services.resume(batch.pk, actor=request.user))
    except services.NotAllowed as error:
        messages.warning(request, error.__doc__ or "")
    return redirect("intake:detail", batch.pk)


@require_GET
@requires("intake.upload")
def blank_workbook(request: Any, kind: str) -> HttpResponse:
    """The blank workbook of a kind."""
    try:
        spec = kinds.get(kind).spec
    except kinds.UnknownKind:
        raise Http404 from None
    out = io.BytesIO()
    template.write(spec, out)
    return _workbook(out.getvalue(), _("%(label)s模板") % {"label": spec.label})


@require_GET
@requires("intake.correct")
def error_workbook(request: Any, batch_id: UUID) -> HttpResponse:
    """The sheet as it came, faulty cells marked and explained; may be corrected and handed in again.

    Of a long sheet only the faulty rows: what is registered already would be found unchanged anyway. Numbers stand in
    it as they were handed in, so it is for whoever corrects them, and that it was taken is recorded.
    """
    batch = _batch(request, batch_id)
    out = io.BytesIO()
    try:
        faulty_only = batch.counts.get("read", 0) > WHOLE_SHEET_ROWS
        rows = errors.write(batch, out, faulty_only=faulty_only)
    except (store.FileGone, store.FileDamaged) as error:
        raise Http404(error.__doc__) from None
    services.errors_fetched(batch, rows=rows, actor=request.user)
    stem = batch.file_name.rpartition(".")[0] or batch.file_name
    return _workbook(out.getvalue(), _("%(stem)s 错误明细") % {"stem": stem})


def _workbook(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = content_disposition_header(True, f"{name}.xlsx") or "attachment"
    return response


def _batch(request: Any, batch_id: UUID) -> Batch:
    batch = queries.batch(request.scope, batch_id)
    if batch is None:
        raise Http404
    if request.method != "GET":
        require(request.actor, kinds.get(batch.kind).may)
    return batch


def _view(wanted: str, batch: Batch) -> queries.View:
    """The tab: the one asked for, else the first that has something to say."""
    counts = batch.counts or {}
    match wanted:
        case "error" | "warning" | "accepted" | "corrected":
            return wanted
        case _ if counts.get("rejected"):
            return "error"
        case _ if counts.get("warnings"):
            return "warning"
    return "accepted"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _labels() -> dict[str, str]:
    return {kind.key: str(kind.label) for kind in kinds.every()}

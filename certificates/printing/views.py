"""Pages of printing: what was printed, an order's file, the copies of one certificate, one certificate as a file."""

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

from certificates.issuance import answers, families
from certificates.issuance.models import Certificate
from certificates.printing import making, paper_queries, queries, services, store, tasks
from certificates.printing.forms import PrintForm, SheetForm
from certificates.printing.models import PrintCopy, PrintJob
from certificates.printing.seals import SealRefused
from registry.accounts.policy import can, requires, scope_of
from registry.lib.web import listed, page_or_part

PDF = "application/pdf"


@require_GET
@requires("certificate.prepare")
def job_list(request: Any) -> HttpResponse:
    """What the body printed, latest first, and the orders that wait to be printed."""
    scope = scope_of(request.actor, "certificate.prepare")
    waiting = [
        (order, left)
        for order in queries.orders(scope)
        .filter(signed__gt=0, **families.of(request.actor))
        .order_by("-created_at")[:20]
        if (left := len(services.left_of(order.pk)))
    ]
    context = {
        "list": listed(request, queries.jobs(scope).filter(**families.of(request.actor)), ["-id"]),
        "waiting": waiting,
        "families": dict(Certificate.Family.choices),
        "now": timezone.now(),
    }
    return render(request, "certificates/printing/list.html", context)


@require_http_methods(["GET", "POST"])
@requires("certificate.prepare")
def new(request: Any, order_id: UUID) -> HttpResponseBase:
    """Print what is left of an order."""
    orders = queries.orders(scope_of(request.actor, "certificate.prepare"))
    order = orders.filter(pk=order_id, **families.of(request.actor)).first()
    if order is None:
        raise Http404
    left = services.left_of(order.pk)
    form = _asked(request, order.institution_id, order.family)
    if form.is_valid():
        try:
            return _printed(request, form, left, order.pk)
        except services.NotAllowed as error:
            form.add_error(None, str(error))
    context = {"order": order, "form": form, "left": len(left), "menu": "printing:list"}
    status = 400 if request.method == "POST" else 200
    return render(request, "certificates/printing/new.html", context, status=status)


def _asked(request: Any, institution_id: int, family: str) -> PrintForm:
    """Begins with the sheet that lies on top, where numbered paper is kept in stock."""
    first = paper_queries.next_serial(institution_id, family)
    return PrintForm(request.POST if request.method == "POST" else None, initial={"first_stock": first})


def _printed(
    request: Any, form: PrintForm, certificates: list[int], order_id: UUID | None
) -> HttpResponseBase:
    job = services.ask(
        actor=request.actor,
        user=request.user,
        certificates=certificates,
        order_id=order_id,
        **form.cleaned_data,
    )
    few = job.total <= tasks.AT_ONCE
    tasks.enqueue(job.pk, later=few)  # should we be killed over it; once made, there is nothing to make
    if few:
        try:
            making.make(job.pk)
        except SealRefused:  # the queue tries again
            messages.warning(request, _("电子签章服务暂时没有应答，稍后自动重试。"))
    return redirect("printing:detail", job.pk)


@require_GET
@requires("certificate.prepare")
def detail(request: Any, job_id: UUID) -> HttpResponse:
    """One file: how far it is, and what became of its sheets."""
    context = _context(request, job_id)
    scope = scope_of(request.actor, "certificate.prepare")
    context["list"] = listed(request, queries.copies(scope, job_id), ["place"], size=100)
    return render(request, "certificates/printing/detail.html", context)


@require_GET
@requires("certificate.prepare")
def progress(request: Any, job_id: UUID) -> HttpResponse:
    """The part of the page that changes while the file is made."""
    if not request.htmx:
        return redirect("printing:detail", job_id)
    context = _context(request, job_id)
    return page_or_part(
        request, "certificates/printing/detail.html", "certificates/printing/_state.html", context
    )


@require_POST
@requires("certificate.download")
def download(request: Any, job_id: UUID) -> HttpResponseBase:
    """The file, to whoever asked for it."""
    if queries.job(scope_of(request.actor, "certificate.download"), job_id) is None:
        raise Http404
    try:
        job = services.fetch(job_id, user=request.user)
    except PrintJob.DoesNotExist:
        raise Http404 from None
    except services.NotAllowed as error:
        messages.warning(request, str(error))
        return redirect("printing:detail", job_id)
    name = f"{job.get_family_display()} {job.number}.pdf"
    return StreamingHttpResponse(
        store.slices(job.pk),
        content_type=PDF,
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Content-Length": str(job.file_bytes),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("certificate.prepare")
def copies(request: Any, certificate_id: int) -> HttpResponseBase:
    """Every copy of one certificate; and printing it once more, with its number and another sheet."""
    scope = scope_of(request.actor, "certificate.prepare")
    certificate = queries.printable(scope).filter(pk=certificate_id, **families.of(request.actor)).first()
    if certificate is None:
        raise Http404
    form = _asked(request, certificate.institution_id or 0, certificate.family)
    if form.is_valid():
        try:
            return _printed(request, form, [certificate.pk], None)
        except services.NotAllowed as error:
            form.add_error(None, str(error))
    context = {
        "certificate": certificate,
        "copies": queries.copies_of(certificate.pk),
        "reasons": services.REASONS,
        "sheet_form": SheetForm(),
        "form": form,
        "menu": "printing:list",
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "certificates/printing/copies.html", context, status=status)


@require_POST
@requires("certificate.download")
def one(request: Any, certificate_id: int) -> HttpResponseBase:
    """One certificate as a file, to its holder and its body, while it stands."""
    scope = scope_of(request.actor, "certificate.download")
    certificate = queries.printable(scope).filter(pk=certificate_id, **families.of(request.actor)).first()
    if certificate is None or answers.of_ids([certificate_id]).get(certificate_id) != "valid":
        raise Http404
    try:
        made = making.one(certificate, bilingual=request.POST.get("bilingual") == "on")
    except SealRefused:
        return _unsealed(request)
    if made is None:
        raise Http404
    services.fetched_one(certificate, user=request.user)
    name = f"{certificate.name} {certificate.number}.pdf"
    return HttpResponse(
        made,
        content_type=PDF,
        headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
    )


def _unsealed(request: Any) -> HttpResponseBase:
    """A certificate without the seal that it should have is not given out."""
    messages.warning(request, _("电子签章服务暂时没有应答，证书没有生成。请稍后再试。"))
    return redirect("home")


@require_POST
@requires("certificate.prepare")
def note(request: Any, copy_id: int) -> HttpResponseBase:
    """A sheet is spoiled, or was taken back."""
    scope = scope_of(request.actor, "certificate.prepare")
    copy = PrintCopy.objects.filter(
        pk=copy_id, job__in=queries.jobs(scope).filter(**families.of(request.actor))
    ).first()
    if copy is None:
        raise Http404
    form = SheetForm(request.POST)
    if form.is_valid():
        try:
            services.note(copy.pk, actor=request.user, **form.cleaned_data)
            messages.success(request, _("已登记。证书编号不变，重新打印时使用新的证书纸。"))
        except services.NotAllowed as error:
            messages.warning(request, str(error))
    else:
        messages.warning(request, _("还没有登记：请选择处理方式和原因。"))
    return redirect("printing:detail", copy.job_id)


def _context(request: Any, job_id: UUID) -> dict[str, Any]:
    job = queries.job(scope_of(request.actor, "certificate.prepare"), job_id)
    if job is None or not families.allows(request.actor, job.family):
        raise Http404
    over = job.expires_at is not None and job.expires_at <= timezone.now()
    return {
        "job": job,
        "working": job.state in (PrintJob.State.QUEUED, PrintJob.State.MAKING),
        "over": over,
        "left_out": max(0, job.total - job.done),
        "may_fetch": job.state == PrintJob.State.READY
        and not over
        and job.asker_id == request.user.pk
        and can(request.actor, "certificate.download"),
        "reasons": services.REASONS,
        "sheet_form": SheetForm(),
        "menu": "printing:list",
    }

"""Pages of lists of measures: all of them, a new one, one with its lines and how far it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance import acts, measures, reasons
from certificates.issuance.act_models import ActKind, Measure, MeasureRow
from certificates.issuance.forms import ListForm
from certificates.issuance.models import Attestation
from certificates.issuance.queries import certificates
from registry.accounts.policy import can, require, requires, scope_of
from registry.lib import figures
from registry.lib.web import listed, page_or_part
from registry.review.errors import Conflict

_ROWS = 100


@require_GET
@requires("certificate.measures")
def measure_list(request: Any) -> HttpResponse:
    """Lists in view, the newest first."""
    page = listed(request, measures.measures(request.scope), ["-id"])
    kinds = [(kind, ActKind(kind).label) for kind in measures.RIGHTS if _may(request, kind)]
    context = {"list": page, "kinds": kinds, "menu": "certificates:list"}
    return render(request, "certificates/issuance/measures.html", context)


@require_http_methods(["GET", "POST"])
@requires("certificate.revoke_request")
def new(request: Any, kind: str) -> HttpResponseBase:
    """Draw a list up: from pasted lines, or from the certificates of one order or one sheet in the address."""
    if kind not in measures.RIGHTS:
        raise Http404
    require(request.actor, measures.RIGHTS[kind][0])
    words = {code: one.label for code, one in reasons.of(kind).items()}
    initial = {"lines": _numbers(request, kind)} if request.method == "GET" else None
    form = ListForm(words, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = measures.draw_up(kind, form.asked(), actor=request.user, note=form.cleaned_data["note"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("certificates:measure", made.pk)
    context = {
        "form": form,
        "kind": kind,
        "label": ActKind(kind).label,
        "reasons": words,
        "second": measures.RIGHTS[kind][1] is not None,
        "most": figures.number("certificates.measure_rows"),
        "menu": "certificates:list",
    }
    return render(
        request, "certificates/issuance/measure_new.html", context, status=422 if form.is_bound else 200
    )


def _numbers(request: Any, kind: str) -> str:
    """The numbers of one order's or one sheet's certificates in reach, one a line."""
    found = certificates(scope_of(request.actor, measures.RIGHTS[kind][0])).filter(
        state__in=acts.LEADS[kind][1]
    )
    if order := _uuid(request.GET.get("order", "")):
        found = found.filter(pk__in=Attestation.objects.filter(order_id=order).values("pk"))
    elif batch := _uuid(request.GET.get("batch", "")):
        found = found.filter(batch_id=batch)
    else:
        return ""
    most = figures.number("certificates.measure_rows")
    return "\n".join(found.order_by("number").values_list("number", flat=True)[:most])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_GET
@requires("certificate.measures")
def detail(request: Any, measure_id: UUID) -> HttpResponse:
    """One list: what is to be done to which certificates, and what came of each line."""
    measure = _measure(request, measure_id)
    page = listed(request, _rows(request, measure), ["position"], size=_ROWS, total=_total(request, measure))
    words = reasons.labels(measure.kind)
    context = {
        **_state(request, measure),
        "list": page,
        "rows": [
            (row, words.get(row.reason, row.reason), acts.PROBLEMS.get(row.problem, "")) for row in page.rows
        ],
        "view": request.GET.get("view", ""),
    }
    return render(request, "certificates/issuance/measure.html", context)


def _rows(request: Any, measure: Measure) -> Any:
    found = measure.rows.select_related("certificate")
    view = request.GET.get("view", "")
    return found.filter(outcome=view) if view in MeasureRow.Outcome.values else found


def _total(request: Any, measure: Measure) -> int | None:
    return measure.total if request.GET.get("view", "") not in MeasureRow.Outcome.values else None


@require_GET
@requires("certificate.measures")
def progress(request: Any, measure_id: UUID) -> HttpResponse:
    """The part of the page that changes while the list is carried out."""
    measure = _measure(request, measure_id)
    if not request.htmx:
        return redirect("certificates:measure", measure.pk)
    context = _state(request, measure)
    part = "certificates/issuance/_measure_state.html"
    return page_or_part(request, part, part, context)


def _state(request: Any, measure: Measure) -> dict[str, Any]:
    mine = measure.maker_id == request.user.pk
    going = measure.total - measure.refused
    draft = measure.state == Measure.State.DRAFT
    return {
        "measure": measure,
        "label": ActKind(measure.kind).label,
        "going": going,
        "second": measures.RIGHTS[measure.kind][1] is not None,
        "working": measure.state == Measure.State.DOING,
        "may_submit": mine and draft and going > 0 and _may(request, measure.kind),
        "may_drop": mine and draft,
        "menu": "certificates:list",
    }


@require_POST
@requires("certificate.revoke_request")
def submit(request: Any, measure_id: UUID) -> HttpResponseBase:
    """Hand one's own draft in."""
    measure = _measure(request, measure_id)
    if measure.maker_id != request.user.pk:
        raise Http404
    require(request.actor, measures.RIGHTS[measure.kind][0])
    try:
        made = measures.submit(measure.pk, actor=request.user)
    except (ValidationError, Conflict) as error:
        messages.warning(request, "；".join(getattr(error, "messages", [str(error)])))
    else:
        waiting = made.state == Measure.State.WAITING
        messages.success(request, _("已提交，须由另一人审核。") if waiting else _("已提交办理。"))
    return redirect("certificates:measure", measure.pk)


@require_POST
@requires("certificate.revoke_request")
def drop(request: Any, measure_id: UUID) -> HttpResponseBase:
    """Give one's own draft up."""
    measure = _measure(request, measure_id)
    try:
        measures.drop(measure.pk, actor=request.user)
    except ValidationError as error:
        messages.warning(request, "；".join(error.messages))
        return redirect("certificates:measure", measure.pk)
    messages.success(request, _("已放弃。"))
    return redirect("certificates:measures")


def _may(request: Any, kind: str) -> bool:
    return can(request.actor, measures.RIGHTS[kind][0])


def _measure(request: Any, measure_id: UUID) -> Measure:
    measure = measures.measures(request.scope).filter(pk=measure_id).first()
    if measure is None:
        raise Http404
    return measure

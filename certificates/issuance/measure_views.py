"""Pages of lists of measures: all of them, a new one, one with its lines and how far it is."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.issuance import acts, measures, reasons
from certificates.issuance.act_models import ActKind, Measure, MeasureRow
from certificates.issuance.forms import ListForm
from certificates.issuance.measure_columns import SPEC
from certificates.issuance.models import Attestation, Order
from certificates.issuance.queries import certificates
from registry.accounts.policy import can, require, requires, scope_of
from registry.intake import template as blank
from registry.lib import figures
from registry.lib.web import listed, page_or_part
from registry.lib.xlsx import CONTENT_TYPE
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
    """Draw a list up: from pasted lines or a file; the address may name an order, exam or sheet to begin with."""
    if kind not in measures.RIGHTS:
        raise Http404
    require(request.actor, measures.RIGHTS[kind][0])
    words = {code: one.label for code, one in reasons.of(kind).items()}
    batch = _batch(request, kind)
    most = figures.number("certificates.measure_rows")
    initial = {"lines": "\n".join(batch[:most])} if batch else None
    form = ListForm(words, request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = measures.draw_up(
                kind, form.cleaned_data["asked"], actor=request.user, note=form.cleaned_data["note"]
            )
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
        "most": most,
        "batch": None if batch is None else len(batch),
        "menu": "certificates:list",
    }
    return render(
        request, "certificates/issuance/measure_new.html", context, status=422 if form.is_bound else 200
    )


def _batch(request: Any, kind: str) -> list[str] | None:
    """Numbers of the certificates in reach of one order, one exam or one sheet that the kind can be done to.

    None where the address names none of them.
    """
    asked = request.GET
    exam = asked.get("exam", "")
    if order := _uuid(asked.get("order", "")):
        of = Q(pk__in=Attestation.objects.filter(order_id=order).values("pk"))
    elif exam.isascii() and exam.isdigit() and len(exam) < 10:
        orders = Order.objects.filter(evaluation_id=int(exam)).values("pk")
        of = Q(pk__in=Attestation.objects.filter(order_id__in=orders).values("pk"))
    elif sheet := _uuid(asked.get("batch", "")):
        of = Q(batch_id=sheet)
    else:
        return None
    seen = certificates(scope_of(request.actor, measures.RIGHTS[kind][0]))
    found = seen.filter(of, state__in=acts.LEADS[kind][1]).order_by("number")
    return list(found.values_list("number", flat=True))


@require_GET
@requires("certificate.revoke_request")
def template(request: Any, kind: str) -> HttpResponse:
    """The blank workbook of such a list, with the reasons of today to choose from."""
    if kind not in measures.RIGHTS:
        raise Http404
    words = tuple(one.label for one in reasons.of(kind).values())
    columns = tuple(replace(one, choices=words) if one.key == "reason" else one for one in SPEC.columns)
    out = io.BytesIO()
    blank.write(replace(SPEC, columns=columns), out)
    name = _("批量%(label)s名单模板.xlsx") % {"label": ActKind(kind).label}
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(out.getvalue(), content_type=CONTENT_TYPE, headers=headers)


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

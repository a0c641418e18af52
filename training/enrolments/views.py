"""Pages of enrolments: the rows behind a number, and one row with where it came from."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from registry.accounts.policy import can, requires
from registry.audit import receipts
from registry.intake import cage, reading, source, store
from registry.intake import queries as intake
from registry.lib.web import listed, page_or_part
from registry.people import looking
from training.classes import queries as classes
from training.enrolments import queries
from training.enrolments.forms import EnrolmentFilter
from training.enrolments.models import Enrolment
from training.enrolments.receipts import rows_of


@require_GET
@requires("enrolment.read")
def enrolment_list(request: Any) -> HttpResponse:
    """Rows within the reader's scope, latest registered first; the address holds the filter."""
    form, found = _asked_for(request)
    asked = form.cleaned_data
    return render(
        request,
        "training/enrolments/list.html",
        {
            "form": form,
            "list": listed(request, found.prefetch_related("person__documents"), ["-id"]),
            "klass": classes.klass(request.scope, asked["klass"]) if asked.get("klass") else None,
            "batch": intake.batch(request.scope, asked["batch"]) if asked.get("batch") else None,
            "may_export": can(request.actor, "export.rows"),
        },
    )


def _asked_for(request: Any) -> tuple[EnrolmentFilter, QuerySet[Enrolment]]:
    form = EnrolmentFilter(request.GET)
    form.is_valid()
    return form, queries.filtered(queries.enrolments(request.scope), **form.cleaned_data)


@require_GET
@requires("enrolment.read")
def detail(request: Any, enrolment_id: int) -> HttpResponse:
    """One enrolment: the facts it is counted by, and its file, sheet and row: two where another sheet ended it."""
    row = _enrolment(request, enrolment_id)
    looking.note(row.person, reader=request.user, what="enrolment")
    origins = queries.provenance(row)
    may_batch = can(request.actor, "intake.read")
    return render(
        request,
        "training/enrolments/detail.html",
        {
            "row": row,
            "may_receipt": can(request.actor, "audit.receipt"),
            "origins": [
                (origin, may_batch and intake.batch(request.scope, origin.batch.pk) is not None)
                for origin in origins
            ],
        },
    )


@require_GET
@requires("enrolment.read")
def cells(request: Any, enrolment_id: int, reports: bool = False) -> HttpResponse:
    """The cells of the row in the sheet as it came, read again from the kept file; ``reports``: of the result's row."""
    row = _enrolment(request, enrolment_id)
    looking.note(row.person, reader=request.user, what="source")
    origin = next((each for each in queries.provenance(row) if each.reports == reports), None)
    if origin is None:
        raise Http404
    gone = ""
    found = source.Cells()
    try:
        if row.person.restricted_at is not None and request.scope.kind not in ("own", "all"):
            gone = _("该学员的信息已限制处理，原表不再显示。")
        else:
            found = source.cells(origin.batch, origin.row)
    except (store.FileGone, store.FileDamaged) as error:
        gone = error.__doc__ or ""
    except (reading.Refused, cage.ChildDied):
        gone = _("原件这次未能读取，请稍后再试。")
    return page_or_part(
        request,
        "training/enrolments/cells.html",
        "training/enrolments/_cells.html",
        {"row": row, "origin": origin, "cells": found, "gone": gone},
    )


@require_GET
@requires("audit.receipt")
def receipt(request: Any, enrolment_id: int) -> HttpResponse:
    """What the log holds of the row, for its person to keep; with what was attested and paid by the same row."""
    row = _enrolment(request, enrolment_id)
    return render(
        request,
        "registry/audit/receipt.html",
        {
            **receipts.shown(rows_of(row)),
            "title": row.klass.occupation_text or row.klass.name or row.klass.number,
            "person_id": row.person_id,
            "download": "enrolments:receipt_file",
            "row": row,
        },
    )


@require_GET
@requires("audit.receipt")
def receipt_file(request: Any, enrolment_id: int) -> HttpResponse:
    """The receipt as a file."""
    try:
        made = receipts.receipt(rows_of(_enrolment(request, enrolment_id)))
    except receipts.NoReceipt:
        raise Http404 from None
    answer = JsonResponse(made, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-enrolment-{enrolment_id}.json"'
    return answer


def _enrolment(request: Any, enrolment_id: int) -> Enrolment:
    row = queries.enrolment(request.scope, enrolment_id)
    if row is None:
        raise Http404
    return row

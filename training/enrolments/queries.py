"""Nouns of enrolments: the rows behind every number, and from each row back to its file, sheet and cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from registry.accounts.scopes import within
from registry.intake.models import Batch
from registry.lib.scope import Scope
from training.enrolments.models import Enrolment


def enrolments(scope: Scope) -> QuerySet[Enrolment]:
    """All that the reader may see, with class, provider and person."""
    seen = within(
        scope, region_field="region_code", institution_field="klass__institution_id", person_field="person_id"
    )
    return Enrolment.objects.filter(seen).select_related("person", "klass__institution", "klass__level")


def enrolment(scope: Scope, enrolment_id: int) -> Enrolment | None:
    """None outside the scope."""
    return enrolments(scope).filter(pk=enrolment_id).first()


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Enrolment]:
    """One person's trainings, latest first."""
    return enrolments(scope).filter(person_id=person_id).order_by("-started_on", "-id")


def filtered(
    found: QuerySet[Enrolment],
    *,
    klass: int | None = None,
    batch: UUID | None = None,
    state: str = "",
    training_type: str = "",
    category: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Enrolment]:
    """Those that the filter row asks for; `since` and `until` bound the day of finishing, both included.

    `batch` asks for whatever came by it, whether it enrolled or reported the result.
    """
    wanted = {
        "klass_id": klass,
        "state": state,
        "training_type": training_type,
        "category": category,
        "finished_on__gte": since,
        "finished_on__lte": until,
    }
    if batch is not None:
        found = found.filter(Q(batch_id=batch) | Q(result_batch_id=batch))
    return found.filter(**{name: value for name, value in wanted.items() if value})


@dataclass(frozen=True, slots=True)
class Provenance:
    """A row of a sheet that this record came from: the one that enrolled, or another that ``reports`` its result."""

    batch: Batch
    sheet: str
    row: int
    reports: bool


def provenance(row: Enrolment) -> list[Provenance]:
    """The row that enrolled, then the one that reported the result, where it was another; none without a sheet."""
    named = [(row.batch_id, row.row_no, False), (row.result_batch_id, row.result_row_no, True)]
    batches = (
        Batch.objects.select_related("uploaded_by", "institution")
        .filter(pk__in=[batch_id for batch_id, _no, _reports in named if batch_id is not None])
        .in_bulk()
    )
    return [
        Provenance(
            batch=batches[batch_id],
            sheet=batches[batch_id].sheet.get("name", ""),
            row=row_no,
            reports=reports,
        )
        for batch_id, row_no, reports in named
        if batch_id in batches and batch_id is not None and row_no is not None
    ]

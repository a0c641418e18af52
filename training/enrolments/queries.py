"""Nouns of enrolments: the rows behind every number, and from each row back to its file, sheet and cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

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
    """Those that the filter row asks for; `since` and `until` bound the day of finishing, both included."""
    wanted = {
        "klass_id": klass,
        "batch_id": batch,
        "state": state,
        "training_type": training_type,
        "category": category,
        "finished_on__gte": since,
        "finished_on__lte": until,
    }
    return found.filter(**{name: value for name, value in wanted.items() if value})


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a row came from. ``cells`` (heading → value) are read from the kept file, None once it is gone."""

    batch: Batch
    sheet: str
    row: int


def provenance(row: Enrolment) -> Provenance | None:
    """None for a row that was not registered from a sheet."""
    if row.batch_id is None or row.row_no is None:
        return None
    batch = Batch.objects.select_related("uploaded_by", "institution").filter(pk=row.batch_id).first()
    if batch is None:
        return None
    return Provenance(batch=batch, sheet=batch.sheet.get("name", ""), row=row.row_no)

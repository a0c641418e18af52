"""Nouns of rights: cases within a reader's scope, and what they say."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from registry.accounts.scopes import within
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.regions.models import Region
from registry.rights.models import Correction
from registry.rights.sealing import opened


def corrections(scope: Scope) -> QuerySet[Correction]:
    """Cases in view, oldest day first. A case that belongs to no division is for every division to take up."""
    seen = within(
        scope, region_field="region_code", institution_field="institution_id", person_field="person_id"
    )
    if scope.kind == "region":
        seen |= Q(region_code="")
    return (
        Correction.objects.filter(seen)
        .select_related("person", "asked_by", "answered_by", "institution")
        .order_by("due_on", "id")
    )


def waiting(scope: Scope) -> QuerySet[Correction]:
    """Open cases, those due first at the top, overdue ones with them."""
    return corrections(scope).filter(state=Correction.State.OPEN)


def overdue(scope: Scope, on: date) -> QuerySet[Correction]:
    """Open cases whose last day is over."""
    return waiting(scope).filter(due_on__lt=on)


def corrections_of(scope: Scope, person_id: UUID) -> QuerySet[Correction]:
    """One person's cases, newest first."""
    return corrections(scope).filter(person_id=person_id).order_by("-asked_at", "-id")


def said(case: Correction) -> dict[str, str] | None:
    """What should stand there (`proposed`) and `why`; None once destroyed."""
    found: dict[str, str] | None = opened(case.said, case.seal_id)
    return found


def answered(case: Correction) -> str | None:
    """The answer's text; None without one."""
    text: str | None = opened(case.answer, case.seal_id)
    return text


def region_of(person: Person) -> str:
    """The division that answers for a person: of the latest training, else of registration, else empty."""
    path = "enrolments__region_code"
    latest = (
        Person.objects.filter(pk=person.pk, enrolments__isnull=False)
        .order_by("-enrolments__started_on", "-enrolments__id")
        .values_list(path, flat=True)
        .first()
    )
    code: Any = latest or person.region_code
    return code if code and Region.objects.filter(code=code).exists() else ""

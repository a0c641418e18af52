"""Nouns of money paid, within a reader's scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, QuerySet

from registry.accounts.scopes import within
from registry.lib.scope import Scope
from training.claims.models import Payment


def payments(scope: Scope) -> QuerySet[Payment]:
    """All that the reader may see, with the class it was paid for."""
    seen = within(
        scope,
        region_field="region_code",
        institution_field="enrolment__klass__institution_id",
        person_field="enrolment__person_id",
    )
    return Payment.objects.filter(seen).select_related("enrolment__klass__institution")


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Payment]:
    """Money paid for one person's trainings, latest first, that without a date last."""
    found = payments(scope).filter(enrolment__person_id=person_id)
    return found.order_by(F("paid_on").desc(nulls_last=True), "-id")

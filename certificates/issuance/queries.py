"""Nouns of certificates, within a reader's scope."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F, QuerySet

from certificates.issuance.models import Certificate
from registry.accounts.scopes import within
from registry.lib.scope import Scope


def certificates(scope: Scope) -> QuerySet[Certificate]:
    """All that the reader may see, with level and provider."""
    seen = within(
        scope, region_field="region_code", institution_field="institution_id", person_field="person_id"
    )
    return Certificate.objects.filter(seen).select_related("level", "institution")


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Certificate]:
    """One person's certificates, latest first, those without a date last."""
    return (
        certificates(scope).filter(person_id=person_id).order_by(F("issued_on").desc(nulls_last=True), "-id")
    )

"""Nouns of printing, within a reader's scope."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from certificates.issuance.models import Certificate, Order
from certificates.printing.models import PageLayout, PrintCopy, PrintJob
from registry.accounts.scopes import within
from registry.lib.scope import Scope


def _of_body(scope: Scope) -> QuerySet[PrintJob]:
    return PrintJob.objects.filter(within(scope, institution_field="institution_id"))


def jobs(scope: Scope) -> QuerySet[PrintJob]:
    """What the reader's body printed."""
    return _of_body(scope).select_related("order", "institution", "asker")


def job(scope: Scope, job_id: UUID) -> PrintJob | None:
    return jobs(scope).select_related("layout").filter(pk=job_id).first()


def copies(scope: Scope, job_id: UUID) -> QuerySet[PrintCopy]:
    """The copies of one job with their certificates."""
    return PrintCopy.objects.filter(job__in=_of_body(scope), job_id=job_id).select_related("certificate")


def copies_of(certificate_id: int) -> QuerySet[PrintCopy]:
    """Every copy of a certificate that the caller was let see, latest first."""
    return (
        PrintCopy.objects.filter(certificate_id=certificate_id)
        .select_related("job", "state_by")
        .order_by("-turn")
    )


def orders(scope: Scope) -> QuerySet[Order]:
    """Orders of the reader's body."""
    return Order.objects.filter(within(scope, institution_field="institution_id")).select_related(
        "institution"
    )


def printable(scope: Scope) -> QuerySet[Certificate]:
    """Certificates of ours within reach that stand."""
    seen = within(
        scope, region_field="region_code", institution_field="institution_id", person_field="person_id"
    )
    return Certificate.objects.filter(
        seen, basis=Certificate.Basis.ISSUED, state=Certificate.State.VALID
    ).select_related("institution")


def layout_for(family: str, day: date) -> PageLayout | None:
    """The version in force on a day: the one that began last."""
    rows = PageLayout.objects.filter(family=family, valid_from__lte=day)
    return rows.order_by("-valid_from", "-version").first()


def versions(family: str) -> QuerySet[PageLayout]:
    return PageLayout.objects.filter(family=family).select_related("made_by").order_by("-version")

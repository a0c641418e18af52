"""Nouns of orders and keys, within a reader's scope."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db.models import Count, OuterRef, QuerySet, Subquery

from certificates.evaluations import queries as evaluations
from certificates.evaluations.models import Exam
from certificates.issuance.models import Attestation, Order, OrderLine, SigningKey
from registry.accounts.scopes import within
from registry.lib.scope import Scope

UNDER_WAY = (Order.State.DRAFT, Order.State.WAITING, Order.State.APPROVED, Order.State.ISSUING)
LIVE = (*UNDER_WAY, Order.State.DONE)


class Made(NamedTuple):
    """What was attested of one source: the certificate's id, its number, and `prepared` or `signed`."""

    certificate: int
    number: str
    stage: str


def orders(scope: Scope) -> QuerySet[Order]:
    """Of the reader's institution or division, with who made them."""
    seen = within(scope, region_field="region_code", institution_field="institution_id")
    return Order.objects.filter(seen).select_related("institution", "maker")


def lines(order: Order) -> QuerySet[OrderLine]:
    """Whom an order that the reader has fetched is for, each with the `number`, `certificate` and `stage` reached."""
    made = Attestation.objects.filter(
        order_id=OuterRef("order_id"), source_type=OuterRef("source_type"), source_id=OuterRef("source_id")
    ).exclude(state=Attestation.State.VOID)
    return order.lines.select_related("person").annotate(
        number=Subquery(made.values("number")[:1]),
        certificate=Subquery(made.values("id")[:1]),
        stage=Subquery(made.values("state")[:1]),
    )


def made_of(source_type: str, source_ids: Collection[str]) -> dict[str, Made]:
    """By source, what stands attested of those that the reader has fetched; sources without are absent."""
    found = Attestation.objects.filter(source_type=source_type, source_id__in=source_ids)
    rows = found.exclude(state=Attestation.State.VOID).values_list("source_id", "id", "number", "state")
    return {source: Made(pk, number, stage) for source, pk, number, stage in rows}


def of_origin(origin: str) -> QuerySet[Order]:
    """What was drawn up for one source that the reader has fetched, such as a class, the latest first."""
    return Order.objects.filter(origin=origin).order_by("-created_at")


def reasons(order: Order) -> list[tuple[str, int]]:
    """How many were refused for which reason, the most frequent first."""
    found = order.lines.exclude(refusal="").values_list("refusal").annotate(n=Count("id"))
    return sorted(found, key=lambda row: (-row[1], row[0]))


def issuable(scope: Scope) -> QuerySet[Exam]:
    """Closed batches for which nobody has drawn up an order yet."""
    taken = Order.objects.filter(evaluation_id__isnull=False, state__in=LIVE).values("evaluation_id")
    return evaluations.counted(evaluations.closed(scope)).exclude(pk__in=taken)


def signing_keys(scope: Scope) -> QuerySet[SigningKey]:
    """Of the reader's institution, or all; nothing of their private halves is read."""
    seen = within(scope, region_field="institution__region_id", institution_field="institution_id")
    return SigningKey.objects.filter(seen).defer("private").select_related("institution")

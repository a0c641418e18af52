"""Nouns of orders and keys, within a reader's scope."""

from __future__ import annotations

from django.db.models import Count, OuterRef, QuerySet, Subquery

from certificates.evaluations import queries as evaluations
from certificates.evaluations.models import Exam
from certificates.issuance.models import Attestation, Order, OrderLine, SigningKey
from registry.accounts.scopes import within
from registry.lib.scope import Scope

LIVE = (Order.State.DRAFT, Order.State.WAITING, Order.State.APPROVED, Order.State.ISSUING, Order.State.DONE)


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

"""An assessment body's first screen: exam days, batches to issue for, orders on their way, pages to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from certificates.evaluations import queries as evaluations
from certificates.evaluations.models import Exam
from certificates.issuance import order_queries
from certificates.issuance.models import Order
from certificates.printing import services
from registry.accounts.models import Role
from registry.accounts.policy import can
from registry.config.panels import Card
from registry.lib.scope import Actor

SHOWN = 5
_UNDER_WAY = (Exam.State.PUBLISHED, Exam.State.EXAMINED, Exam.State.SCORED, Exam.State.LOCKED)
_OPEN = (Order.State.DRAFT, Order.State.WAITING, Order.State.APPROVED, Order.State.ISSUING)


def _work(actor: Actor) -> Mapping[str, Any]:
    orders = order_queries.orders(actor.scope)
    issued = orders.filter(signed__gt=0).order_by("-created_at")[:SHOWN]
    drawn_up = Order.objects.exclude(state=Order.State.CANCELLED).filter(evaluation_id__isnull=False)
    return {
        "today": timezone.localdate(),
        "exams": evaluations.counted(evaluations.exams(actor.scope).filter(state__in=_UNDER_WAY)).order_by(
            "exam_on", "id"
        )[:SHOWN],
        "closed": evaluations.closed(actor.scope).exclude(pk__in=drawn_up.values("evaluation_id"))[:SHOWN],
        "orders": orders.filter(state__in=_OPEN).order_by("-created_at")[:SHOWN],
        "to_print": [(order, left) for order in issued if (left := len(services.left_of(order.pk)))]
        if can(actor, "certificate.prepare")
        else [],
        "may_prepare": can(actor, "certificate.prepare"),
    }


BODY = Card(
    "assessment",
    "certificates/printing/_card.html",
    _work,
    roles=frozenset({Role.EB, Role.ES}),
    order=12,
)

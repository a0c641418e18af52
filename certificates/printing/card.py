"""The first screen of who issues: exam days, batches to issue for, orders on their way, pages to print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from certificates.evaluations import queries as evaluations
from certificates.evaluations.models import Exam
from certificates.issuance import families, order_queries, validity
from certificates.issuance.models import Order
from certificates.issuance.queries import certificates
from certificates.printing import paper_queries, services
from registry.accounts.models import Role
from registry.accounts.policy import can
from registry.config.panels import Card
from registry.lib import figures
from registry.lib.scope import Actor

SHOWN = 5
_UNDER_WAY = (Exam.State.PUBLISHED, Exam.State.EXAMINED, Exam.State.SCORED, Exam.State.LOCKED)
_SCHOOL = frozenset({Role.PC, Role.PP})


def _work(actor: Actor) -> Mapping[str, Any] | None:
    today = timezone.localdate()
    orders = order_queries.orders(actor.scope).filter(**families.of(actor))
    issued = orders.filter(signed__gt=0).order_by("-created_at")[:SHOWN]
    may_prepare = can(actor, "certificate.prepare")
    left = [(order, len(services.left_of(order.pk))) for order in issued] if may_prepare else []
    found = {
        **_exams(actor),
        "orders": list(orders.filter(state__in=order_queries.UNDER_WAY).order_by("-created_at")[:SHOWN]),
        "to_print": [(order, n) for order, n in left if n],
        "paper": [one for one in paper_queries.held(actor.scope, today) if one.low or one.due],
        "ending": certificates(actor.scope).filter(validity.ending(today)).count(),
    }
    # Few schools issue certificates themselves.
    if actor.role in _SCHOOL and not any(found.values()):
        return None
    least = figures.number("printing.low_stock")
    return {**found, "today": today, "may_prepare": may_prepare, "least": least}


def _exams(actor: Actor) -> dict[str, list[Exam]]:
    if not can(actor, "exam.read"):
        return {"exams": [], "closed": []}
    held = evaluations.exams(actor.scope).filter(state__in=_UNDER_WAY)
    drawn_up = Order.objects.exclude(state=Order.State.CANCELLED).filter(evaluation_id__isnull=False)
    closed = evaluations.closed(actor.scope).exclude(pk__in=drawn_up.values("evaluation_id"))
    return {
        "exams": list(evaluations.counted(held).order_by("exam_on", "id")[:SHOWN]),
        "closed": list(closed[:SHOWN]),
    }


BODY = Card(
    "assessment",
    "certificates/printing/_card.html",
    _work,
    roles=frozenset({Role.EB, Role.ES}) | _SCHOOL,
    order=12,
)

"""Issuing over the API: an institution's own system hands an order in; a signatory agrees to it on the page.

A system never signs: it makes the order that a person decides on, who is not the one that issued its key.
"""

# Annotations are read at run time, through decorators: they must be types here, not text.
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from certificates.issuance import hooks, order_queries, orders
from certificates.issuance.models import Order
from registry.accounts.policy import requires, scope_of
from registry.apikeys.calls import once

router = Router(tags=["certificates"])

Problems = {403: dict[str, Any], 404: dict[str, Any], 422: dict[str, Any]}
MOST = 1_000


class Issue(Schema):
    """A closed batch by its number, and the day that the certificates bear."""

    exam: str = Field(max_length=40)
    issued_on: date


class Issued(Schema):
    """An order and how far it is: `refused` of `total` get none, the others get a number, then a signature."""

    order: UUID
    state: str
    words: str
    issued_on: date
    total: int
    prepared: int
    signed: int
    refused: int
    finished_at: datetime | None


class Line(Schema):
    """One whom an order is for. `stage` "", prepared or signed; `refusal` a code, `why` what it reads like."""

    line: int
    source: str
    source_id: str
    number: str | None
    stage: str
    refusal: str
    why: str


class Lines(Schema):
    """Ask again with `after` = `cursor` while `more`."""

    lines: list[Line]
    cursor: int
    more: bool


@router.post("/orders", response={202: Issued, **Problems})
@requires("certificate.prepare")
@once
def certificate_issue(request: Any, wanted: Issue) -> Status[dict[str, Any]]:
    """Draw an order up for a closed batch and hand it to the signatory."""
    scope = scope_of(request.actor, "certificate.prepare")
    exam = order_queries.issuable(scope).filter(number=wanted.exam).first()
    if exam is None:
        raise ValidationError(_("该评价批次不存在、尚未办结，或已有签发单。"))
    try:
        order = orders.for_exam(
            actor=request.actor, user=request.user, exam_id=exam.pk, issued_on=wanted.issued_on
        )
        order = orders.submit(order.pk, actor=request.actor, user=request.user)
    except orders.NotNow as error:
        raise ValidationError(str(error)) from error
    return Status(202, _told(order))


@router.get("/orders/{uuid:order_id}", response={200: Issued, **Problems})
@requires("certificate.orders")
def certificate_order(request: Any, order_id: UUID) -> dict[str, Any]:
    """How far an order is."""
    return _told(_order(request, order_id))


@router.get("/orders/{uuid:order_id}/lines", response={200: Lines, **Problems})
@requires("certificate.orders")
def certificate_order_lines(
    request: Any,
    order_id: UUID,
    after: int = Query(0, ge=0, le=2**62),  # type: ignore[type-arg]
) -> dict[str, Any]:
    """Whom an order is for, at most 1,000 at a time: their numbers, and why somebody gets none."""
    found = order_queries.lines(_order(request, order_id)).filter(pk__gt=after).order_by("pk")
    rows: list[Any] = list(found[: MOST + 1])
    shown = [
        {
            "line": row.pk,
            "source": row.source_type,
            "source_id": row.source_id,
            "number": row.number,
            "stage": row.stage or "",
            "refusal": row.refusal,
            "why": hooks.wording(row.refusal) if row.refusal else "",
        }
        for row in rows[:MOST]
    ]
    return {"lines": shown, "cursor": shown[-1]["line"] if shown else after, "more": len(rows) > MOST}


def _order(request: Any, order_id: UUID) -> Order:
    found = order_queries.orders(scope_of(request.actor, "certificate.orders")).filter(pk=order_id).first()
    if found is None:
        raise Http404
    return found


def _told(order: Order) -> dict[str, Any]:
    return {
        "order": order.pk,
        "state": order.state,
        "words": str(order.get_state_display()),
        "issued_on": order.issued_on,
        "total": order.total,
        "prepared": order.prepared,
        "signed": order.signed,
        "refused": order.refused,
        "finished_at": order.finished_at,
    }

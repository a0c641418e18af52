"""Carrying out orders in the background; jobs of killed workers are given back, and any number may run at once."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from certificates.issuance import issuing, resigning
from certificates.issuance.models import Order, SigningKey
from registry.lib.queueing import STUBBORN, once, retried

_AGAIN = retried(tries=STUBBORN)


def enqueue(order_id: UUID) -> None:
    """Issue in the background; asking twice is asking once."""
    once(issue, f"issuance.issue:{order_id}", order_id=str(order_id))


@app.task(name="issuance.issue", queue="issuance", retry=_AGAIN)
def issue(order_id: str) -> None:
    try:
        issuing.issue(UUID(order_id))
    finally:
        connections.close_all()


def enqueue_resigning(resigning_id: UUID) -> None:
    """Sign anew in the background; asking twice is asking once."""
    once(resign, f"issuance.resign:{resigning_id}", resigning_id=str(resigning_id))


@app.task(name="issuance.resign", queue="issuance", retry=_AGAIN)
def resign(resigning_id: str) -> None:
    try:
        resigning.carry_out(UUID(resigning_id))
    finally:
        connections.close_all()


@app.periodic(cron="*/5 * * * *")
@app.task(name="issuance.go_on", queue="issuance", queueing_lock="issuance.go_on", pass_context=False)
def go_on(timestamp: int) -> None:
    """Orders that were agreed to and stand still, such as for want of a key, are taken up again; signing anew too."""
    try:
        for order_id in unfinished():
            enqueue(order_id)
        for resigning_id in resigning.unfinished():
            enqueue_resigning(resigning_id)
    finally:
        connections.close_all()


def unfinished() -> list[UUID]:
    """Orders that are agreed to and not done, of bodies that have a key in use."""
    able = SigningKey.objects.filter(state=SigningKey.State.ACTIVE).values("institution_id")
    found = Order.objects.filter(state__in=(Order.State.APPROVED, Order.State.ISSUING), institution__in=able)
    return list(found.order_by("created_at").values_list("pk", flat=True))

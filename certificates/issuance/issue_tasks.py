"""Carrying out orders in the background; jobs of killed workers are given back, and any number may run at once."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from certificates.issuance import issuing, resigning
from certificates.issuance.models import Order, SigningKey

_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=2, retry_exceptions=[OperationalError])


def enqueue(order_id: UUID) -> None:
    """Issue in the background; asking twice is asking once."""
    try:
        # Within a caller's transaction a refusal undoes itself alone.
        with transaction.atomic():
            issue.configure(queueing_lock=f"issuance.issue:{order_id}").defer(order_id=str(order_id))
    except AlreadyEnqueued:
        return


@app.task(name="issuance.issue", queue="issuance", retry=_AGAIN)
def issue(order_id: str) -> None:
    try:
        issuing.issue(UUID(order_id))
    finally:
        connections.close_all()


def enqueue_resigning(resigning_id: UUID) -> None:
    """Sign anew in the background; asking twice is asking once."""
    try:
        with transaction.atomic():
            resign.configure(queueing_lock=f"issuance.resign:{resigning_id}").defer(
                resigning_id=str(resigning_id)
            )
    except AlreadyEnqueued:
        return


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

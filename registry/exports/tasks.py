"""Making exports in the background, and destroying those whose time is over."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from registry.exports import services

_AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions=[OperationalError])


# Whoever makes a small file at once has long done so by then, or has been killed over it.
LATER_SECONDS = 120


def enqueue(export_id: UUID, *, later: bool = False) -> None:
    """Make the file in the background, at once or after a while; asking twice is asking once."""
    job = make.configure(
        queueing_lock=f"exports.make:{export_id}",
        schedule_in={"seconds": LATER_SECONDS} if later else None,
    )
    try:
        job.defer(export_id=str(export_id))
    except AlreadyEnqueued:
        return


@app.task(name="exports.make", queue="exports", retry=_AGAIN)
def make(export_id: str) -> None:
    try:
        services.make(UUID(export_id))
    finally:
        connections.close_all()


@app.periodic(cron="*/10 * * * *")
@app.task(name="exports.expire", queue="exports", queueing_lock="exports.expire", pass_context=False)
def expire(timestamp: int) -> None:
    """Every ten minutes, so that no file outlives its time by more."""
    try:
        services.expire()
    finally:
        connections.close_all()

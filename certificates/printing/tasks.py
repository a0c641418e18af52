"""Printing in the background, and destroying files whose time is over."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from certificates.printing import making, services
from certificates.printing.seals import SealRefused

_AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions=[OperationalError, SealRefused])

# As many pages are made while somebody waits for the page: some tenths of a second.
AT_ONCE = 20
LATER_SECONDS = 120


def enqueue(job_id: UUID, *, later: bool = False) -> None:
    """Make the file in the background, at once or after a while; asking twice is asking once."""
    job = make.configure(
        queueing_lock=f"printing.make:{job_id}", schedule_in={"seconds": LATER_SECONDS} if later else None
    )
    try:
        job.defer(job_id=str(job_id))
    except AlreadyEnqueued:
        return


@app.task(name="printing.make", queue="exports", retry=_AGAIN)
def make(job_id: str) -> None:
    try:
        making.make(UUID(job_id))
    finally:
        connections.close_all()


@app.periodic(cron="*/10 * * * *")
@app.task(name="printing.expire", queue="exports", queueing_lock="printing.expire", pass_context=False)
def expire(timestamp: int) -> None:
    """Every ten minutes, so that no file outlives its time by more."""
    try:
        services.expire()
    finally:
        connections.close_all()

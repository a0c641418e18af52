"""Printing in the background, and destroying files whose time is over."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from certificates.printing import making, services
from certificates.printing.seals import SealRefused
from registry.lib.queueing import once, retried

_AGAIN = retried(SealRefused)

# As many pages are made while somebody waits for the page: some tenths of a second.
AT_ONCE = 20
LATER_SECONDS = 120


def enqueue(job_id: UUID, *, later: bool = False) -> None:
    """Make the file in the background, at once or after a while; asking twice is asking once."""
    once(make, f"printing.make:{job_id}", later=LATER_SECONDS * later, job_id=str(job_id))


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

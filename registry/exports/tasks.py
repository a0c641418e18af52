"""Making exports in the background, and destroying those whose time is over."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from registry.exports import services
from registry.lib.queueing import once, retried

_AGAIN = retried()


# Whoever makes a small file at once has long done so by then, or has been killed over it.
LATER_SECONDS = 120


def enqueue(export_id: UUID, *, later: bool = False) -> None:
    """Make the file in the background, at once or after a while; asking twice is asking once."""
    once(make, f"exports.make:{export_id}", later=LATER_SECONDS * later, export_id=str(export_id))


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

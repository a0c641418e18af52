"""Notices of new telephones, and letting go of old tries at the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connections
from django.utils import timezone
from procrastinate.contrib.django import app

from registry.accounts.outbox import QUEUE
from registry.door import services
from registry.lib import figures


@app.periodic(cron="20 9 * * *")
@app.task(name="door.tell_of_added", queue=QUEUE, queueing_lock="door.tell_of_added", pass_context=False)
def tell_of_added(timestamp: int) -> None:
    """Every morning: notices of the telephones that came in the day before."""
    until = datetime.fromtimestamp(timestamp, tz=UTC)
    try:
        services.tell_of_added(until - timedelta(days=1), until)
    finally:
        connections.close_all()


@app.periodic(cron="51 3 * * *")
@app.task(name="door.prune", queue=QUEUE, queueing_lock="door.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Delete tries that are older than they are kept, every night."""
    try:
        services.prune(before=timezone.now() - timedelta(days=figures.number("door.keep_days")))
    finally:
        connections.close_all()

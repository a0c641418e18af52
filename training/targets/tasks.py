"""Folding in the background, every minute: what was imported is exact before, and cheaper to read after."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from training.targets import services


@app.periodic(cron="* * * * *")
@app.task(name="targets.fold", queue="targets", queueing_lock="targets.fold", lock="targets.fold")
def fold(timestamp: int) -> None:
    """Fold whatever is open; when nothing is, this is one short statement."""
    try:
        services.sweep()
    finally:
        connections.close_all()

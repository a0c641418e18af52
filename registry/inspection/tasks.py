"""Comparisons in the queue."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from registry.inspection import services


@app.task(name="inspection.check", queue="intake")
def check(check_id: int) -> None:
    try:
        services.run(check_id)
    finally:
        connections.close_all()


def enqueue(check_id: int) -> None:
    """Compare in the background."""
    check.configure(queueing_lock=f"inspection.check:{check_id}").defer(check_id=check_id)

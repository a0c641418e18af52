"""Forgetting calls whose time is over."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from registry.apikeys import calls


@app.periodic(cron="13 * * * *")
@app.task(name="apikeys.prune", queueing_lock="apikeys.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Every hour."""
    try:
        calls.prune()
    finally:
        connections.close_all()

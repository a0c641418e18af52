"""Letting go of the log of checks, and of links that are over."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from certificates.verification import services


@app.periodic(cron="37 3 * * *")
@app.task(name="certificates.forget_checks", queueing_lock="certificates.forget_checks", pass_context=False)
def prune(timestamp: int) -> None:
    """Every night."""
    try:
        services.prune()
    finally:
        connections.close_all()

"""Background work of the library: letting go of counts that no limit asks for any more."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from registry.lib import limits


@app.periodic(cron="*/5 * * * *")
@app.task(name="lib.sweep", queueing_lock="lib.sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Delete counts that are out of date."""
    try:
        limits.sweep()
    finally:
        connections.close_all()

"""Background work of rights: what time and approvals bring about."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from registry.rights import applying


def enqueue() -> None:
    """Have approved cases carried out soon; asking twice is asking once."""
    try:
        app.configure_task("rights.apply", queueing_lock="rights.apply").defer(timestamp=0)
    except AlreadyEnqueued:
        return


@app.periodic(cron="47 2 * * *")
@app.task(name="rights.apply", queue="rights", queueing_lock="rights.apply", pass_context=False)
def apply(timestamp: int) -> None:
    """Every night, and after each approval."""
    try:
        applying.apply()
    finally:
        connections.close_all()

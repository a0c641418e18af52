"""Background work of rights: what time and approvals bring about."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from registry.lib.queueing import once, retried
from registry.rights import applying, copies

_AGAIN = retried()


def enqueue() -> None:
    """Have approved cases carried out soon; asking twice is asking once."""
    once(apply, "rights.apply", timestamp=0)


def enqueue_copy(copy_id: UUID) -> None:
    """Put a copy together in the background; asking twice is asking once."""
    once(copy, f"rights.copy:{copy_id}", copy_id=str(copy_id))


@app.task(name="rights.copy", queue="rights", retry=_AGAIN)
def copy(copy_id: str) -> None:
    try:
        copies.make(UUID(copy_id))
    finally:
        connections.close_all()


@app.periodic(cron="47 2 * * *")
@app.task(name="rights.apply", queue="rights", queueing_lock="rights.apply", pass_context=False)
def apply(timestamp: int) -> None:
    """Every night, and after each approval."""
    try:
        applying.apply()
    finally:
        connections.close_all()

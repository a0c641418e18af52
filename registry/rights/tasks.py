"""Background work of rights: what time and approvals bring about."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from registry.rights import applying, copies

_AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions=[OperationalError])


def enqueue() -> None:
    """Have approved cases carried out soon; asking twice is asking once."""
    try:
        app.configure_task("rights.apply", queueing_lock="rights.apply").defer(timestamp=0)
    except AlreadyEnqueued:
        return


def enqueue_copy(copy_id: UUID) -> None:
    """Put a copy together in the background; asking twice is asking once."""
    try:
        copy.configure(queueing_lock=f"rights.copy:{copy_id}").defer(copy_id=str(copy_id))
    except AlreadyEnqueued:
        return


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

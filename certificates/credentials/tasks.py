"""Background work of credentials: signing is done by the worker alone, and what is over goes at night."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from certificates.credentials import changes, making, transcripts

_AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions=[OperationalError])


def enqueue(credential_id: UUID) -> None:
    """Have a credential signed; asking twice is asking once."""
    try:
        make.configure(queueing_lock=f"credentials.make:{credential_id}").defer(
            credential_id=str(credential_id)
        )
    except AlreadyEnqueued:
        return


@app.task(name="credentials.make", queue="certificates", retry=_AGAIN)
def make(credential_id: str) -> None:
    try:
        making.make(UUID(credential_id))
    finally:
        connections.close_all()


@app.periodic(cron="17 3 * * *")
@app.task(
    name="credentials.expire", queue="certificates", queueing_lock="credentials.expire", pass_context=False
)
def expire(timestamp: int) -> None:
    """Every night."""
    try:
        making.expire()
        transcripts.expire()
    finally:
        connections.close_all()


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="credentials.number_changes",
    queue="certificates",
    queueing_lock="credentials.number_changes",
    pass_context=False,
)
def number_changes(timestamp: int) -> None:
    """Changes get their places even while nobody reads them, so that the first reader does not wait."""
    try:
        while changes.number_waiting():
            pass
    finally:
        connections.close_all()

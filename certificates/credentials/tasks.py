"""Background work of credentials: signing is done by the worker alone, and what is over goes at night."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from certificates.credentials import changes, making, transcripts
from registry.lib.queueing import once, retried

_AGAIN = retried()


def enqueue(credential_id: UUID) -> None:
    """Have a credential signed; asking twice is asking once."""
    once(make, f"credentials.make:{credential_id}", credential_id=str(credential_id))


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

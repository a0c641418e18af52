"""Sending text messages in the background. Arguments are ids: what a message says lies sealed in its row."""

from __future__ import annotations

from uuid import UUID

from django.db import OperationalError, connections
from procrastinate import RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy

from registry.accounts import outbox
from registry.accounts.outbox import QUEUE, SEND


class _AsLongAsItHolds(BaseRetryStrategy):
    """Again after what the outbox says, or a few seconds; a message that is out of date asks for no more."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, outbox.NotYet):
            return RetryDecision(retry_in={"seconds": exception.seconds + job.attempts})
        if isinstance(exception, OperationalError) and job.attempts < 8:
            return RetryDecision(retry_in={"seconds": 2**job.attempts})
        return None


@app.task(name=SEND, queue=QUEUE, retry=_AsLongAsItHolds())
def send_sms(message_id: str) -> None:
    try:
        outbox.deliver(UUID(message_id))
    finally:
        connections.close_all()


@app.periodic(cron="37 * * * *")
@app.task(name="accounts.prune_sms", queue=QUEUE, queueing_lock="accounts.prune_sms", pass_context=False)
def prune_sms(timestamp: int) -> None:
    try:
        outbox.prune()
    finally:
        connections.close_all()

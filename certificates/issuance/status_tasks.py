"""Status lists are signed anew as soon as a state has changed, and once more before their time is over."""

from __future__ import annotations

from django.db import OperationalError, connections, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from certificates.issuance import status_publishing

# Not behind an import: within a minute of a revocation everybody can know of it.
QUEUE = "prompt"
_AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2, retry_exceptions=[OperationalError])


def soon() -> None:
    """Publish in the background; while one waits, asking again is asking once."""
    try:
        # Within a caller's transaction a refusal undoes itself alone.
        with transaction.atomic():
            publish.configure(queueing_lock="certificates.lists").defer()
    except AlreadyEnqueued:
        return


@app.task(name="certificates.lists", queue=QUEUE, lock="certificates.lists", retry=_AGAIN)
def publish() -> None:
    try:
        status_publishing.publish_due()
    finally:
        connections.close_all()


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="certificates.lists_again",
    queue=QUEUE,
    queueing_lock="certificates.lists_again",
    lock="certificates.lists",
    pass_context=False,
)
def again(timestamp: int) -> None:
    """New lists, those whose time is half over, and whatever was left undone."""
    try:
        status_publishing.publish_due()
    finally:
        connections.close_all()

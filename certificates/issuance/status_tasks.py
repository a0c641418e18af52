"""Status lists are signed anew as soon as a state has changed, and once more before their time is over."""

from __future__ import annotations

from django.db import connections
from procrastinate.contrib.django import app

from certificates.issuance import status_publishing
from registry.lib.queueing import once, retried

# Not behind an import: within a minute of a revocation everybody can know of it.
QUEUE = "prompt"
_AGAIN = retried()


def soon() -> None:
    """Publish in the background; while one waits, asking again is asking once."""
    once(publish, "certificates.lists")


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

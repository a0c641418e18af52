"""Long lists of measures in the queue."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from procrastinate.contrib.django import app

from certificates.issuance import measures, replacing
from registry.lib.queueing import STUBBORN, once, retried

_AGAIN = retried(tries=STUBBORN)


def enqueue(measure_id: UUID) -> None:
    """Carry a list out in the background; asking twice is asking once."""
    once(carry_out, f"certificates.measure:{measure_id}", measure_id=str(measure_id))


@app.task(name="certificates.measure", queue="certificates", retry=_AGAIN)
def carry_out(measure_id: str) -> None:
    try:
        measures.carry_out(UUID(measure_id))
    finally:
        connections.close_all()


def enqueue_reissue(certificate_id: int) -> None:
    """Issue a certificate in another's place in the background; asking twice is asking once."""
    once(reissue, f"certificates.reissue:{certificate_id}", certificate_id=certificate_id)


@app.task(name="certificates.reissue", queue="certificates", retry=_AGAIN)
def reissue(certificate_id: int) -> None:
    try:
        replacing.carry_out(certificate_id)
    finally:
        connections.close_all()


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="certificates.measures_again",
    queue="certificates",
    queueing_lock="certificates.measures_again",
    pass_context=False,
)
def go_on(timestamp: int) -> None:
    """Lists that were agreed to and stand still are taken up again; what is done stays done."""
    try:
        for measure_id in measures.unfinished():
            enqueue(measure_id)
        for certificate_id in replacing.unfinished():
            enqueue_reissue(certificate_id)
    finally:
        connections.close_all()

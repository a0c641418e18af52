"""Work on batches in the queue, and the watch over work whose worker was killed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections
from django.utils import timezone
from procrastinate.contrib.django import app

from registry.intake import retention, services, working
from registry.intake.models import Batch
from registry.lib.queueing import STUBBORN, once, retried

# A worker says it is alive every ten seconds; three silences mean that nobody is coming back to its jobs.
STALLED_AFTER_SECONDS = 30
_KEEP_JOBS_HOURS = 24 * 30

_AGAIN = retried(*working.INTERRUPTIONS, tries=STUBBORN)


def enqueue_check(batch_id: UUID) -> None:
    """Read and check in the background; asking twice is asking once."""
    _enqueue(check, batch_id)


def enqueue_commit(batch_id: UUID) -> None:
    """Commit in the background; asking twice is asking once."""
    _enqueue(commit, batch_id)


def enqueue_again(batch: Batch) -> None:
    """Take a cut-off batch up where it stands."""
    if batch.state == Batch.State.COMMITTING:
        enqueue_commit(batch.id)
    else:
        enqueue_check(batch.id)


@app.task(name="intake.check", queue="intake", retry=_AGAIN)
def check(batch_id: str) -> None:
    try:
        services.check(UUID(batch_id))
    finally:
        connections.close_all()


@app.task(name="intake.commit", queue="intake", retry=_AGAIN)
def commit(batch_id: str) -> None:
    try:
        services.commit(UUID(batch_id))
    finally:
        connections.close_all()


@app.periodic(cron="* * * * *")
@app.task(name="intake.watch", queueing_lock="intake.watch", pass_context=False)
async def watch(timestamp: int) -> None:
    """Give jobs of killed workers back to the queue; the queue itself does not."""
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_SECONDS)
    for job in stalled:
        await app.job_manager.retry_job(job)
    await app.job_manager.delete_old_jobs(nb_hours=_KEEP_JOBS_HOURS)


@app.periodic(cron="23 3 * * *")
@app.task(name="intake.prune", queue="intake", queueing_lock="intake.prune", pass_context=False)
def prune(timestamp: int) -> None:
    """Destroy originals whose time is over, every night."""
    try:
        retention.prune(before=timezone.now() - timedelta(days=settings.INTAKE_FILE_RETENTION_DAYS))
    finally:
        connections.close_all()


def _enqueue(task: Any, batch_id: UUID) -> None:
    once(task, f"{task.name}:{batch_id}", batch_id=str(batch_id))

"""How work is put into the queue, and how often it is tried."""

from __future__ import annotations

from typing import Any, Final

from django.db import OperationalError, transaction
from procrastinate import RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued

TRIES: Final = 5
STUBBORN: Final = 8  # for what nobody would ask for a second time


def retried(*passing: type[Exception], tries: int = TRIES) -> RetryStrategy:
    """Again after 2, 4, 8 … seconds where the database was not to be had, or after another error that passes."""
    return RetryStrategy(
        max_attempts=tries, exponential_wait=2, retry_exceptions=[OperationalError, *passing]
    )


def once(task: Any, lock: str, *, later: int = 0, **arguments: Any) -> None:
    """Have a task done, at once or after so many seconds; while one waits, asking again does nothing."""
    job = task.configure(queueing_lock=lock, schedule_in={"seconds": later} if later else None)
    try:
        # Within a caller's transaction a refusal undoes itself alone.
        with transaction.atomic():
            job.defer(**arguments)
    except AlreadyEnqueued:
        return

"""One batch in one pair of hands: a working transaction that holds it, and what becomes of it when the work breaks off.

Whoever works on a batch holds its advisory lock inside the working transaction, so two workers never do the same work:
the second waits, then sees what the first has done.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import Error, IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from registry.audit import services as audit
from registry.intake import cage, reading, staging, store
from registry.intake.models import Batch, Issue, RejectedRow
from registry.intake.progress import Cancelled, Teller

logger = logging.getLogger(__name__)

# Nobody's fault and nothing left behind: worth another go.
INTERRUPTIONS = (OperationalError, IntegrityError, cage.ChildDied)

# Two imports that bring the same new person collide once; a third party in the same second, twice.
COLLISION_TRIES = 4

State = Batch.State


def persist(batch_id: UUID, work: Callable[[], None]) -> Batch:
    """Do ``work``; after a collision with another import, which the database refused whole, do it again."""
    for attempt in range(COLLISION_TRIES):
        try:
            work()
            break
        except INTERRUPTIONS:
            if attempt + 1 == COLLISION_TRIES or connection.in_atomic_block:
                move(batch_id, (State.CHECKING, State.COMMITTING), State.FAILED)
                raise
            connection.close_if_unusable_or_obsolete()
            # Two that collided would collide again if they came back in step.
            time.sleep(random.uniform(0.05, 0.3) * (attempt + 1))
    return Batch.objects.get(pk=batch_id)


@contextmanager
def working(batch_id: UUID, expected: str) -> Iterator[tuple[Batch | None, Teller]]:
    """One transaction that holds the batch; yields None when another has meanwhile taken it further.

    Whatever goes wrong inside is rolled back whole; then the batch says so, and can be resumed.
    """
    with Teller(batch_id) as teller:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    # Bound to the transaction: a killed worker lets go of it without anybody's help.
                    cursor.execute(
                        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name(batch_id)]
                    )
                batch = Batch.objects.filter(pk=batch_id, state=expected).first()
                if batch is not None:
                    Batch.objects.filter(pk=batch_id).update(attempt=batch.attempt + 1)
                yield batch, teller
        except reading.Refused as refusal:
            refuse(batch_id, refusal)
        except (store.FileGone, store.FileDamaged) as error:
            refuse(batch_id, reading.Refused("FILE_UNREADABLE", str(type(error).__doc__)))
        except Cancelled:
            if move(batch_id, (State.CHECKING, State.COMMITTING), State.CANCELLED):
                forget_rows(batch_id)
        except INTERRUPTIONS as error:
            # A cut connection, a deadlock, or another import that registered the same person or class a moment
            # earlier: nothing of ours is left, the batch stays where it is, and a second go sees what is there now.
            logger.warning("intake batch %s was cut off and is taken up again", batch_id)
            raise _without_values(error) from None
        except Exception as error:
            move(batch_id, (State.CHECKING, State.COMMITTING), State.FAILED)
            raise _without_values(error) from None


def nobody_works_on(batch_id: UUID) -> bool:
    """Whether the batch is ours until the transaction ends; nobody waits for an import that may take minutes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_lock_name(batch_id)])
        return bool(cursor.fetchone()[0])


def refuse(batch_id: UUID, refusal: reading.Refused) -> None:
    """Of a refused file only its name, size, fingerprint, who and when are kept."""
    now = timezone.now()
    with transaction.atomic():
        refused = Batch.objects.filter(pk=batch_id, state__in=(State.CHECKING, State.COMMITTING)).update(
            state=State.REFUSED,
            file_error=refusal.as_json(),
            finished_at=now,
            file_dropped_at=now,
            file_format="",
            file_encoding="",
            sheet={},
            counts={},
            staged_rows=None,
        )
        if not refused:
            return
        store.drop(Batch(pk=batch_id))
        Issue.objects.filter(batch_id=batch_id).delete()
        forget_rows(batch_id)
        audit.record(
            code="intake.refuse",
            actor=None,
            subject_type="batch",
            subject_id=str(batch_id),
            after={"code": refusal.code},
        )


def move(batch_id: UUID, before: tuple[str, ...], after: str) -> bool:
    """One legal move of the batch's state; False when it was not in one of the states ``before``."""
    return bool(Batch.objects.filter(pk=batch_id, state__in=before).update(state=after))


def forget_staged(batch_id: UUID) -> None:
    with connection.cursor() as cursor:
        staging.drop(cursor, batch_id)


def forget_rows(batch_id: UUID) -> None:
    """Staged rows and corrected ones: of a batch that ends without registering anything, or whose original goes."""
    forget_staged(batch_id)
    RejectedRow.objects.filter(batch_id=batch_id).delete()


def _without_values(error: Exception) -> Exception:
    """The database's complaint without the row or cell that it quotes: names and numbers must not reach a log."""
    if not isinstance(error, Error):
        return error
    told = getattr(error.__cause__, "diag", None)
    facts = ("sqlstate", "table_name", "column_name", "constraint_name")
    return type(error)(
        " ".join(filter(None, (getattr(told, fact, None) for fact in facts))) or "connection lost"
    )


def _lock_name(batch_id: UUID) -> str:
    return f"intake:{batch_id}"

"""The verbs of intake: receive, check, commit, load, cancel, resume. Page, API, queue and command call these.

A batch moves by conditional updates. Whoever works on one holds its advisory lock inside the working transaction,
so two workers never do the same work: the second waits, then sees what the first has done.
"""
from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from registry.accounts.models import User
from registry.audit import services as audit
from registry.intake import cage, judging, kinds, reading, staging, store
from registry.intake.kinds import Kind, Work
from registry.intake.models import Batch, Progress
from registry.intake.progress import Cancelled, Teller

logger = logging.getLogger(__name__)

# Rows written by one round of set statements: enough to make each statement worth its start, small enough
# that its sorts stay in memory and progress is seen to move.
SPAN_ROWS = 25_000

# Two imports that bring the same new person collide once; a third party in the same second, twice.
COLLISION_TRIES = 4

State = Batch.State


# Nobody's fault and nothing left behind: worth another go.
INTERRUPTIONS = (OperationalError, IntegrityError, cage.ChildDied)


class NotAllowed(Exception):
    """该批次当前状态不能这样办理。"""


def receive(
    *, kind: str, file: BinaryIO, name: str, actor: User | None, options: Mapping[str, Any] | None = None,
    sheet: str = "", mapping: Mapping[str, str] | None = None, max_bytes: int | None = None,
) -> tuple[Batch, bool]:
    """Take a file in. Returns the batch and whether it is new: while the same file is under way for the same place,
    everybody who hands it in again is led to the batch that already holds it.

    Raises kinds.UnknownKind, and what the kind's ``target`` raises for a place that cannot take it.
    """
    target = kinds.get(kind).target(options or {}, actor)
    sha256, size = store.fingerprint(file)
    context = {**target.context, "max_bytes": max_bytes or settings.INTAKE_MAX_BYTES}
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                kind=kind, target=target.key, context=context, institution_id=target.institution_id,
                region_id=target.region_code, uploaded_by=actor, file_name=name[:255], file_bytes=size,
                file_sha256=sha256, chosen_sheet=sheet, chosen_mapping=dict(mapping or {}),
            )
            Progress.objects.create(batch=batch)
            store.keep(batch, file)
            audit.record(
                code="intake.receive", actor=actor, subject_type="batch", subject_id=str(batch.id),
                after={"kind": kind, "target": target.key, "sha256": sha256, "bytes": size},
            )
        return batch, True
    except IntegrityError:
        held = Batch.objects.filter(
            kind=kind, target=target.key, file_sha256=sha256, state__in=Batch.LIVE
        ).first()
        if held is None:
            raise
        return held, False


def check(batch_id: UUID) -> Batch:
    """Read and check; ends in REVIEW, REFUSED or CANCELLED. Writes nothing into the registry."""
    if not _move(batch_id, (State.RECEIVED, State.FAILED, State.CHECKING), State.CHECKING):
        return Batch.objects.get(pk=batch_id)
    return _persist(batch_id, partial(_check_once, batch_id))


def _check_once(batch_id: UUID) -> None:
    with _working(batch_id, State.CHECKING) as (batch, teller):
        if batch is not None:
            _check(batch, teller)


def commit(batch_id: UUID) -> Batch:
    """Write the accepted rows of a batch that was sent to be committed. Ends in COMMITTED, or back in REVIEW when the
    registry has changed so that rows which were right no longer are."""
    return _persist(batch_id, partial(_commit_once, batch_id))


def _commit_once(batch_id: UUID) -> None:
    with _working(batch_id, State.COMMITTING) as (batch, teller):
        if batch is not None:
            _commit(batch, teller)


def load(batch_id: UUID, *, valid_rows_only: bool) -> Batch:
    """Check and, when nothing stands against it, commit, in one transaction; the command line's way."""
    Batch.objects.filter(pk=batch_id, state__in=Batch.LIVE).update(valid_rows_only=valid_rows_only)
    batch = Batch.objects.get(pk=batch_id)
    if batch.state == State.COMMITTING:
        return commit(batch_id)
    if not _move(batch_id, (State.RECEIVED, State.FAILED, State.CHECKING, State.REVIEW), State.CHECKING):
        return batch
    return _persist(batch_id, partial(_load_once, batch_id))


def _load_once(batch_id: UUID) -> None:
    with _working(batch_id, State.CHECKING) as (batch, teller):
        if batch is not None:
            work = _check(batch, teller)
            if _may_commit(batch):
                _write(batch, work, kinds.get(batch.kind), teller)


def send_to_commit(batch_id: UUID, *, actor: User | None, valid_rows_only: bool) -> Batch:
    """A person's decision after review: register all rows, or only those without fault. Raises NotAllowed."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        batch.valid_rows_only = valid_rows_only
        if batch.state != State.REVIEW or not _may_commit(batch):
            raise NotAllowed(str(batch_id))
        batch.state = State.COMMITTING
        batch.save(update_fields=["state", "valid_rows_only"])
        # The time that a person took to decide is not time that the work takes.
        Progress.objects.filter(batch=batch).update(started_at=Now(), updated_at=Now())
        audit.record(
            code="intake.decide", actor=actor, subject_type="batch", subject_id=str(batch.id),
            after={"valid_rows_only": valid_rows_only, "accepted": batch.counts.get("accepted", 0)},
        )
    return batch


def cancel(batch_id: UUID, *, actor: User | None, reason: str = "") -> Batch:
    """Stop a batch. One that is being worked on stops at its next step and leaves nothing behind. Raises NotAllowed."""
    with transaction.atomic():
        idle = (State.RECEIVED, State.REVIEW, State.FAILED)
        if _move(batch_id, idle, State.CANCELLED):
            _forget_staged(batch_id)
        elif not Progress.objects.filter(
            batch_id=batch_id, batch__state__in=(State.CHECKING, State.COMMITTING)
        ).update(cancel_asked=True):
            raise NotAllowed(str(batch_id))
        audit.record(
            code="intake.cancel", actor=actor, subject_type="batch", subject_id=str(batch_id), reason=reason
        )
    return Batch.objects.get(pk=batch_id)


def resume(batch_id: UUID, *, actor: User | None) -> Batch:
    """Take up a batch whose work was cut off. Raises NotAllowed for one that has ended."""
    batch = Batch.objects.get(pk=batch_id)
    if batch.state not in (State.FAILED, State.CHECKING, State.COMMITTING, State.RECEIVED):
        raise NotAllowed(str(batch_id))
    with transaction.atomic():
        audit.record(code="intake.resume", actor=actor, subject_type="batch", subject_id=str(batch_id))
    return batch


def _persist(batch_id: UUID, work: Callable[[], None]) -> Batch:
    """Do ``work``; after a collision with another import, which the database refused whole, do it again."""
    for attempt in range(COLLISION_TRIES):
        try:
            work()
            break
        except INTERRUPTIONS:
            if attempt + 1 == COLLISION_TRIES or connection.in_atomic_block:
                _move(batch_id, (State.CHECKING, State.COMMITTING), State.FAILED)
                raise
            connection.close_if_unusable_or_obsolete()
            time.sleep(random.uniform(0.05, 0.3) * (attempt + 1))
    return Batch.objects.get(pk=batch_id)


# --- one working transaction -----------------------------------------------------------------------------


@contextmanager
def _working(batch_id: UUID, expected: str) -> Iterator[tuple[Batch | None, Teller]]:
    """One transaction that holds the batch; yields None when another has meanwhile taken it further.

    Whatever goes wrong inside is rolled back whole; then the batch says so, and can be resumed.
    """
    with Teller(batch_id) as teller:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    # Bound to the transaction: a killed worker lets go of it without anybody's help.
                    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"intake:{batch_id}"])
                batch = Batch.objects.filter(pk=batch_id, state=expected).first()
                if batch is not None:
                    Batch.objects.filter(pk=batch_id).update(attempt=batch.attempt + 1)
                yield batch, teller
        except reading.Refused as refusal:
            _refuse(batch_id, refusal)
        except (store.FileGone, store.FileDamaged) as error:
            _refuse(batch_id, reading.Refused("FILE_UNREADABLE", str(type(error).__doc__)))
        except Cancelled:
            if _move(batch_id, (State.CHECKING, State.COMMITTING), State.CANCELLED):
                _forget_staged(batch_id)
        except INTERRUPTIONS:
            # A cut connection, a deadlock, or another import that registered the same person or class a moment
            # earlier: nothing of ours is left, the batch stays where it is, and a second go sees what is there now.
            logger.warning("intake batch %s was cut off and is taken up again", batch_id)
            raise
        except Exception:
            _move(batch_id, (State.CHECKING, State.COMMITTING), State.FAILED)
            raise


def _check(batch: Batch, teller: Teller) -> Work:
    kind = kinds.get(batch.kind)
    with connection.cursor() as cursor:
        found = reading.stage(cursor, batch, kind, teller)
    batch.file_format = found.file_format
    batch.file_encoding = found.encoding or ""
    batch.sheet = found.sheet
    batch.staged_rows = found.rows
    teller.tell("check", 0, found.rows)
    work = _work(batch)
    batch.counts = judging.judge(work, kind, judging.headings_of(batch, kind))
    teller.tell("match", found.rows, found.rows)
    batch.state = State.REVIEW
    batch.save(
        update_fields=["file_format", "file_encoding", "sheet", "staged_rows", "counts", "state"]
    )
    return work


def _commit(batch: Batch, teller: Teller) -> None:
    kind = kinds.get(batch.kind)
    with connection.cursor() as cursor:
        if not staging.intact(cursor, batch.id, batch.staged_rows):
            reading.stage(cursor, batch, kind, teller)
    work = _work(batch)
    batch.counts = judging.judge(work, kind, judging.headings_of(batch, kind))
    if _may_commit(batch):
        _write(batch, work, kind, teller)
    else:
        batch.state = State.REVIEW
        batch.save(update_fields=["counts", "state"])


def _write(batch: Batch, work: Work, kind: Kind, teller: Teller) -> None:
    """Write every accepted row, span by span, and flip the state in the same transaction."""
    total = batch.counts["read"]
    created = dict.fromkeys(kind.created, 0)
    action = audit.record(
        code=f"intake.commit.{kind.key}", actor=batch.uploaded_by, subject_type="batch", subject_id=str(batch.id),
        n=batch.counts["accepted"], after={"sha256": batch.file_sha256, "counts": batch.counts},
    )
    work.params["action"] = action.pk
    if batch.counts["accepted"]:
        _add(created, kind.begin(work))
        done = 0
        for low, high, rows in _spans(work):
            _add(created, kind.commit(work, low, high))
            done += rows
            teller.tell("commit", done, total)
        kind.finish(work)
    batch.created = created
    batch.action_id = action.pk
    batch.state = State.COMMITTED
    batch.finished_at = timezone.now()
    batch.save(update_fields=["counts", "created", "action_id", "state", "finished_at"])
    _forget_staged(batch.id)


def _spans(work: Work) -> list[tuple[int, int, int]]:
    """Row spans [low, high] of at most SPAN_ROWS staged rows each, with the count of rows in each."""
    rows = work.rows(
        'SELECT min("row"), max("row"), count(*) FROM (SELECT "row", (row_number() OVER (ORDER BY "row") - 1)'
        " / %(span)s AS part FROM {s}) numbered GROUP BY part ORDER BY part",
        span=SPAN_ROWS,
    )
    return [(low, high, count) for low, high, count in rows]


def _work(batch: Batch) -> Work:
    cursor = connection.cursor()
    cursor.execute("SET LOCAL work_mem = '128MB'")
    # Probing an index for each staged row beats reading a whole table of millions; plans must not think of spindles.
    cursor.execute("SET LOCAL random_page_cost = 1.1")
    return Work(
        cursor=cursor, batch_id=str(batch.id), staged=staging.table(batch.id), context=batch.context,
        actor=batch.uploaded_by, params={"batch": str(batch.id)},
    )


def _may_commit(batch: Batch) -> bool:
    return batch.counts.get("rejected", 0) == 0 or (batch.valid_rows_only and batch.counts.get("accepted", 0) > 0)


def _refuse(batch_id: UUID, refusal: reading.Refused) -> None:
    """Of a refused file only its name, size, fingerprint, who and when are kept."""
    with transaction.atomic():
        Batch.objects.filter(pk=batch_id, state__in=(State.CHECKING, State.COMMITTING)).update(
            state=State.REFUSED, file_error=refusal.as_json(), finished_at=timezone.now(),
            file_dropped_at=timezone.now(),
        )
        store.drop(Batch(pk=batch_id))
        _forget_staged(batch_id)


def _move(batch_id: UUID, before: tuple[str, ...], after: str) -> bool:
    return bool(Batch.objects.filter(pk=batch_id, state__in=before).update(state=after))


def _forget_staged(batch_id: UUID) -> None:
    with connection.cursor() as cursor:
        staging.drop(cursor, batch_id)


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count

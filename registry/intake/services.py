"""The verbs of intake: receive, check, commit, load, cancel, resume. Page, API, queue and command call these.

A batch moves by conditional updates; the work itself is done inside ``working.working``, one transaction per step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from registry.accounts import policy
from registry.accounts.acting import acting_user
from registry.accounts.models import User
from registry.accounts.scopes import actor_for
from registry.audit import services as audit
from registry.audit.context import acting
from registry.intake import corrections, judging, kinds, reading, staging, store
from registry.intake.kinds import Kind, Work
from registry.intake.models import Batch, Progress
from registry.intake.progress import Teller
from registry.intake.working import forget_rows, forget_staged, move, nobody_works_on, persist, working

# Rows written by one round of set statements: enough to make each statement worth its start, small enough
# that its sorts stay in memory and progress is seen to move.
SPAN_ROWS = 25_000

State = Batch.State


class NotAllowed(Exception):
    """该批次当前状态不能这样办理。"""


class Unchecked(NotAllowed):
    """还有更正没有重新校验，请先重新校验，看过结果再入库。"""


def receive(
    *,
    kind: str,
    file: BinaryIO,
    name: str,
    actor: User | None,
    options: Mapping[str, Any] | None = None,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    max_bytes: int | None = None,
) -> tuple[Batch, bool]:
    """Take a file in. Returns the batch and whether it is new: while the same file is under way for the same place,
    everybody who hands it in again is led to the batch that already holds it.

    Raises kinds.UnknownKind, policy.Refused for a kind that is not this actor's, and what the kind's ``target`` raises
    for a place that cannot take it.
    """
    if actor is not None:
        policy.require(actor, kinds.get(kind).may)
    target = kinds.get(kind).target(options or {}, actor)
    sha256, size = store.fingerprint(file)
    place = target.key + _choice(sheet, mapping)
    batch = Batch(
        kind=kind,
        target=place,
        institution_id=target.institution_id,
        region_id=target.region_code,
        context={
            **target.context,
            "max_bytes": max_bytes or settings.INTAKE_MAX_BYTES,
            "membership": actor_for(actor).membership_id if actor is not None else None,
        },
        uploaded_by=actor,
        file_name=name[:255],
        file_bytes=size,
        file_sha256=sha256,
        chosen_sheet=sheet,
        chosen_mapping=dict(mapping or {}),
    )
    for last in (False, True):
        try:
            with transaction.atomic():
                batch.save(force_insert=True)
                Progress.objects.create(batch=batch)
                store.keep(batch, file)
                audit.record(
                    code="intake.receive",
                    actor=actor,
                    subject_type="batch",
                    subject_id=str(batch.id),
                    after={"kind": kind, "target": place, "sha256": sha256, "bytes": size},
                )
            return batch, True
        except IntegrityError:
            held = Batch.objects.filter(
                kind=kind, target=place, file_sha256=sha256, state__in=Batch.LIVE
            ).first()
            if held is not None:
                return held, False
            if last:
                raise
            # The batch that was in the way has ended in this very moment.
    raise AssertionError("unreachable")


def _choice(sheet: str, mapping: Mapping[str, str] | None) -> str:
    """Another sheet of the same workbook, or its columns understood otherwise, is another thing to do."""
    if not sheet and not mapping:
        return ""
    chosen = json.dumps([sheet, sorted((mapping or {}).items())], ensure_ascii=False)
    return f";chosen={blake2b(chosen.encode(), digest_size=6).hexdigest()}"


def check(batch_id: UUID) -> Batch:
    """Read and check; ends in REVIEW, REFUSED or CANCELLED. Writes nothing into the registry."""
    if not move(batch_id, (State.RECEIVED, State.FAILED, State.CHECKING), State.CHECKING):
        return Batch.objects.get(pk=batch_id)
    return persist(batch_id, partial(_check_once, batch_id))


def _check_once(batch_id: UUID) -> None:
    with working(batch_id, State.CHECKING) as (batch, teller):
        if batch is not None:
            _check(batch, teller)


def commit(batch_id: UUID) -> Batch:
    """Write the accepted rows of a batch that was sent to be committed. Ends in COMMITTED, or back in REVIEW when the
    registry has changed so that rows which were right no longer are."""
    return persist(batch_id, partial(_commit_once, batch_id))


def _commit_once(batch_id: UUID) -> None:
    with working(batch_id, State.COMMITTING) as (batch, teller):
        if batch is not None:
            _commit(batch, teller)


def load(batch_id: UUID, *, valid_rows_only: bool) -> Batch:
    """Check and, when nothing stands against it, commit, in one transaction; the command line's way."""
    # What somebody decided after review stands: a batch that is being committed keeps to it.
    undecided = [state for state in Batch.LIVE if state != State.COMMITTING]
    Batch.objects.filter(pk=batch_id, state__in=undecided).update(valid_rows_only=valid_rows_only)
    batch = Batch.objects.get(pk=batch_id)
    if batch.state == State.COMMITTING:
        return commit(batch_id)
    if not move(batch_id, (State.RECEIVED, State.FAILED, State.CHECKING, State.REVIEW), State.CHECKING):
        # Somebody else has just taken it further; the move had to wait for them.
        return Batch.objects.get(pk=batch_id)
    return persist(batch_id, partial(_load_once, batch_id))


def _load_once(batch_id: UUID) -> None:
    with working(batch_id, State.CHECKING) as (batch, teller):
        if batch is not None:
            work = _check(batch, teller)
            if _may_commit(batch):
                _write(batch, work, kinds.get(batch.kind), teller)


def send_to_commit(batch_id: UUID, *, actor: User | None, valid_rows_only: bool) -> Batch:
    """A person's decision after review: all rows, or only those without fault. Raises NotAllowed, Unchecked."""
    with transaction.atomic():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        batch.valid_rows_only = valid_rows_only
        if batch.state != State.REVIEW or not _may_commit(batch):
            raise NotAllowed(str(batch_id))
        if not corrections.are_checked(batch):
            raise Unchecked(str(batch_id))
        batch.state = State.COMMITTING
        batch.save(update_fields=["state", "valid_rows_only"])
        # The time that a person took to decide is not time that the work takes; and whoever decides to go on has
        # thought better of an earlier wish to stop.
        Progress.objects.filter(batch=batch).update(started_at=Now(), updated_at=Now(), cancel_asked=False)
        audit.record(
            code="intake.decide",
            actor=actor,
            subject_type="batch",
            subject_id=str(batch.id),
            after={"valid_rows_only": valid_rows_only, "accepted": batch.counts.get("accepted", 0)},
        )
    return batch


@transaction.atomic
def errors_fetched(batch: Batch, *, rows: int, actor: User) -> None:
    """Keep that somebody took the error workbook: numbers stand in it as they were handed in."""
    audit.record(
        code="intake.errors_fetched", actor=actor, subject_type="batch", subject_id=str(batch.pk), n=rows
    )


def cancel(batch_id: UUID, *, actor: User | None, reason: str = "") -> Batch:
    """Stop a batch. One that is being worked on stops at its next step and leaves nothing behind. Raises NotAllowed."""
    with transaction.atomic():
        if nobody_works_on(batch_id):
            if not move(batch_id, Batch.LIVE, State.CANCELLED):
                raise NotAllowed(str(batch_id))
            forget_rows(batch_id)
        elif not Progress.objects.filter(batch_id=batch_id, batch__state__in=Batch.LIVE).update(
            cancel_asked=True
        ):
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


def _check(batch: Batch, teller: Teller) -> Work:
    kind = kinds.get(batch.kind)
    with connection.cursor() as cursor:
        found = reading.stage(cursor, batch, kind, teller, corrections.patches(batch))
    batch.file_format = found.file_format
    batch.file_encoding = found.encoding or ""
    batch.sheet = found.sheet
    batch.staged_rows = found.rows
    teller.tell("check", 0, found.rows)
    work = _work(batch)
    batch.counts = judging.judge(work, kind, judging.headings_of(batch, kind))
    corrections.judged(batch)
    teller.tell("match", found.rows, found.rows)
    batch.state = State.REVIEW
    batch.save(update_fields=["file_format", "file_encoding", "sheet", "staged_rows", "counts", "state"])
    return work


def _commit(batch: Batch, teller: Teller) -> None:
    kind = kinds.get(batch.kind)
    with connection.cursor() as cursor:
        if not staging.intact(cursor, batch.id, batch.staged_rows):
            reading.stage(cursor, batch, kind, teller, corrections.patches(batch))
    work = _work(batch)
    judging.remember(work)
    batch.counts = judging.judge(work, kind, judging.headings_of(batch, kind))
    # Nobody agreed to leave out a row that was right when they looked.
    if _may_commit(batch) and not judging.fallen(work):
        _write(batch, work, kind, teller)
    else:
        batch.state = State.REVIEW
        batch.save(update_fields=["counts", "state"])


def _write(batch: Batch, work: Work, kind: Kind, teller: Teller) -> None:
    """Write every accepted row, span by span, and flip the state in the same transaction."""
    total = batch.counts["read"]
    created = dict.fromkeys(kind.created, 0)
    with acting_user(batch.uploaded_by, acting().request_id, batch.context.get("membership")):
        action = audit.record(
            code=f"intake.commit.{kind.key}",
            actor=batch.uploaded_by,
            subject_type="batch",
            subject_id=str(batch.id),
            n=batch.counts["accepted"],
            after={"sha256": batch.file_sha256, "counts": batch.counts},
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
    corrections.close(batch)
    forget_staged(batch.id)


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
    # Compiling a statement costs more than running it over one span of rows.
    cursor.execute("SET LOCAL jit = off")
    # Coarse statistics are enough to choose a plan for rows that were counted a moment ago.
    cursor.execute("SET LOCAL default_statistics_target = 10")
    return Work(
        cursor=cursor,
        batch_id=str(batch.id),
        staged=staging.table(batch.id),
        context=batch.context,
        actor=batch.uploaded_by,
        params={"batch": str(batch.id)},
    )


def _may_commit(batch: Batch) -> bool:
    asks = kinds.get(batch.kind).asks
    if any(ask.required and not batch.context.get(ask.key) for ask in asks):
        return False  # only to be checked: nobody said where it goes
    return batch.counts.get("rejected", 0) == 0 or (
        batch.valid_rows_only and batch.counts.get("accepted", 0) > 0
    )


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count

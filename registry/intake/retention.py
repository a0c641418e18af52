"""Originals are kept for their time, then only their fingerprint."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from registry.accounts.models import User
from registry.audit import services as audit
from registry.intake import store
from registry.intake.models import Batch
from registry.intake.working import forget_rows, move, nobody_works_on


def due(before: dt.datetime) -> int:
    """How many originals :func:`prune` would take."""
    return Batch.objects.filter(created_at__lt=before, file_dropped_at=None).count()


def prune(*, before: dt.datetime, actor: User | None = None) -> int:
    """Destroy the originals of batches received before ``before``; name, size, fingerprint and issues stay.

    A batch that nobody took further in all that time is cancelled. Returns how many originals went; those being
    worked on are left for the next time.
    """
    old = Batch.objects.filter(created_at__lt=before, file_dropped_at=None).order_by("created_at")
    return sum(_prune_one(batch_id, actor) for batch_id in list(old.values_list("pk", flat=True)))


def _prune_one(batch_id: UUID, actor: User | None) -> bool:
    with transaction.atomic():
        if not nobody_works_on(batch_id):
            return False
        move(batch_id, Batch.LIVE, Batch.State.CANCELLED)
        forget_rows(batch_id)
        store.drop(Batch(pk=batch_id))
        Batch.objects.filter(pk=batch_id).update(file_dropped_at=timezone.now())
        audit.record(code="intake.prune", actor=actor, subject_type="batch", subject_id=str(batch_id))
    return True

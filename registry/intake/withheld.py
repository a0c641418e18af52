"""Rows of kept files that nobody is shown any more, because whom they speak of was erased from the register.

A file is evidence of many people and its fingerprint is on record, so a row cannot be cut out of it. It is withheld
instead: whoever reads the file back gets the row empty. A file of which no row may be shown any more is destroyed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.backends.utils import CursorWrapper
from django.db.models import Count
from django.utils import timezone

from registry.intake import staging, store
from registry.intake.models import Batch, RejectedRow, WithheldRow
from registry.intake.working import nobody_works_on


def withhold(rows: Iterable[tuple[UUID, int]]) -> tuple[int, int]:
    """Withhold rows, by (batch, row number), with what was typed over them; returns (rows, files destroyed).

    Within the caller's transaction. Rows that are withheld already are left as they are.
    """
    wanted = sorted(set(rows))
    known = set(Batch.objects.filter(pk__in={batch for batch, _row in wanted}).values_list("pk", flat=True))
    wanted = [each for each in wanted if each[0] in known]
    WithheldRow.objects.bulk_create(
        [WithheldRow(batch_id=batch, row=row) for batch, row in wanted], ignore_conflicts=True
    )
    for batch in known:
        numbers = [row for each, row in wanted if each == batch]
        RejectedRow.objects.filter(batch_id=batch, row__in=numbers).delete()
    return len(wanted), _destroy_empty(known)


def _destroy_empty(batches: Collection[UUID]) -> int:
    """Destroy files of registered batches all of whose rows are withheld; one that is being read is left."""
    gone = 0
    found = Batch.objects.filter(pk__in=batches, state=Batch.State.COMMITTED, file_dropped_at=None)
    for batch in found.annotate(withheld=Count("withheld_rows")).order_by("pk"):
        if batch.withheld < (batch.counts.get("read") or 0) or not nobody_works_on(batch.pk):
            continue
        store.drop(batch)
        Batch.objects.filter(pk=batch.pk).update(file_dropped_at=timezone.now())
        gone += 1
    return gone


def under_review(cursor: CursorWrapper, indexes: Collection[bytes]) -> set[bytes]:
    """Which of these keyed indexes of identity numbers stand in a sheet that is being taken in at this moment."""
    if not indexes:
        return set()
    cursor.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename ~ '^b_'", [staging.SCHEMA]
    )
    found: set[bytes] = set()
    for (name,) in cursor.fetchall():
        cursor.execute(
            f'SELECT DISTINCT bidx FROM {staging.SCHEMA}."{name}" WHERE bidx = ANY(%s::bytea[])',
            [list(indexes)],
        )
        found |= {bytes(index) for (index,) in cursor.fetchall()}
    return found

"""What was corrected on screen: cells of a row as they came and as somebody typed them, sealed.

Raw rows are never edited. A correction is laid over the file whenever it is read, so that every check runs anew over
the whole set, whoever reads it and however often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q

from registry.identity.current import keyring
from registry.identity.keyring import CELLS
from registry.intake import kinds, reading
from registry.intake.cells import plain
from registry.intake.columns import Column
from registry.intake.masked import is_masked, shown
from registry.intake.models import Batch, Issue, RejectedRow
from registry.intake.patching import Patches

Texts = dict[str, str]  # by key of the column

_TOLD = (Issue.Severity.ERROR, Issue.Severity.WARNING)


def patches(batch: Batch) -> Patches:
    """Everything that was corrected, in clear: for the reader alone."""
    found = RejectedRow.objects.filter(batch=batch)
    return {kept.row: opened(kept.corrected, kept.seal_id) for kept in found if kept.corrected is not None}


def counts(batch: Batch) -> dict[str, int]:
    """``corrected``: how many rows; ``unchecked``: how many of their changes nothing was checked with yet."""
    found: dict[str, int] = RejectedRow.objects.filter(batch=batch).aggregate(
        corrected=Count("pk", filter=Q(corrected__isnull=False)),
        unchecked=Count("pk", filter=Q(checked=False)),
    )
    return found


def are_checked(batch: Batch) -> bool:
    return not RejectedRow.objects.filter(batch=batch, checked=False).exists()


def judged(batch: Batch) -> None:
    """The batch has been read and checked with all of them."""
    RejectedRow.objects.filter(batch=batch, checked=False).update(checked=True)


def close(batch: Batch) -> None:
    """Nobody corrects the batch any more. Until now a row whose correction was taken back went on counting versions."""
    RejectedRow.objects.filter(batch=batch, corrected=None).delete()


def sealed(texts: Mapping[str, str], seal_id: UUID) -> bytes:
    return keyring().seal(json.dumps(texts, ensure_ascii=False), CELLS, seal_id)


def opened(value: bytes | memoryview, seal_id: UUID) -> Texts:
    found: Texts = json.loads(keyring().open_(bytes(value), CELLS, seal_id))
    return found


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as the page asks for it. ``now`` is what a field begins with: nothing where a number is kept hidden.

    ``came`` and ``corrected`` are for reading, numbers masked.
    """

    key: str
    heading: str
    now: str
    came: str
    corrected: str | None
    hidden: bool
    faults: list[Issue]


@dataclass(frozen=True, slots=True)
class Looked:
    """One row as somebody looks at it: what they change holds for just this ``version`` (0: never corrected)."""

    batch_id: UUID
    row: int
    version: int
    by: str
    came: Texts
    typed: Texts
    cells: list[Cell]
    faults: list[Issue]  # of columns that the sheet does not have

    @property
    def is_corrected(self) -> bool:
        return bool(self.typed)


def look(batch: Batch, row: int) -> Looked | None:
    """A row that has a fault or was corrected; None for any other.

    Raises store.FileGone, store.FileDamaged, reading.Refused, cage.ChildDied.
    """
    faults = list(Issue.objects.filter(batch=batch, row=row, severity__in=_TOLD).order_by("severity", "id"))
    kept = RejectedRow.objects.filter(batch=batch, row=row).select_related("corrected_by").first()
    if kept is None and not faults:
        return None
    kind = kinds.get(batch.kind)
    came = opened(kept.cells, kept.seal_id) if kept else reading.row_by_key(batch, kind, row)
    typed = opened(kept.corrected, kept.seal_id) if kept and kept.corrected is not None else {}
    printed: Mapping[str, str] = batch.sheet.get("mapping", {})
    columns = [kind.spec.column(key) for key in came if key in printed]
    cells = [_cell(column, printed[column.key], came, typed, faults) for column in columns]
    placed = {fault.pk for cell in cells for fault in cell.faults}
    return Looked(
        batch_id=batch.pk,
        row=row,
        version=kept.version if kept else 0,
        by=str(kept.corrected_by or "") if kept else "",
        came=came,
        typed=typed,
        cells=sorted(cells, key=lambda cell: not cell.faults and cell.corrected is None),
        faults=[fault for fault in faults if fault.pk not in placed],
    )


def _cell(column: Column, heading: str, came: Texts, typed: Texts, faults: list[Issue]) -> Cell:
    key, hidden = column.key, is_masked(column)
    said = plain(came[key])
    return Cell(
        key=key,
        heading=heading,
        now="" if hidden else typed.get(key, said),
        came=shown(column, said),
        corrected=shown(column, typed[key]) if key in typed else None,
        hidden=hidden,
        # An issue keeps the first hundred characters of a heading.
        faults=[fault for fault in faults if fault.column == heading[:100]],
    )


def next_faulty(batch: Batch, after: int) -> int | None:
    """The next row that is in fault and that nobody has just corrected."""
    done = RejectedRow.objects.filter(batch=batch, checked=False).values("row")
    found = Issue.objects.filter(batch=batch, severity=Issue.Severity.ERROR, row__gt=after)
    return found.exclude(row__in=done).order_by("row").values_list("row", flat=True).first()

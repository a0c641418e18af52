"""Back to the sheet: the cells of one row as they were handed in, read from the kept file, and what became of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from registry.intake import corrections, kinds, reading
from registry.intake.columns import Column
from registry.intake.masked import shown
from registry.intake.models import Batch, RejectedRow


@dataclass(frozen=True, slots=True)
class Cell:
    """``text`` as it came; ``corrected`` what it was read as, where that is something else."""

    heading: str
    text: str
    corrected: str | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """One row. ``by`` and ``at`` tell who corrected it last; nobody where it only follows a corrected cell above."""

    cells: list[Cell] = field(default_factory=list)
    by: str = ""
    at: dt.datetime | None = None

    @property
    def is_corrected(self) -> bool:
        return any(cell.corrected is not None for cell in self.cells)


def cells(batch: Batch, row: int) -> Cells:
    """The row in the columns that the kind knows; numbers of people are masked.

    Columns that no kind declares were never taken over and are not shown either. No cells when the sheet has no
    such row. Raises store.FileGone, store.FileDamaged, reading.Refused, cage.ChildDied.
    """
    kind = kinds.get(batch.kind)
    printed: dict[str, str] = batch.sheet.get("mapping", {})
    came = reading.row_by_key(batch, kind, row)
    # A merged cell or 同上 takes what was corrected above it: only reading again tells.
    patches = corrections.patches(batch)
    read = reading.row_by_key(batch, kind, row, patches) if patches else came
    kept = RejectedRow.objects.filter(batch=batch, row=row).select_related("corrected_by").first()
    return Cells(
        cells=[
            _cell(kind.spec.column(key), printed[key], text, read.get(key, text))
            for key, text in came.items()
            if key in printed
        ],
        by=str(kept.corrected_by or "") if kept else "",
        at=kept.corrected_at if kept else None,
    )


def _cell(column: Column, heading: str, came: str, read: str) -> Cell:
    return Cell(heading, shown(column, came), None if read == came else shown(column, read))

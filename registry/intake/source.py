"""Back to the sheet: the cells of one row as they were handed in, read from the kept file."""

from __future__ import annotations

from collections.abc import Callable

from registry.identity.masking import mask_account, mask_id_number, mask_phone
from registry.intake import kinds, reading
from registry.intake.columns import Column
from registry.intake.models import Batch

Cells = list[tuple[str, str]]

_MASKS: dict[str, Callable[[str], str]] = {
    "mask": mask_id_number,
    "phone_mask": mask_phone,
    "bank_mask": mask_account,
}


def cells(batch: Batch, row: int) -> Cells:
    """(heading as printed, text) of the columns that the kind knows; numbers of people are masked.

    Columns that no kind declares were never taken over and are not shown either. Empty when the sheet has no
    such row. Raises store.FileGone, store.FileDamaged, reading.Refused.
    """
    kind = kinds.get(batch.kind)
    known = {
        batch.sheet["mapping"][column.key]: column
        for column in kind.spec.columns
        if column.key in batch.sheet.get("mapping", {})
    }
    headings: list[str] = batch.sheet.get("headings", [])
    for number, texts in reading.raw_rows(batch, kind, [row]):
        if number == row:
            return [
                (heading, _shown(known[heading], text))
                for heading, text in zip(headings, texts, strict=False)
                if heading in known
            ]
    return []


def _shown(column: Column, text: str) -> str:
    for name, _type in column.staged:
        if name in _MASKS:
            return _MASKS[name](text.strip()) if text.strip() else ""
    return text

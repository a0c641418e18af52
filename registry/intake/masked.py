"""How a cell of a sheet may be shown to people: numbers of persons only in part."""

from __future__ import annotations

from collections.abc import Callable

from registry.identity.masking import mask_account, mask_id_number, mask_phone
from registry.intake.columns import Column

_MASKS: dict[str, Callable[[str], str]] = {
    "mask": mask_id_number,
    "phone_mask": mask_phone,
    "bank_mask": mask_account,
}


def is_masked(column: Column) -> bool:
    """Whether it holds numbers of people, which nobody is shown in full."""
    return any(name in _MASKS for name, _type in column.staged)


def shown(column: Column, text: str) -> str:
    """A cell of the column as a page may show it."""
    for name, _type in column.staged:
        if name in _MASKS:
            return _MASKS[name](text.strip()) if text.strip() else ""
    return text

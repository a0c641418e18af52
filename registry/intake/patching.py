"""Corrections laid over the rows of a sheet while it is read: the file itself stays as it came."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from registry.intake.cells import Row

# The corrected text, by row and key of the column.
Patches: TypeAlias = Mapping[int, Mapping[str, str]]
# The same by row and place in it.
Placed: TypeAlias = dict[int, dict[int, str]]


def placed(told: Mapping[str, Mapping[str, str]] | None, columns: Mapping[str, int]) -> Placed:
    """What a request tells, where ``columns`` has each of its columns; JSON knows rows as text only."""
    return {
        int(row): {columns[key]: text for key, text in texts.items() if key in columns}
        for row, texts in (told or {}).items()
    }


def patched(rows: Iterable[Row], corrected: Placed) -> Iterator[Row]:
    """The rows with corrected texts in place of what came. Everything that reads them sees a sheet that was right."""
    for number, cells in rows:
        for place, text in corrected.get(number, {}).items():
            if place >= len(cells):
                cells.extend([""] * (place + 1 - len(cells)))
            cells[place] = text
        yield number, cells

"""Files as rows of plain cells with the sheet's own row numbers. What the cells mean is nobody's business
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from registry.intake.cells import Row
from registry.intake.guard import Facts
from registry.intake.sniff import Kind

Merge = tuple[
    int, int, int, int
]  # first row, first column, last row, last column; rows from 1, columns from 0


@dataclass(slots=True)
class Sheet:
    """One visible sheet. ``rows`` may be asked for again and again. ``total`` is an estimate, None when
    unknown.
    """

    name: str
    total: int | None = None
    merges: Sequence[Merge] = field(default_factory=tuple)

    def rows(self) -> Iterator[Row]:
        raise NotImplementedError


class Book(Protocol):
    """``names`` lists the sheets that a person sees, in their order; a text has one without a name."""

    @property
    def names(self) -> Sequence[str]: ...

    def open(self, name: str) -> Sheet: ...


def open_book(file: BinaryIO, path: str, kind: Kind, facts: Facts | None) -> Book:
    """``path`` leads to the same file, for libraries that open by name. Raises Refusal FILE_UNREADABLE."""
    # Each library is loaded only when its kind of file comes: the child starts for every file.
    if kind.format in ("csv", "tsv"):
        from registry.intake.text_reader import TextBook

        return TextBook(file, kind)
    if kind.format == "html":
        from registry.intake.html_reader import HtmlBook

        return HtmlBook(file, kind)
    if facts is not None and kind.format in ("xlsx", "xlsm"):
        from registry.intake.careful import CarefulBook

        return CarefulBook(file, path, facts)
    from registry.intake.workbook_reader import Workbook

    return Workbook(path, file, kind.format)

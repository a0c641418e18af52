"""Short lists that are answered at once instead of becoming a batch: the rows of a sheet, read in the cage.

For sheets of a few columns and some thousand rows at most, with less memory and time than a sheet that is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO, Final, NamedTuple

from django.utils.translation import gettext as _

from registry.intake import cage
from registry.intake.columns import SheetSpec

_MEMORY: Final = 256 * 1024 * 1024
_CPU_SECONDS: Final = 20
_SILENCE: Final = 20.0


class Refused(Exception):
    """The list as a whole is turned away; the text says why, in the asker's words."""


class Row(NamedTuple):
    """A row with something in it: its number in the sheet, and its texts in the order of the columns of the spec."""

    no: int
    texts: tuple[str, ...]


def read(spec: SheetSpec, file: BinaryIO, size: int, *, most_bytes: int, most_rows: int) -> list[Row]:
    """The rows of a workbook or csv, of columns that the sheet lacks an empty text. `file` needs a descriptor.

    Raises Refused for a file that is too large, no table, without the columns that must be there, or without rows.
    """
    if size > most_bytes:
        raise Refused(_("文件太大。名单只需%(columns)s几列。") % {"columns": _named(spec)})
    found: list[Row] = []
    try:
        for row in _rows(spec, file, size):
            found.append(row)
            few(found, most_rows)
    except cage.ChildDied:
        raise Refused(_("文件无法读取，请另存为 xlsx 或直接粘贴。")) from None
    if not found:
        raise Refused(_("名单中没有%(columns)s。") % {"columns": _named(spec)})
    return found


def few(found: Sequence[object], most: int) -> None:
    """Raises Refused for more lines than are taken at once."""
    if len(found) > most:
        raise Refused(_("一次最多 %(most)s 条，请分开提交。") % {"most": most})


@contextmanager
def on_disk(chunks: Iterable[bytes]) -> Iterator[BinaryIO]:
    """An uploaded file with a descriptor, as the cage needs it; gone afterwards."""
    with TemporaryFile() as handle:
        for chunk in chunks:
            handle.write(chunk)
        handle.seek(0)
        yield handle


def _rows(spec: SheetSpec, file: BinaryIO, size: int) -> Iterator[Row]:
    request = cage.Request(
        spec=spec, mode="rows", memory=_MEMORY, cpu_seconds=_CPU_SECONDS, silence=_SILENCE, max_bytes=size
    )
    places: list[int | None] = []
    for frame in cage.run(request, file):
        if frame.type == "refused":
            raise Refused(frame.header["message"])
        if frame.type == "meta":
            places = [frame.header["columns"].get(column.key) for column in spec.columns]
        elif frame.type == "rows":
            for no, cells in frame.header["rows"]:
                texts = tuple(_cell(cells, place) for place in places)
                if any(texts):
                    yield Row(no, texts)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _named(spec: SheetSpec) -> str:
    return "、".join(spec.column(group[0]).heading for group in spec.required)

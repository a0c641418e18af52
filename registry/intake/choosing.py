"""Which sheet of a file is meant, and its header."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from registry.intake import header, refusal
from registry.intake.cells import is_blank
from registry.intake.columns import SheetSpec
from registry.intake.header import WITHIN, Header
from registry.intake.readers import Book, Sheet
from registry.intake.refusal import Refusal
from registry.intake.rows import Sieve

_LOOK_AT = WITHIN + 40  # rows that tell whether people stand under a header


@dataclass(slots=True)
class Chosen:
    sheet: Sheet
    header: Header
    sheets: list[dict[str, object]]


def choose(book: Book, spec: SheetSpec, wanted: str | None, mapping: Mapping[str, str] | None) -> Chosen:
    """The sheet that is named, or the only one with a header of this kind and people under it.

    Raises Refusal: EMPTY, NO_HEADER, COLUMN_MISSING, SHEET_AMBIGUOUS.
    """
    names = list(book.names)
    if wanted:
        if wanted not in names:
            raise Refusal(
                refusal.SHEET_AMBIGUOUS,
                f"文件里没有名为“{wanted}”的工作表；请从现有的工作表中选择",
                sheets=names,
            )
        names = [wanted]
    looked = [_look(book.open(name), spec, mapping) for name in names]
    complete = [one for one in looked if one.header is not None and one.people and not one.lacking]
    sheets = [one.summary() for one in looked]
    if len(complete) > 1:
        listed = "、".join(f"“{one.name}”" for one in complete)
        raise Refusal(
            refusal.SHEET_AMBIGUOUS,
            f"有 {len(complete)} 张工作表都像{spec.label}:{listed}；请指定一张",
            sheets=sheets,
        )
    if complete:
        best = complete[0]
        assert best.header is not None
        return Chosen(book.open(best.name), best.header, sheets)
    raise _why_none(looked, spec, sheets)


@dataclass(slots=True)
class _Looked:
    name: str
    rows: int | None
    any_cell: bool
    header: Header | None
    people: bool
    lacking: bool

    def summary(self) -> dict[str, object]:
        return {
            "name": self.name,
            "rows": self.rows,
            "header_row": self.header.last_row if self.header else None,
        }


def _look(sheet: Sheet, spec: SheetSpec, mapping: Mapping[str, str] | None) -> _Looked:
    head = [(number, list(cells)) for number, cells in islice(sheet.rows(), _LOOK_AT)]
    found = header.find(head, sheet.merges, spec, mapping)
    any_cell = any(not is_blank(cell) for _, cells in head for cell in cells)
    people = lacking = False
    if found is not None:
        lacking = bool(header.missing(found, spec))
        people = lacking or _has_people(sheet, found)
    return _Looked(sheet.name, sheet.total, any_cell, found, people, lacking)


def _has_people(sheet: Sheet, found: Header) -> bool:
    sieve = Sieve(found)
    below = (row for row in sheet.rows() if row[0] > found.last_row)
    return next(iter(sieve.people(below)), None) is not None


def _why_none(looked: list[_Looked], spec: SheetSpec, sheets: list[dict[str, object]]) -> Refusal:
    headed = [one for one in looked if one.header is not None]
    lacking = [one for one in headed if one.lacking]
    if lacking:
        best = max(lacking, key=lambda one: one.header.score() if one.header else (False, 0))
        assert best.header is not None
        return header.column_missing(best.header, spec, sheet=best.name, sheets=sheets)
    if headed:
        return Refusal(refusal.EMPTY, "表头下面没有人员；请填写后再上传", sheets=sheets)
    if not any(one.any_cell for one in looked):
        return Refusal(refusal.EMPTY, "表中没有内容；请检查后重新选择文件", sheets=sheets)
    required = "、".join(f"“{spec.column(group[0]).heading}”" for group in spec.required)
    return Refusal(
        refusal.NO_HEADER,
        f"前 {WITHIN} 行内找不到{spec.label}的表头；表头应写有 {required} 等列名。可下载模板对照",
        sheets=sheets,
    )

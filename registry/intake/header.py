"""Where a sheet's header is, and which of its columns is which.

Headings are matched by synonym after blanks, width, case, stars and harmless brackets are taken away, and
never by likeness alone: 原证书号 is not 证书编号. Likeness only serves to propose a column to a human.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from registry.intake import refusal
from registry.intake.cells import Cell, Row, is_blank, plain
from registry.intake.columns import SheetSpec
from registry.intake.readers import Merge
from registry.intake.refusal import Refusal

WITHIN = 15  # rows from the top of the sheet
FEWEST = 3  # known headings that make a header where neither name nor number is among them
# A row names its person by a name and one of these numbers; the first that the sheet has.
NUMBERS = ("id_number", "ticket", "checked_number")
ANCHORS = ("name", *NUMBERS)

_MARKS = str.maketrans("", "", "*※★☆●▲:;,.。、'\"`“”‘’_-—~→")
_BRACKETS = re.compile(r"[(\[{【〔《<](.*?)[)\]}】〕》>]")
_HARMLESS = re.compile(
    r"必填|选填|可不填|非必填|不得|下拉|选择|格式|文本|示例|例如?[::]?|如[::]?|yyyy|mm|dd|\d+位|单位|元|万元|人民币|¥|￥"
    r"|学时|课时|小时|分|百分制|天|年月日|年/月/日|全称|本人|单选|公历|数字|填写|汉字|级|男/?女"
)
_LINE_ENDS = re.compile(r"[\r\n\t\v\f]+")
_UNIT = re.compile(r"万元|万")


@dataclass(slots=True)
class Header:
    """``last_row`` is the lower line of a header of two lines, else the same as ``row``.

    ``headings`` are as printed, by column from 0; ``columns`` leads from a column's key to its place.
    """

    row: int
    last_row: int
    headings: list[str]
    columns: dict[str, int]
    service: int = 0  # headings of numbering and error workbooks
    ignored: list[str] = field(default_factory=list)
    lines: list[frozenset[tuple[int, str]]] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def printed(self) -> dict[str, str]:
        return {key: self.headings[place] for key, place in self.columns.items()}

    @property
    def anchored(self) -> bool:
        return "name" in self.columns and self.number is not None

    @property
    def number(self) -> int | None:
        """The place of the column by which people are told apart."""
        return next((self.columns[key] for key in NUMBERS if key in self.columns), None)

    def score(self) -> tuple[bool, int]:
        return self.anchored, len(self.columns)


@lru_cache(maxsize=4096)
def normal(heading: str) -> str:
    """The heading as it is compared: no blanks, marks, width or case; brackets stay."""
    text = unicodedata.normalize("NFKC", plain(heading)).casefold()
    return "".join(text.split()).translate(_MARKS)


@lru_cache(maxsize=4096)
def bare(heading: str) -> str:
    """Without brackets that only say how to fill the column in; others may change its meaning and stay."""
    text = normal(heading)
    return _BRACKETS.sub(lambda found: "" if _HARMLESS.search(found[1]) else found[0], text)


class Dictionary:
    """Synonyms of one kind, looked up by printed heading."""

    def __init__(self, spec: SheetSpec) -> None:
        self.keys = {
            normal(word): column.key for column in spec.columns for word in (column.heading, *column.synonyms)
        }
        self.silent = frozenset(normal(word) for word in spec.silent)
        self.service = self.silent | frozenset(normal(word) for word in spec.service)

    def key(self, heading: str) -> str | None:
        if not heading or len(heading) > 60:
            return None
        return self.keys.get(normal(heading)) or self.keys.get(bare(heading))

    def is_service(self, heading: str) -> bool:
        return normal(heading) in self.service or bare(heading) in self.service

    def is_silent(self, heading: str) -> bool:
        return normal(heading) in self.silent


def find(
    head: Sequence[Row], merges: Sequence[Merge], spec: SheetSpec, mapping: Mapping[str, str] | None = None
) -> Header | None:
    """The best header among the first rows, or None when no row looks like one.

    A row with name and identity number wins over one without; among equals, the upper one.
    """
    words = Dictionary(spec)
    best: Header | None = None
    for place, (number, _) in enumerate(head[:WITHIN]):
        if number > WITHIN:
            break
        for header in _readings(head, place, merges, words, mapping):
            if not _is_header(header):
                continue
            if best is None or header.score() > best.score():
                best = header
    if best is not None:
        best.titles = titles(head, best.row)
        _settle_unsure(best, head, spec)
        best.ignored = [
            heading
            for place, heading in enumerate(best.headings)
            if heading and place not in best.columns.values() and not words.is_silent(heading)
        ]
    return best


def _settle_unsure(header: Header, head: Sequence[Row], spec: SheetSpec) -> None:
    """Tell by their cells what columns are whose heading has more than one meaning: 培训时间, hours or dates."""
    for headings, meanings in spec.unsure:
        for place, heading in enumerate(header.headings):
            if normal(heading) not in headings or place in header.columns.values():
                continue
            below = [cell_at(cells, place) for number, cells in head if number > header.last_row]
            filled = [cell for cell in below if not is_blank(cell)]
            for key, fits in meanings:
                # Footers stand among the sample.
                if key not in header.columns and filled and sum(map(fits, filled)) * 3 >= len(filled) * 2:
                    header.columns[key] = place
                    break


def _is_header(header: Header) -> bool:
    if header.anchored:
        return True
    if any(key in header.columns for key in ANCHORS):
        return len(header.columns) + header.service > 1
    return len(header.columns) >= FEWEST


def printed(cell: Cell) -> str:
    """The heading as it stands, on one line."""
    text = cell if isinstance(cell, str) else plain(cell)
    return _LINE_ENDS.sub(" ", text).strip() if plain(text) else ""


def _readings(
    head: Sequence[Row],
    place: int,
    merges: Sequence[Merge],
    words: Dictionary,
    mapping: Mapping[str, str] | None,
) -> list[Header]:
    """The row as a header by itself, and together with the row under it as a header of two lines."""
    number, cells = head[place]
    upper = [printed(cell) for cell in cells]
    if sum(map(bool, upper)) < 2:
        return []
    found = [_match(number, number, upper, [upper], words, mapping)]
    if place + 1 < len(head):
        below, cells_below = head[place + 1]
        lower = [printed(cell) for cell in cells_below]
        joined = _join(number, upper, lower, merges, words)
        if below == number + 1 and joined is not None:
            found.append(_match(number, below, joined, [upper, lower], words, mapping))
    return found


def _join(
    number: int, upper: list[str], lower: list[str], merges: Sequence[Merge], words: Dictionary
) -> list[str] | None:
    """Parent and child headings joined, or None when the lower row is no second line of the header."""
    width = max(len(upper), len(lower))
    upper = upper + [""] * (width - len(upper))
    lower = lower + [""] * (width - len(lower))
    under = [place for place in range(width) if lower[place]]
    spanned = {
        place: upper[first_column]
        for first, first_column, last, last_column in merges
        if first <= number <= last and last_column > first_column and first_column < width
        for place in range(first_column, min(last_column + 1, width))
        if last == number
    }
    if not under or len(under) == width or any(len(lower[place]) > 20 for place in under):
        return None
    if not spanned and not any(not upper[place] for place in under):
        return None
    if any(re.search(r"\d{4}", lower[place]) for place in under):
        return None
    parent = ""
    joined: list[str] = []
    for place in range(width):
        if upper[place]:
            parent = upper[place]
        if not lower[place]:
            joined.append(upper[place])
        elif place in spanned or (not upper[place] and not spanned) or _has_sibling(place, upper, lower):
            joined.append(_together(spanned.get(place, parent), lower[place], words))
        else:
            joined.append(_together(upper[place], lower[place], words) if upper[place] else lower[place])
    return joined


def _has_sibling(place: int, upper: list[str], lower: list[str]) -> bool:
    """Whether the next column hangs on the same parent: a header of two lines in a text has no merged
    cells.
    """
    return place + 1 < len(upper) and not upper[place + 1] and bool(lower[place + 1])


def _together(parent: str, child: str, words: Dictionary) -> str:
    if not parent or (words.key(child) and not words.key(parent + child)):
        # The child alone is a known heading; its parent only groups (基本信息 over 姓名).
        return child
    return f"{parent}{child}"


def _match(
    row: int,
    last_row: int,
    headings: list[str],
    lines: list[list[str]],
    words: Dictionary,
    mapping: Mapping[str, str] | None,
) -> Header:
    columns: dict[str, int] = {}
    chosen = {normal(printed): key for key, printed in (mapping or {}).items()}
    for place, heading in enumerate(headings):
        key = chosen.get(normal(heading)) if heading else None
        if key is not None:
            columns[key] = place
    for place, heading in enumerate(headings):
        key = words.key(heading)
        # The first of two equal headings counts: repeated ones belong to a second block (介绍人 姓名 …).
        if key is not None and key not in columns and place not in columns.values():
            columns[key] = place
    return Header(
        row,
        last_row,
        headings,
        columns,
        sum(map(words.is_service, filter(None, headings))),
        lines=[frozenset((place, normal(text)) for place, text in enumerate(line) if text) for line in lines],
    )


_TITLE_PAIR = re.compile(r"([^:]{2,20}):\s*(.*)")


def titles(head: Sequence[Row], header_row: int) -> dict[str, str]:
    """What stands above the header: the title, and pairs such as 单位(盖章), 填表日期, 版本号 with their values."""
    found: dict[str, str] = {}
    for number, cells in head:
        if number >= header_row:
            break
        texts = [plain(cell) for cell in cells if not is_blank(cell)]
        for place, text in enumerate(texts):
            pair = _TITLE_PAIR.fullmatch(text.replace("\uff1a", ":"))
            if pair:
                # The value may stand in the next cell.
                value = pair[2] or (texts[place + 1] if place + 1 < len(texts) else "")
                found.setdefault(pair[1].strip(), value.strip()[:200])
            elif "title" not in found and len(texts) == 1:
                found["title"] = text[:200]
    return found


def missing(header: Header, spec: SheetSpec) -> list[tuple[str, ...]]:
    """Groups of required columns of which none is there."""
    return [group for group in spec.required if not any(key in header.columns for key in group)]


def column_missing(header: Header, spec: SheetSpec, **details: object) -> Refusal:
    """COLUMN_MISSING, with the columns that lack and what each might be called here."""
    groups = missing(header, spec)
    names = [
        "”或“".join(spec.column(key).heading for key in group if spec.column(key).offered) for group in groups
    ]
    free = [
        heading
        for place, heading in enumerate(header.headings)
        if heading and place not in header.columns.values()
    ]
    return Refusal(
        refusal.COLUMN_MISSING,
        f"缺少列：“{'”、“'.join(names)}”；请补上该列，或指明表中哪一列就是它",
        missing=[_proposal(group, spec, free) for group in groups],
        header_row=header.last_row,
        mapping=header.printed,
        free_headings=free,
        **details,
    )


def _proposal(group: tuple[str, ...], spec: SheetSpec, free: list[str]) -> dict[str, object]:
    known = [word for key in group for word in (spec.column(key).heading, *spec.column(key).synonyms)]
    scored = sorted(
        (
            (max(SequenceMatcher(None, normal(heading), normal(word)).ratio() for word in known), heading)
            for heading in free
        ),
        reverse=True,
    )
    return {
        "key": group[0],
        "keys": list(group),
        "heading": spec.column(group[0]).heading,
        "candidates": [heading for likeness, heading in scored if likeness >= 0.4][:3],
    }


def names_ten_thousand(heading: str) -> bool:
    """Whether the heading's bracket says that amounts are in 万元."""
    found = _BRACKETS.search(unicodedata.normalize("NFKC", heading))
    return found is not None and _UNIT.search(found[1]) is not None


def cell_at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else ""

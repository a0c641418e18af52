"""Rows of an xlsx sheet, from their XML to cells.

Sheets are written by programs, row after row in the same form. So the form of a row is learned once, as a pattern of
its cells, and whole rows are then taken by one match; rows of another form go through the general pattern.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from itertools import repeat

from registry.intake import refusal
from registry.intake.cells import Broken, Cell, Row
from registry.intake.guard import LIMITS
from registry.intake.refusal import Refusal
from registry.intake.xlsx_parts import PHONETIC, RUN, Unusual, column_number, text_of

_SHAPES = 48
_LEARN_AFTER = 3
_DAYS_REMEMBERED = 20_000  # different ones; a hostile sheet repeats none


class Values:
    """From what stands in a cell's element to the cell."""

    def __init__(self, strings: list[str], dates: list[bool], since_1904: bool) -> None:
        self.strings = strings
        self._dates = dates
        self._days = _Days(datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30))

    def reader(self, attributes: bytes) -> Callable[[bytes], Cell]:
        """The function that reads the value of cells with these attributes."""
        kind = _attribute(_TYPE, attributes)
        style = _attribute(_STYLE, attributes)
        match kind:
            case b"s":
                return self.shared
            case b"str" | b"inlineStr":
                return text_of
            case b"b":
                return lambda raw: raw.strip() in (b"1", b"true")
            case b"e":
                return lambda raw: Broken(text_of(raw) or "#VALUE!")
            case b"d":
                return _iso
            case b"" | b"n":
                number = int(style) if style.isdigit() else 0
                if number < len(self._dates) and self._dates[number]:
                    return self._days.__getitem__
                return _number
        raise Unusual

    def shared(self, raw: bytes) -> Cell:
        try:
            return self.strings[int(raw)]
        except (ValueError, IndexError):
            raise Unusual from None


class _Days(dict[bytes, Cell]):
    """Days by their number as written, each worked out once: a sheet repeats its dates."""

    __slots__ = ("_zero",)

    def __init__(self, zero: datetime) -> None:
        super().__init__()
        self._zero = zero

    def __missing__(self, raw: bytes) -> Cell:
        day = self._read(raw)
        if len(self) < _DAYS_REMEMBERED:
            self[raw] = day
        return day

    def _read(self, raw: bytes) -> Cell:
        number = _number(raw)
        if not isinstance(number, float) or not 0 <= number < 2_958_466:
            return number
        whole, part = divmod(number, 1)
        if not whole and part:
            return (datetime.min + timedelta(seconds=round(part * 86400))).time()
        moment = self._zero + timedelta(days=whole, seconds=round(part * 86400))
        return moment.date() if not part else moment


def _number(raw: bytes) -> Cell:
    if not raw:
        return ""
    try:
        return float(raw)
    except ValueError:
        return Broken("#NUM!")


def _iso(raw: bytes) -> Cell:
    text = text_of(raw)
    for kind in (date, datetime, time):
        try:
            return kind.fromisoformat(text.removesuffix("Z"))
        except ValueError:
            continue
    return text


_TYPE = re.compile(rb'(?<![\w:])t="([^"]*)"')
_STYLE = re.compile(rb'(?<![\w:])s="([^"]*)"')
_PLACE = re.compile(rb'(?<![\w:])r="([A-Z]{1,3})(\d{1,7})"')
_ROW_TAG = re.compile(rb"<row\b([^<>]*)>")
_ROW_NUMBER = re.compile(rb'(?<![\w:])r="(\d{1,7})"')


def _attribute(pattern: re.Pattern[bytes], attributes: bytes) -> bytes:
    found = pattern.search(attributes)
    return found[1] if found else b""


# One cell of any form that programs write: empty, value, formula with value, text in place.
_CELL = re.compile(
    rb"\s*<c\b([^<>]*?)(?:/>|>\s*"
    rb"(?:(?P<f><f\b[^<>]*/>|<f\b[^<>]*>[^<]*</f>)\s*)?"
    rb"(?:<v\b[^<>]*>(?P<v>[^<]*)</v>|(?P<nov><v\s*/>)|<is>(?P<is>.*?)</is>|<is/>)?\s*"
    rb"(?:<extLst>.*?</extLst>\s*)?</c>)",
    re.S,
)
_FORMULA = rb"<f(?: [^<>]*)?(?:/>|>[^<]*</f>)"

# How a cell is written: nothing, a value, a formula with its value, or text in place.
_EMPTY, _VALUE, _COMPUTED, _IN_PLACE = range(4)
_CONTENT = {
    _EMPTY: b"()",
    _VALUE: rb"<v>([^<]*)</v></c>",
    _COMPUTED: _FORMULA + rb"<v>([^<]*)</v></c>",
    _IN_PLACE: rb'<is><t(?: xml:space="preserve")?>([^<]*)</t></is></c>',
}

_Signature = tuple[
    tuple[bytes, bytes, int], ...
]  # column letters, what follows the place in the tag, content


class _Shape:
    """One form of rows, as a pattern with a group for the row's number and one for every column up to the
    last.
    """

    __slots__ = ("pattern", "readers")

    def __init__(self, signature: _Signature, values: Values) -> None:
        self.readers: list[Callable[[bytes], Cell] | None] = []
        body = b""
        for letters, tag, content in signature:
            missing = column_number(letters) - len(self.readers)
            # Columns without a cell get an empty group, so that groups and columns stay in step.
            body += b"()" * missing + rb'<c r="' + letters + rb'\d+"' + re.escape(tag)
            body += _CONTENT[content]
            reader = _nothing if content == _EMPTY else values.reader(tag)
            self.readers += [*repeat(_nothing, missing), None if reader == values.shared else reader]
        self.pattern = re.compile(rb'<row r="(\d{1,7})"[^<>]*>' + body)


def _nothing(raw: bytes) -> Cell:
    return ""


class Shapes:
    """The forms met so far, the last one first."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._strings = values.strings
        self._readers: dict[bytes, Callable[[bytes], Cell]] = {}
        self._seen: dict[_Signature, int] = {}
        self._known: dict[int, list[_Shape]] = {}
        self._count = 0

    def read(self, part: bytes, last: int) -> Row:
        """Number and cells of one row. Raises Unusual."""
        known = self._known.get(part.count(b"<c "))
        if known is not None:
            for at, shape in enumerate(known):
                found = shape.pattern.fullmatch(part)
                if found is not None:
                    if at:
                        known.insert(0, known.pop(at))
                    number, *raws = found.groups()
                    strings = self._strings
                    try:
                        # Most cells are shared strings: looked up here, without a call.
                        return int(number), [
                            strings[int(raw)] if reader is None else reader(raw)
                            for reader, raw in zip(shape.readers, raws, strict=True)
                        ]
                    except (IndexError, ValueError):
                        raise Unusual from None
        return self._general(part, last)

    def _general(self, part: bytes, last: int) -> Row:
        start = part.rfind(b"<row")
        tag = _ROW_TAG.match(part, start) if start >= 0 else None
        if tag is None or (start and part[:start].strip() and not _only_empty_rows(part[:start])):
            raise Unusual
        said = _ROW_NUMBER.search(tag[1])
        # Empty rows before this one may go without a number only when this one has its own.
        number = int(said[1]) if said else last + 1 + part[:start].count(b"<row")
        cells, signature = self._cells(part, tag.end())
        if signature is not None and start == 0:
            self._learn(signature)
        return number, cells

    def _cells(self, part: bytes, at: int) -> tuple[list[Cell], _Signature | None]:
        cells: list[Cell] = []
        forms: list[tuple[bytes, bytes, int]] = []
        usual = True
        while at < len(part):
            found = _CELL.match(part, at)
            if found is None:
                if part[at:].strip():
                    raise Unusual
                break
            attributes = found[1]
            place = _PLACE.search(attributes)
            column = column_number(place[1]) if place else len(cells)
            cell, content = self._cell(found, attributes)
            if cell != "" and column >= LIMITS.columns:
                raise Refusal(
                    refusal.ARCHIVE_BOMB,
                    f"表格右侧很远处(第 {column + 1} 列)还有内容；请删除多余的列后再上传",
                )
            if column < LIMITS.columns:
                if column >= len(cells):
                    cells.extend([""] * (column + 1 - len(cells)))
                cells[column] = cell
            usual = (
                usual and content is not None and attributes.startswith(b" r=") and column < LIMITS.columns
            )
            if usual and place is not None and content is not None:
                forms.append((place[1], _tag_end(part, place, found), content))
            at = found.end()
        return cells, tuple(forms) if usual and forms else None

    def _cell(self, found: re.Match[bytes], attributes: bytes) -> tuple[Cell, int | None]:
        """The cell, and how it is written, None for a form that is not learned."""
        value, formula, in_place = found["v"], found["f"], found["is"]
        if value is not None:
            return self._reader(attributes)(value), _COMPUTED if formula else _VALUE
        if in_place is not None:
            text = text_of(b"".join(RUN.findall(PHONETIC.sub(b"", in_place))))
            return text, _IN_PLACE if in_place.count(b"<") == 2 and in_place.startswith(b"<t") else None
        if formula and _attribute(_TYPE, attributes) != b"str":
            return Broken(), None  # never computed; an empty text would say that it is one
        return "", _EMPTY if found[0].endswith(b"/>") and not formula else None

    def _reader(self, attributes: bytes) -> Callable[[bytes], Cell]:
        key = _PLACE.sub(b"", attributes)
        reader = self._readers.get(key)
        if reader is None:
            reader = self._values.reader(key)
            if len(self._readers) < 1000:
                self._readers[key] = reader
        return reader

    def _learn(self, signature: _Signature) -> None:
        if len(self._seen) > 1000:
            self._seen.clear()
        times = self._seen[signature] = self._seen.get(signature, 0) + 1
        if times == _LEARN_AFTER and self._count < _SHAPES:
            self._count += 1
            self._known.setdefault(len(signature), []).insert(0, _Shape(signature, self._values))


def _tag_end(part: bytes, place: re.Match[bytes], found: re.Match[bytes]) -> bytes:
    """What follows the place in the cell's tag, up to and with its closing bracket."""
    start = found.start(1) + place.end()
    return part[start : part.index(b">", start) + 1]


_EMPTY_ROWS = re.compile(rb"(?:\s*<row\b[^<>]*/>)+\s*")


def _only_empty_rows(before: bytes) -> bool:
    return _EMPTY_ROWS.fullmatch(before) is not None

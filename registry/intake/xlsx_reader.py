"""xlsx and xlsm in a stream: rows come as the sheet unpacks, and memory holds the strings and one piece of
the sheet.

Sheets are written by programs, row after row in the same form. So the form of a row is learned once, as a
pattern of its cells, and whole rows are then taken by one match; rows of another form go through the
general pattern. What this module does not know (prefixed names, comments, rows out of order) raises
Unusual, and calamine reads the file instead.
"""

from __future__ import annotations

import html
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import repeat
from posixpath import join, normpath
from typing import BinaryIO
from xml.etree import ElementTree

from registry.intake import refusal
from registry.intake.cells import Broken, Cell, Row
from registry.intake.guard import LIMITS, Facts
from registry.intake.readers import Merge, Sheet
from registry.intake.refusal import Refusal

_PIECE = 512 * 1024
_LONGEST_ROW = 8 * 1024 * 1024
_SMALL_PART = 16 * 1024 * 1024
_SHAPES = 48
_LEARN_AFTER = 3
_DAYS_REMEMBERED = 20_000  # different ones; a hostile sheet repeats none
_MOST_ROWS = 2**21


class Unusual(Exception):
    """Well-formed or not, this is not how spreadsheet programs write."""


class XlsxBook:
    def __init__(self, file: BinaryIO, facts: Facts) -> None:
        try:
            self._archive = zipfile.ZipFile(file)
            self._facts = facts
            folder, workbook = _workbook_path(self._archive)
            self._parts, self._since_1904 = _sheets(self._archive, folder, workbook)
            self._folder = folder
        except (KeyError, ElementTree.ParseError, zipfile.BadZipFile, ValueError) as error:
            raise Unusual from error
        self._strings: list[str] | None = None
        self._dates: list[bool] | None = None

    @property
    def names(self) -> Sequence[str]:
        return list(self._parts)

    def open(self, name: str) -> XlsxSheet:
        if self._strings is None:
            try:
                self._strings = _strings(self._archive, join(self._folder, "sharedStrings.xml"))
                self._dates = _date_styles(self._archive, join(self._folder, "styles.xml"))
            except (UnicodeDecodeError, ElementTree.ParseError):
                raise Unusual from None
        assert self._dates is not None
        part = self._parts[name]
        facts = self._facts.sheets.get(part)
        if facts is None:  # kept in an odd place, where nobody looked for merged cells
            raise Unusual
        return XlsxSheet(
            name,
            self._archive,
            part,
            self._strings,
            self._dates,
            self._since_1904,
            facts.rows,
            _merges(facts.tail),
        )


class XlsxSheet(Sheet):
    def __init__(
        self,
        name: str,
        archive: zipfile.ZipFile,
        part: str,
        strings: list[str],
        dates: list[bool],
        since_1904: bool,
        total: int | None,
        merges: Sequence[Merge],
    ) -> None:
        super().__init__(name=name, total=total, merges=merges)
        self._archive, self._part = archive, part
        self._values = _Values(strings, dates, since_1904)

    def rows(self) -> Iterator[Row]:
        """Rows that the file holds, in its order; blank ones may be left out. Raises Unusual."""
        shapes = _Shapes(self._values)
        last = 0
        for part in _row_parts(self._archive, self._part):
            try:
                number, cells = shapes.read(part, last)
            except UnicodeDecodeError:
                raise Unusual from None
            if number <= last or number > _MOST_ROWS:
                raise Unusual
            last = number
            yield number, cells


# ---------------------------------------------------------------- the parts of a workbook


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _tree(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > _SMALL_PART:
        raise Unusual
    return ElementTree.fromstring(archive.read(name))


def _relations(archive: zipfile.ZipFile, name: str, folder: str) -> dict[str, tuple[str, str]]:
    """Id → (kind, path of the part)."""
    found = {}
    for element in _tree(archive, name):
        target = element.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join(folder, target))
        found[element.get("Id", "")] = element.get("Type", "").rpartition("/")[2], path
    return found


def _workbook_path(archive: zipfile.ZipFile) -> tuple[str, str]:
    for kind, path in _relations(archive, "_rels/.rels", "").values():
        if kind == "officeDocument":
            return path.rpartition("/")[0], path
    raise Unusual


def _sheets(archive: zipfile.ZipFile, folder: str, workbook: str) -> tuple[dict[str, str], bool]:
    """Visible worksheets by name with the path of their part; and whether days count from 1904."""
    base = workbook.rpartition("/")[2]
    relations = _relations(archive, join(folder, "_rels", f"{base}.rels"), folder)
    parts: dict[str, str] = {}
    since_1904 = False
    for element in _tree(archive, workbook).iter():
        match _local(element.tag):
            case "workbookPr":
                since_1904 = element.get("date1904") in ("1", "true")
            case "sheet":
                identifier = next((value for key, value in element.attrib.items() if _local(key) == "id"), "")
                kind, path = relations[identifier]
                if kind == "worksheet" and element.get("state", "visible") == "visible":
                    archive.getinfo(path)
                    parts[element.get("name", "")] = path
    return parts, since_1904


_DATE_IDS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_PATTERN = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h|m|s)[^\]]*\]', re.I)


def _date_styles(archive: zipfile.ZipFile, name: str) -> list[bool]:
    """For each cell style, whether its number format shows a date or a time."""
    if name not in archive.NameToInfo:
        return []
    root = _tree(archive, name)
    custom: dict[str, bool] = {}
    styles: list[bool] = []
    for element in root.iter():
        tag = _local(element.tag)
        if tag == "numFmt":
            code = _NOT_PATTERN.sub("", element.get("formatCode", "")).split(";")[0].lower()
            custom[element.get("numFmtId", "")] = "general" not in code and any(
                c in code for c in "ymdhs年月日"
            )
        elif tag == "cellXfs":
            for style in element:
                number = style.get("numFmtId", "0")
                styles.append(custom.get(number, number.isdigit() and int(number) in _DATE_IDS))
    return styles


_PLAIN_STRING = re.compile(rb"<si>(?:<t(?: [^<>]*)?>([^<]*)</t></si>|<t/></si>|(.*?)</si>)|<si/>", re.S)
_SIMPLE_STRING = re.compile("<si><t(?: [^<>]*)?>([^<]*)</t></si>")
_RUN = re.compile(rb"<t(?: [^<>]*)?>([^<]*)</t>")
_PHONETIC = re.compile(rb"<rPh\b.*?</rPh>", re.S)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8")
    if "&" in text:
        text = html.unescape(text)
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text


def _block_strings(block: bytes) -> list[str]:
    """The strings of whole <si> elements, without <si> of their own making. Raises Unusual."""
    if b"<r>" not in block and b"&" not in block and b"_x" not in block and b"<rPh" not in block:
        simple = _SIMPLE_STRING.findall(block.decode("utf-8"))
        if len(simple) == block.count(b"</si>"):
            return simple
    found = _PLAIN_STRING.findall(block)
    if not found:
        raise Unusual
    return [
        _text(b"".join(_RUN.findall(_PHONETIC.sub(b"", rich)))) if rich else _text(plain)
        for plain, rich in found
    ]


def _strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The workbook's shared strings. Raises Unusual."""
    if name not in archive.NameToInfo:
        return []
    strings: list[str] = []
    rest = b""
    prefix: bytes | None = None
    with archive.open(name) as stream:
        while piece := stream.read(_PIECE):
            rest += piece
            if prefix is None:
                prefix = _prefix(rest, b"sst")
            end = b"</" + prefix + b"si>"
            cut = rest.rfind(end) + len(end)
            if cut < len(end):
                if len(rest) > _LONGEST_ROW:
                    raise Unusual
                continue
            block, rest = _unprefixed(rest[:cut], prefix), rest[cut:]
            if b"<!" in block:
                raise Unusual
            strings += _block_strings(block)
    if (prefix and b"si>" in rest) or b"<si>" in rest:
        raise Unusual
    return strings


def _prefix(beginning: bytes, root: bytes) -> bytes:
    """The namespace prefix of a part's root element, with its colon; most have none. Raises Unusual."""
    found = re.search(rb"<(?:(\w+):)?" + root + rb"\b", beginning)
    if found is None:
        raise Unusual
    return found[1] + b":" if found[1] else b""


def _unprefixed(block: bytes, prefix: bytes) -> bytes:
    return block.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else block


_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


def _merges(tail: bytes) -> list[Merge]:
    return [
        (int(first_row), _column(first), int(last_row), _column(last))
        for first, first_row, last, last_row in _MERGE.findall(tail)
    ]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


# ---------------------------------------------------------------- rows


def _row_parts(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Every row that holds cells, from its tag up to its end tag, which is left away. Raises Unusual,
    Refusal.
    """
    rest = b""
    prefix: bytes | None = None
    inside = ended = False
    try:
        with archive.open(name) as stream:
            while not ended and (piece := stream.read(_PIECE)):
                rest += piece
                if not inside:
                    prefix = _prefix(rest, b"worksheet")
                    start = rest.find(b"<" + prefix + b"sheetData")
                    if start < 0 or rest.find(b">", start) < 0:
                        if len(rest) > _LONGEST_ROW:
                            raise Unusual
                        continue
                    inside = True
                    close = rest.index(b">", start)
                    ended = rest[close - 1 : close] == b"/"
                    rest = rest[close + 1 :]
                assert prefix is not None
                row_end = b"</" + prefix + b"row>"
                end = rest.find(b"</" + prefix + b"sheetData>")
                ended = ended or end >= 0
                cut = rest.rfind(row_end, 0, end if end >= 0 else len(rest)) + len(row_end)
                if cut < len(row_end):
                    if len(rest) > _LONGEST_ROW:
                        raise Refusal(refusal.ARCHIVE_BOMB, "有一行内容过长；请删除后另存，再上传")
                    continue
                block, rest = _unprefixed(rest[:cut], prefix), rest[cut:]
                if b"<!" in block or b"<?" in block:
                    raise Unusual
                parts = block.split(b"</row>")
                parts.pop()
                yield from parts
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise Refusal(
            refusal.FILE_UNREADABLE, "文件不完整或已损坏；请用 Excel 或 WPS 打开后另存为 xlsx,再上传"
        ) from None
    if not ended:
        raise Unusual


class _Values:
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
                return _text
            case b"b":
                return lambda raw: raw.strip() in (b"1", b"true")
            case b"e":
                return lambda raw: Broken(_text(raw) or "#VALUE!")
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
    text = _text(raw)
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

    def __init__(self, signature: _Signature, values: _Values) -> None:
        self.readers: list[Callable[[bytes], Cell] | None] = []
        body = b""
        for letters, tag, content in signature:
            missing = _column(letters) - len(self.readers)
            # Columns without a cell get an empty group, so that groups and columns stay in step.
            body += b"()" * missing + rb'<c r="' + letters + rb'\d+"' + re.escape(tag)
            body += _CONTENT[content]
            reader = _nothing if content == _EMPTY else values.reader(tag)
            self.readers += [*repeat(_nothing, missing), None if reader == values.shared else reader]
        self.pattern = re.compile(rb'<row r="(\d{1,7})"[^<>]*>' + body)


def _nothing(raw: bytes) -> Cell:
    return ""


class _Shapes:
    """The forms met so far, the last one first."""

    def __init__(self, values: _Values) -> None:
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
            column = _column(place[1]) if place else len(cells)
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
            text = _text(b"".join(_RUN.findall(_PHONETIC.sub(b"", in_place))))
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

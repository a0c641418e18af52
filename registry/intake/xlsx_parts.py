"""What stands in an xlsx workbook beside its rows: the sheets there are, shared strings, date formats, merges."""

from __future__ import annotations

import html
import re
import zipfile
from posixpath import join, normpath
from xml.etree import ElementTree

from registry.intake.readers import Merge

PIECE = 512 * 1024
LONGEST_ROW = 8 * 1024 * 1024
_SMALL_PART = 16 * 1024 * 1024


class Unusual(Exception):
    """Well-formed or not, this is not how spreadsheet programs write."""


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


def workbook_path(archive: zipfile.ZipFile) -> tuple[str, str]:
    for kind, path in _relations(archive, "_rels/.rels", "").values():
        if kind == "officeDocument":
            return path.rpartition("/")[0], path
    raise Unusual


def visible_sheets(archive: zipfile.ZipFile, folder: str, workbook: str) -> tuple[dict[str, str], bool]:
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


def date_styles(archive: zipfile.ZipFile, name: str) -> list[bool]:
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
RUN = re.compile(rb"<t(?: [^<>]*)?>([^<]*)</t>")
PHONETIC = re.compile(rb"<rPh\b.*?</rPh>", re.S)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def text_of(raw: bytes) -> str:
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
        text_of(b"".join(RUN.findall(PHONETIC.sub(b"", rich)))) if rich else text_of(plain)
        for plain, rich in found
    ]


def shared_strings(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The workbook's shared strings. Raises Unusual."""
    if name not in archive.NameToInfo:
        return []
    strings: list[str] = []
    rest = b""
    prefix: bytes | None = None
    with archive.open(name) as stream:
        while piece := stream.read(PIECE):
            rest += piece
            if prefix is None:
                prefix = prefix_of(rest, b"sst")
            end = b"</" + prefix + b"si>"
            cut = rest.rfind(end) + len(end)
            if cut < len(end):
                if len(rest) > LONGEST_ROW:
                    raise Unusual
                continue
            block, rest = unprefixed(rest[:cut], prefix), rest[cut:]
            if b"<!" in block:
                raise Unusual
            strings += _block_strings(block)
    if (prefix and b"si>" in rest) or b"<si>" in rest:
        raise Unusual
    return strings


def prefix_of(beginning: bytes, root: bytes) -> bytes:
    """The namespace prefix of a part's root element, with its colon; most have none. Raises Unusual."""
    found = re.search(rb"<(?:(\w+):)?" + root + rb"\b", beginning)
    if found is None:
        raise Unusual
    return found[1] + b":" if found[1] else b""


def unprefixed(block: bytes, prefix: bytes) -> bytes:
    return block.replace(b"<" + prefix, b"<").replace(b"</" + prefix, b"</") if prefix else block


_MERGE = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


def merged_cells(tail: bytes) -> list[Merge]:
    return [
        (int(first_row), column_number(first), int(last_row), column_number(last))
        for first, first_row, last, last_row in _MERGE.findall(tail)
    ]


def column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1

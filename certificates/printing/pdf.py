"""Certificates as PDF: one in a file, or thousands in one; the same bytes every time. Pure.

What all pages share (frame, words, labels) is drawn once per layout and kept, with fonts of its own; what differs
(values, photo, QR) is a short stream on top. reportlab's canvas is not used: it builds, numbers and packs everything
anew for each file, which takes most of the time (docs/decisions/0048-pages-of-certificates.md).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import BinaryIO, NamedTuple

from certificates.printing import ornaments, photos, qr, writing
from certificates.printing.glyphs import face
from certificates.printing.layouts import Element, Layout
from certificates.printing.subsets import Subset
from certificates.printing.typesetting import colour, filled, fitted, length, line, number, start

MM = 72 / 25.4
INK = "#1f1f1f"
GREY = "#6b6b6b"
_NO_PHOTO = "#ededed"
_CREATOR = "匠册"


@dataclass(frozen=True, slots=True)
class Printed:
    """What one page shows: texts by the names of `layouts.NAMES`, what the QR says, and a JPEG."""

    values: Mapping[str, str]
    qr: str = ""
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """How a layout is printed: in both languages or in Chinese; on blank paper, or on sheets that are printed already
    with everything that does not differ.
    """

    bilingual: bool = False
    preprinted: bool = False


class _Fonts:
    """The subsets of one file (or of what is shared), made as they are asked for."""

    def __init__(self) -> None:
        self.subsets: dict[str, Subset] = {}

    def take(self, font: str, glyph: int, character: str) -> int:
        subset = self.subsets.get(font)
        if subset is None:
            subset = self.subsets[font] = Subset(face(font))
        return subset.take(glyph, character)


class _Packed(NamedTuple):
    """A font of a file, ready to be written."""

    key: str
    name: str
    descriptor: str
    widths: str
    program: bytes
    length: int
    to_unicode: bytes


class _Plate(NamedTuple):
    """What all pages of a layout share."""

    content: bytes
    fonts: tuple[_Packed, ...]


def render(cards: Iterable[Printed], layout: Layout, way: Way | None = None) -> bytes:
    """All pages in one file. `write` is the same for files that need not lie in memory."""
    out = io.BytesIO()
    write(out, cards, layout, way)
    return out.getvalue()


def write(out: BinaryIO, cards: Iterable[Printed], layout: Layout, way: Way | None = None) -> int:
    """Write all pages in one file, page by page; returns how many. Raises photos.BadPicture and ValueError."""
    way = way or Way()
    file = writing.File(out)
    pages, fonts = file.reserve(), file.reserve()
    shared = _put_plate(file, layout, way)
    drawn = _Fonts()
    pictures: dict[bytes, int] = {}
    numbers: list[int] = []
    box = f"[0 0 {number(layout.page[0] * MM)} {number(layout.page[1] * MM)}]"
    for card in cards:
        picture = _put_picture(file, card.photo, pictures)
        content = file.packed("", _page(card, layout, way, drawn).encode("ascii"))
        named = (f"/S {shared} 0 R" if shared else "") + (f"/P {picture} 0 R" if picture else "")
        numbers.append(
            file.put(
                f"<</Type/Page/Parent {pages} 0 R/MediaBox{box}/Contents {content} 0 R"
                f"/Resources<</Font {fonts} 0 R/XObject<<{named}>>>>>>"
            )
        )
    if not numbers:
        raise ValueError("nothing to print")
    of = {key: _put_font(file, _pack(key, subset, "D")) for key, subset in sorted(drawn.subsets.items())}
    file.put(f"<<{''.join(f'/{key} {each} 0 R' for key, each in of.items())}>>", fonts)
    kids = " ".join(f"{each} 0 R" for each in numbers)
    file.put(f"<</Type/Pages/Count {len(numbers)}/Kids[{kids}]>>", pages)
    root = file.put(
        f"<</Type/Catalog/Pages {pages} 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>>>"
    )
    creator = writing.text(_CREATOR)
    info = file.put(f"<</Title{writing.text(layout.title)}/Creator{creator}/Producer{creator}>>")
    file.close(root, info)
    return len(numbers)


def _put_plate(file: writing.File, layout: Layout, way: Way) -> int:
    if way.preprinted:
        return 0
    plate = _plate(layout.fingerprint, _Held(layout), way.bilingual)
    named = "".join(f"/{each.key} {_put_font(file, each)} 0 R" for each in plate.fonts)
    width, height = (number(each * MM) for each in layout.page)
    return file.stream(
        f"/Type/XObject/Subtype/Form/BBox[0 0 {width} {height}]/Resources<</Font<<{named}>>>>/Filter/FlateDecode",
        plate.content,
    )


class _Held:
    """A layout that does not count when what was kept is looked up: its fingerprint does."""

    __slots__ = ("layout",)

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _plate(fingerprint: str, held: _Held, bilingual: bool) -> _Plate:
    layout = held.layout
    fonts = _Fonts()
    width, height = (each * MM for each in layout.page)
    out = []
    if layout.rosette:
        out.append(ornaments.rosette(width / 2, height * 0.47, width * 0.34, layout.frame))
    out.append(ornaments.frame(width, height, layout.frame, layout.ink))
    for element in layout.elements:
        if element.when.startswith("value:") or not _shown(element, bilingual):
            continue
        if element.kind == "text":
            out.append(_fixed(element, layout, fonts))
        elif element.kind == "field":
            out += _label(element, layout, fonts, bilingual)
    content = writing.packed("\n".join(out).encode("ascii"))
    return _Plate(content, tuple(_pack(key, each, "S") for key, each in sorted(fonts.subsets.items())))


def _shown(element: Element, bilingual: bool, values: Mapping[str, str] | None = None) -> bool:
    if element.when.startswith("value:"):
        return bool(values and values.get(element.when.removeprefix("value:")))
    return element.when == "" or (element.when == "bilingual") == bilingual


def _fixed(e: Element, layout: Layout, fonts: _Fonts) -> str:
    spacing = e.spacing * MM
    x = start(e.align, e.x * MM, e.width * MM, length(e.font, e.text, e.size, spacing))
    ink = colour(e.colour or INK)
    return f"{ink} rg " + line(fonts.take, e.font, e.text, e.size, x, _y(layout, e.y), spacing)


def _y(layout: Layout, y: float) -> float:
    return (layout.page[1] - y) * MM


def _label(e: Element, layout: Layout, fonts: _Fonts, bilingual: bool) -> list[str]:
    out = []
    x, y = e.x * MM, _y(layout, e.y)
    if e.label:
        out.append(f"{colour(INK)} rg " + line(fonts.take, e.label_font, e.label, min(e.size, 12), x, y))
        if bilingual and e.label_en:
            size = min(e.size, 12) * 0.62
            out.append(f"{colour(GREY)} rg " + line(fonts.take, "song", e.label_en, size, x, y - size - 2.5))
    if e.rule:
        left, right = (e.x + e.label_width) * MM, (e.x + e.width) * MM
        below = number(y - 3.4)
        out.append(
            f"q {colour(layout.frame)} RG 0.4 w {number(left)} {below} m {number(right)} {below} l S Q"
        )
    return out


def _page(card: Printed, layout: Layout, way: Way, fonts: _Fonts) -> str:
    """The stream of one page."""
    out = [] if way.preprinted else ["/S Do"]
    for e in layout.elements:
        if not _shown(e, way.bilingual, card.values):
            continue
        if e.kind == "field":
            if e.when.startswith("value:"):
                out += _label(e, layout, fonts, way.bilingual)
            out += _value(e, layout, card, fonts, way.bilingual)
        elif e.kind == "paragraph":
            out += _paragraph(e, layout, card, fonts)
        elif e.kind == "text" and e.when.startswith("value:"):
            out.append(_fixed(e, layout, fonts))
        elif e.kind == "photo":
            out.append(_photo(e, layout, card))
        elif e.kind == "qr" and card.qr:
            out.append(_code(e, layout, card.qr))
    return "\n".join(out)


def _value(e: Element, layout: Layout, card: Printed, fonts: _Fonts, bilingual: bool) -> list[str]:
    text = card.values.get(e.field) or e.empty
    if not text:
        return []
    room = max(0.0, e.width - e.label_width) * MM
    spacing = e.spacing * MM
    x, y = (e.x + e.label_width) * MM, _y(layout, e.y)
    size, lines = fitted(e.font, text, e.size, room)
    lift = size * 1.12 if len(lines) > 1 else 0.0
    out = [f"{colour(e.colour or INK)} rg"]
    for at, each in enumerate(lines):
        left = start(e.align, x, room, length(e.font, each, size, spacing))
        out.append(line(fonts.take, e.font, each, size, left, y + lift * (len(lines) - 1 - at), spacing))
    more = card.values.get(e.field_en) if bilingual and e.field_en else ""
    if more:
        small = e.size * 0.62
        left = start(e.align, x, room, length("song", more, small))
        out.append(f"{colour(GREY)} rg " + line(fonts.take, "song", more, small, left, y - small - 4.2))
    return out


def _paragraph(e: Element, layout: Layout, card: Printed, fonts: _Fonts) -> list[str]:
    text = e.text.format_map(_Blank(card.values))
    size, leading, lines = filled(e.font, text, e.size, e.leading * MM, e.width * MM, e.indent, e.height * MM)
    out = [f"{colour(e.colour or INK)} rg"]
    for at, each in enumerate(lines):
        x = e.x * MM + (e.indent * size if at == 0 else 0)
        out.append(line(fonts.take, e.font, each, size, x, _y(layout, e.y) - at * leading))
    return out


class _Blank(dict[str, str]):
    """Values by name; what is not there is blank."""

    def __missing__(self, key: str) -> str:
        return ""


def _photo(e: Element, layout: Layout, card: Printed) -> str:
    x, y = number(e.x * MM), number(_y(layout, e.y + e.height))
    width, height = number(e.width * MM), number(e.height * MM)
    edge = f"{colour(layout.frame)} RG 0.4 w {x} {y} {width} {height} re S"
    if card.photo is None:
        return f"q {colour(_NO_PHOTO)} rg {x} {y} {width} {height} re f {edge} Q"
    # As large as covers the place, the rest cut off: a face is never stretched.
    picture = photos.read(card.photo)
    scale = max(e.width / picture.width, e.height / picture.height) * MM
    wide, high = picture.width * scale, picture.height * scale
    left = e.x * MM - (wide - e.width * MM) / 2
    low = _y(layout, e.y + e.height) - (high - e.height * MM) / 2
    drawn = f"{number(wide)} 0 0 {number(high)} {number(left)} {number(low)} cm /P Do"
    return f"q q {x} {y} {width} {height} re W n {drawn} Q {edge} Q"


def _code(e: Element, layout: Layout, content: str) -> str:
    """`width` is that of the code with its quiet zone."""
    path, size = qr.path(content)
    module = e.width * MM / (size + 2 * qr.QUIET)
    x, y = e.x * MM + module * qr.QUIET, _y(layout, e.y + e.width) + module * qr.QUIET
    white = f"1 1 1 rg {number(e.x * MM)} {number(_y(layout, e.y + e.width))} " + " ".join(
        [number(e.width * MM)] * 2
    )
    return f"q {white} re f 0 0 0 rg {module:.4f} 0 0 {module:.4f} {number(x)} {number(y)} cm {path} Q"


def _put_picture(file: writing.File, photo: bytes | None, known: dict[bytes, int]) -> int:
    if photo is None:
        return 0
    mark = sha256(photo).digest()
    if mark not in known:
        picture = photos.read(photo)
        known[mark] = file.stream(
            f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}"
            f"/ColorSpace{picture.space}/BitsPerComponent 8/Filter/DCTDecode",
            photo,
        )
    return known[mark]


def _pack(key: str, subset: Subset, mark: str) -> _Packed:
    """A font ready to be written; the six letters before its name say which part of it this is (ISO 32000-1, 9.6.4)."""
    file = subset.face.file
    letters = sha256(repr((mark, key, subset.taken)).encode()).hexdigest()[:6]
    name = "".join(chr(ord("A") + int(each, 16)) for each in letters) + "+" + subset.face.name
    bounds = " ".join(str(round(each)) for each in file.bbox)
    descriptor = (
        f"/Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{bounds}]/ItalicAngle 0"
        f"/Ascent {round(file.ascent)}/Descent {round(file.descent)}/CapHeight {round(file.capHeight)}"
        f"/StemV {round(file.stemV)}"
    )
    program = subset.program()
    return _Packed(
        key,
        name,
        descriptor,
        subset.widths(),
        writing.packed(program),
        len(program),
        writing.packed(subset.to_unicode()),
    )


def _put_font(file: writing.File, font: _Packed) -> int:
    """A font of two-byte glyph numbers (ISO 32000-1, 9.7); returns the number of the object that pages name."""
    program = file.stream(f"/Length1 {font.length}/Filter/FlateDecode", font.program)
    descriptor = file.put(f"<<{font.descriptor}/FontFile2 {program} 0 R>>")
    glyphs = file.put(
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{font.name}/DW 1000/W{font.widths}/CIDToGIDMap/Identity"
        f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor {descriptor} 0 R>>"
    )
    to_unicode = file.stream("/Filter/FlateDecode", font.to_unicode)
    return file.put(
        f"<</Type/Font/Subtype/Type0/BaseFont/{font.name}/Encoding/Identity-H"
        f"/DescendantFonts[{glyphs} 0 R]/ToUnicode {to_unicode} 0 R>>"
    )

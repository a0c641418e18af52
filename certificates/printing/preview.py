"""A layout as a picture of text, lines and boxes for a page of the browser, in millimetres. Pure.

It stands where the PDF puts it, in whatever Song and Kai the reader's computer has; the sample as PDF is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from certificates.printing import qr
from certificates.printing.layouts import Element, Layout
from certificates.printing.pdf import GREY, INK, MM, Printed
from certificates.printing.typesetting import filled, fitted

_POINT = 1 / MM  # in millimetres
_ANCHORS = {"left": "start", "centre": "middle", "right": "end"}


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: text, line, box or code. `element` is whose it is."""

    element: str
    kind: str
    x: float
    y: float
    width: float = 0
    height: float = 0
    text: str = ""
    size: float = 0
    spacing: float = 0
    anchor: str = "start"
    font: str = "song"
    colour: str = INK


def parts(layout: Layout, card: Printed, *, bilingual: bool = False) -> list[tuple[Element, list[Item]]]:
    """Everything on the page, in drawing order: each element that is shown, and what is drawn for it."""
    found: list[tuple[Element, list[Item]]] = []
    for e in layout.elements:
        if e.when.startswith("value:"):
            if not card.values.get(e.when.removeprefix("value:")):
                continue
        elif e.when and (e.when == "bilingual") != bilingual:
            continue
        if drawn := _drawn(e, layout, card, bilingual):
            found.append((e, drawn))
    return found


def _drawn(e: Element, layout: Layout, card: Printed, bilingual: bool) -> list[Item]:
    if e.kind == "text":
        return [_text(e, e.x, e.y, e.text, e.size, e.font, e.colour or INK, e.align)]
    if e.kind == "field":
        return _field(e, layout, card, bilingual)
    if e.kind == "paragraph":
        said = e.text
        for name, value in card.values.items():
            said = said.replace("{" + name + "}", value)
        size, leading, lines = filled(e.font, said, e.size, e.leading, e.width * MM, e.indent, e.height)
        return [
            _text(
                e,
                e.x + (e.indent * size * _POINT if at == 0 else 0),
                e.y + at * leading,
                each,
                size,
                e.font,
                e.colour or INK,
            )
            for at, each in enumerate(lines)
        ]
    if e.kind == "photo":
        return [Item(e.id, "box", e.x, e.y, e.width, e.height, colour=layout.frame)]
    path, size = qr.path(card.qr)
    module = e.width / (size + 2 * qr.QUIET)
    return [
        Item(
            e.id,
            "code",
            round(e.x + module * qr.QUIET, 3),
            round(e.y + e.width - module * qr.QUIET, 3),
            size=round(module, 4),
            text=" ".join(_square(each) for each in path.splitlines() if each.endswith("re")),
        )
    ]


def _square(rectangle: str) -> str:
    """`x y w 1 re` of a PDF as a part of an SVG path."""
    x, y, width, _one, _re = rectangle.split()
    return f"M{x} {y}h{width}v1h-{width}z"


def _field(e: Element, layout: Layout, card: Printed, bilingual: bool) -> list[Item]:
    found: list[Item] = []
    if e.label:
        size = min(e.size, 12)
        found.append(_text(e, e.x, e.y, e.label, size, e.label_font, INK))
        if bilingual and e.label_en:
            small = size * 0.62
            found.append(_text(e, e.x, e.y + (small + 2.5) * _POINT, e.label_en, small, "song", GREY))
    left = e.x + e.label_width
    if e.rule:
        found.append(Item(e.id, "line", left, e.y + 3.4 * _POINT, e.x + e.width - left, colour=layout.frame))
    value = card.values.get(e.field) or e.empty
    if value:
        room = max(0.0, e.width - e.label_width) * MM
        size, lines = fitted(e.font, value, e.size, room)
        for at, each in enumerate(lines):
            up = (len(lines) - 1 - at) * size * 1.12 * _POINT
            found.append(_text(e, left, e.y - up, each, size, e.font, e.colour or INK, e.align))
    more = card.values.get(e.field_en) if bilingual and e.field_en else ""
    if more:
        small = e.size * 0.62
        found.append(_text(e, left, e.y + (small + 4.2) * _POINT, more, small, "song", GREY, e.align))
    return found


def _text(
    e: Element, x: float, y: float, text: str, size: float, font: str, colour: str, align: str = "left"
) -> Item:
    return Item(
        e.id,
        "text",
        round(x, 2),
        round(y, 2),
        text=text,
        size=round(size * _POINT, 3),
        spacing=e.spacing,
        anchor=_ANCHORS[align],
        font=font,
        colour=colour,
    )

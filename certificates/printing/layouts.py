"""What a certificate's page looks like, as data: elements at places in millimetres from the upper left corner. Pure.

A layout is one JSON object:

    {"page": [210, 297],
     "title": "职业技能等级证书",
     "look": {"frame": "#9a7b3f", "ink": "#7d1a1a", "rosette": true},
     "elements": [{"id": "name", "kind": "field", "field": "name", "label": "姓名", "x": 28, "y": 118, …}, …]}

Kinds: `text` (fixed words), `field` (label and value), `paragraph` (sentence with {names} of values), `photo`, `qr`.
`when` limits an element to pages with both languages ("bilingual"), to Chinese ones ("chinese"), or to those for which
the value of a name is there ("value:stock"). y of a text is its baseline; sizes of letters are points. `height` of a
paragraph, from its first baseline to its last, is what it must fit into; without one it grows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

KINDS = ("text", "field", "paragraph", "photo", "qr")
FONTS = ("song", "kai", "bold")
ALIGNS = ("left", "centre", "right")

# What a page can be told to show. Two of them are pictures and have kinds of their own.
NAMES = frozenset(
    {
        "name",
        "document_kind",
        "document_number",
        "occupation",
        "direction",
        "level",
        "level_en",
        "number",
        "issued_on",
        "issued_on_en",
        "expires_on",
        "expires_on_en",
        "body",
        "code",
        "stock",
        "project",
        "period",
        "hours",
        "trainer",
        "note",
    }
)

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_PLACE = re.compile(r"\{(\w+)\}")
_MOST_ELEMENTS = 80


class BadLayout(ValueError):
    """A layout that cannot be drawn; the message says which element and why, in Chinese."""


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on the page. Lengths in millimetres, letters in points."""

    id: str
    kind: str
    x: float
    y: float
    width: float = 0
    height: float = 0
    text: str = ""
    field: str = ""
    label: str = ""
    label_en: str = ""
    field_en: str = ""
    label_width: float = 0
    font: str = "song"
    label_font: str = "song"
    size: float = 12
    leading: float = 8
    spacing: float = 0
    indent: float = 0
    align: str = "left"
    colour: str = ""
    rule: bool = False
    empty: str = ""
    when: str = ""


@dataclass(frozen=True)
class Layout:
    """A page: its size in millimetres, colours, and elements in the order in which they are drawn."""

    page: tuple[float, float]
    title: str
    frame: str
    ink: str
    rosette: bool
    elements: tuple[Element, ...]

    @cached_property
    def fingerprint(self) -> str:
        """The same for two layouts that look the same."""
        return hashlib.sha256(json.dumps(written(self), sort_keys=True).encode()).hexdigest()


_DEFAULTS = {f.name: f.default for f in fields(Element) if f.name not in ("id", "kind", "x", "y")}


def read(data: Mapping[str, Any]) -> Layout:
    """A layout from its JSON. Raises BadLayout."""
    try:
        width, height = (float(each) for each in data["page"])
        look = data["look"]
        elements = tuple(_element(each) for each in data["elements"])
        layout = Layout(
            (width, height),
            str(data["title"]),
            _colour(look["frame"]),
            _colour(look["ink"]),
            bool(look.get("rosette", False)),
            elements,
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, BadLayout):
            raise
        raise BadLayout(f"版式不完整：{error}") from None
    if not (50 <= width <= 450 and 50 <= height <= 450):
        raise BadLayout("页面的边长须在 50 至 450 毫米之间")
    if len(elements) > _MOST_ELEMENTS:
        raise BadLayout(f"版式至多有 {_MOST_ELEMENTS} 个元素")
    if len({each.id for each in elements}) < len(elements):
        raise BadLayout("两个元素的标识相同")
    for each in elements:
        _inside(each, layout)
    return layout


def written(layout: Layout) -> dict[str, Any]:
    """The JSON of a layout; what an element leaves at its default is left out."""
    return {
        "page": list(layout.page),
        "title": layout.title,
        "look": {"frame": layout.frame, "ink": layout.ink, "rosette": layout.rosette},
        "elements": [
            {"id": e.id, "kind": e.kind, "x": e.x, "y": e.y}
            | {name: getattr(e, name) for name, usual in _DEFAULTS.items() if getattr(e, name) != usual}
            for e in layout.elements
        ],
    }


def moved(layout: Layout, places: Mapping[str, Mapping[str, float]]) -> Layout:
    """The layout with other numbers (`x`, `y`, `size`, `width` …) for the elements named. Raises BadLayout."""
    data = written(layout)
    for element in data["elements"]:
        element.update(places.get(element["id"], {}))
    return read(data)


def words(layout: Layout) -> str:
    """Everything fixed that the page says, to look whether the fonts have it."""
    said = [layout.title]
    for e in layout.elements:
        said += [e.text, e.label, e.label_en, e.empty]
    return "".join(said)


def needed(element: Element) -> list[str]:
    """The names of values that an element shows."""
    if element.kind == "field":
        return [element.field, *([element.field_en] if element.field_en else [])]
    return _PLACE.findall(element.text) if element.kind == "paragraph" else []


def _element(data: Mapping[str, Any]) -> Element:
    name = str(data.get("id", "?"))
    unknown = set(data) - {f.name for f in fields(Element)}
    if unknown:
        raise BadLayout(f"元素 {name} 有未知的属性 {'、'.join(sorted(unknown))}")
    given = dict(data)
    for key in ("x", "y", "width", "height", "label_width", "size", "leading", "spacing", "indent"):
        if key in given:
            if isinstance(given[key], bool) or not isinstance(given[key], int | float):
                raise BadLayout(f"元素 {name} 的 {key} 不是数字")
            given[key] = float(given[key])
    element = Element(**given)
    if element.kind not in KINDS:
        raise BadLayout(f"元素 {name} 的种类 {element.kind} 不存在")
    if element.font not in FONTS or element.label_font not in FONTS:
        raise BadLayout(f"元素 {name} 的字体不存在")
    if element.align not in ALIGNS:
        raise BadLayout(f"元素 {name} 的对齐方式不存在")
    if element.colour:
        _colour(element.colour)
    wrong = [each for each in needed(element) if each not in NAMES]
    if wrong:
        raise BadLayout(f"元素 {name} 引用了不存在的内容 {'、'.join(wrong)}")
    if element.when not in ("", "bilingual", "chinese") and element.when.removeprefix("value:") not in NAMES:
        raise BadLayout(f"元素 {name} 的条件 {element.when} 不存在")
    return element


def _colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise BadLayout(f"颜色 {text} 应写作 #rrggbb")
    return text


def _inside(e: Element, layout: Layout) -> None:
    width, height = layout.page
    if not (0 <= e.x <= width and 0 <= e.y <= height):
        raise BadLayout(f"元素 {e.id} 在页面之外")
    if e.width < 0 or e.height < 0 or (e.align == "left" and e.x + e.width > width):
        raise BadLayout(f"元素 {e.id} 超出页面右边")
    if e.kind in ("photo", "qr") and (e.width <= 0 or e.y + max(e.height, 0) > height):
        raise BadLayout(f"元素 {e.id} 的大小不对，或超出页面下边")
    if e.kind == "paragraph" and e.width <= 0:
        raise BadLayout(f"段落 {e.id} 没有宽度")
    if not 4 <= e.size <= 72 or not 2 <= e.leading <= 40:
        raise BadLayout(f"元素 {e.id} 的字号或行距不对")

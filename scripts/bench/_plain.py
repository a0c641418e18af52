"""The rival of `certificates`: a plain script of reportlab that draws the same page. Fonts are registered once.

Written as its manual would have it: canvas, drawString, a QR code by segno with its defaults, drawn as rectangles, the
photo through an ImageReader. Nothing of the program is used but the layout's numbers, so that both draw the same.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import segno
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = {"song": "Song", "kai": "Kai", "bold": "Bold"}


def register(paths: dict[str, Any]) -> None:
    for key, name in FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(paths[key])))


def separate(layout: dict[str, Any], card: Any) -> bytes:
    return together(layout, [card])


def together(layout: dict[str, Any], cards: Sequence[Any]) -> bytes:
    width, height = (each * mm for each in layout["page"])
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(width, height), initialFontName="Song", pageCompression=1)
    for card in cards:
        page(canvas, layout, card, height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def page(canvas: Canvas, layout: dict[str, Any], card: Any, height: float) -> None:
    frame, ink = HexColor(layout["look"]["frame"]), HexColor(layout["look"]["ink"])
    canvas.setStrokeColor(ink)
    canvas.setLineWidth(1.6)
    canvas.rect(10 * mm, 10 * mm, 190 * mm, height - 20 * mm)
    canvas.setStrokeColor(frame)
    canvas.setLineWidth(0.5)
    canvas.rect(11 * mm, 11 * mm, 188 * mm, height - 22 * mm)
    canvas.rect(16 * mm, 16 * mm, 178 * mm, height - 32 * mm)
    for e in layout["elements"]:
        if e.get("when", "") not in ("", "chinese", "value:stock"):
            continue
        x, y = e["x"] * mm, height - e["y"] * mm
        font, size = FONTS[e.get("font", "song")], e.get("size", 12)
        canvas.setFillColor(HexColor(e.get("colour") or "#1f1f1f"))
        if e["kind"] == "text":
            put(canvas, e, font, size, x, y, e["text"])
        elif e["kind"] == "field":
            if e.get("label"):
                canvas.setFont("Song", min(size, 12))
                canvas.drawString(x, y, e["label"])
            if e.get("rule"):
                canvas.setLineWidth(0.4)
                canvas.line(x + e.get("label_width", 0) * mm, y - 3.4, x + e["width"] * mm, y - 3.4)
            put(canvas, e, font, size, x + e.get("label_width", 0) * mm, y, card.values.get(e["field"], "--"))
        elif e["kind"] == "paragraph":
            text = e["text"].format(**{"body": "", **card.values})
            per_line = int(e["width"] * mm / size)
            canvas.setFont(font, size)
            for at in range(0, len(text), per_line):
                canvas.drawString(x, y - at // per_line * e.get("leading", 8) * mm, text[at : at + per_line])
        elif e["kind"] == "photo":
            picture = ImageReader(io.BytesIO(card.photo))
            canvas.drawImage(picture, x, y - e["height"] * mm, e["width"] * mm, e["height"] * mm)
        else:
            code(canvas, card.qr, x, y, e["width"] * mm)


def put(canvas: Canvas, e: dict[str, Any], font: str, size: float, x: float, y: float, text: str) -> None:
    canvas.setFont(font, size)
    if e.get("align") == "centre":
        canvas.drawCentredString(x, y, text)
    else:
        canvas.drawString(x, y, text)


def code(canvas: Canvas, content: str, x: float, y: float, width: float) -> None:
    made = segno.make(content, error="m")
    rows = list(made.matrix_iter(border=4))
    module = width / len(rows)
    canvas.setFillColor(HexColor("#000000"))
    for at, row in enumerate(rows):
        for column, dark in enumerate(row):
            if dark:
                canvas.rect(x + column * module, y - (at + 1) * module, module, module, stroke=0, fill=1)

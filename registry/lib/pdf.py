"""PDF in Chinese: one embedded font, headings and facts flowing over A4 pages, text that can be copied and searched.

A character that the font lacks is drawn as 〓, never as an empty box; whoever issues a paper that must not have one
asks :func:`missing` first.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

FONT = "NotoSerifSC"
FONT_FILE = Path(__file__).parent / "fonts" / "NotoSerifSC-Regular.ttf"
GETA = "〓"  # printed for what a font has no form for

_MARGIN = 18 * mm
_LABEL_WIDTH = 34 * mm


def _to_unicode(fontname: str, subset: Sequence[int]) -> str:
    """reportlab 5.1 writes characters beyond the BMP as five hex digits, which readers copy as something else."""
    text: str = _theirs(fontname, subset)
    for place, code in enumerate(subset):
        if code > 0xFFFF:
            right = chr(code).encode("utf-16-be").hex().upper()
            text = text.replace(f"<{place:02X}> <{code:04X}>", f"<{place:02X}> <{right}>")
    return text


_theirs = ttfonts.makeToUnicodeCMap
ttfonts.makeToUnicodeCMap = _to_unicode


@cache
def font() -> str:
    """The name of the font, registered once per process (about 0.1 s)."""
    pdfmetrics.registerFont(ttfonts.TTFont(FONT, str(FONT_FILE)))
    return FONT


def missing(text: str) -> list[str]:
    """The characters that the font has no form for, each once."""
    glyphs: Mapping[int, Any] = pdfmetrics.getFont(font()).face.charToGlyph
    return [c for c in dict.fromkeys(text) if ord(c) not in glyphs and not c.isspace()]


def printable(text: str) -> str:
    """The text with 〓 for what the font lacks."""
    for character in missing(text):
        text = text.replace(character, GETA)
    return text


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with records under it, each label → value as a person reads it; `note` stands where there is none."""

    title: str
    rows: Sequence[Mapping[str, Any]]
    note: str = ""


def document(title: str, lead: Iterable[str], sections: Iterable[Section], foot: str) -> bytes:
    """A PDF of sections. Labels and values are plain text; `foot` stands on every page beside its number."""
    styles = _styles()
    story: list[Any] = [_paragraph(title, styles["title"])]
    story += [_paragraph(line, styles["plain"]) for line in lead]
    for section in sections:
        story += [Spacer(1, 5 * mm), _paragraph(section.title, styles["head"])]
        if not section.rows:
            story.append(_paragraph(section.note, styles["plain"]))
        for row in section.rows:
            story += [_record(row, styles), Spacer(1, 2 * mm)]
    out = io.BytesIO()
    pages = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=printable(title),
        author="匠册",
        initialFontName=font(),
    )
    footed = partial(_foot, printable(foot))
    pages.build(story, onFirstPage=footed, onLaterPages=footed)
    return out.getvalue()


def _record(row: Mapping[str, Any], styles: Mapping[str, ParagraphStyle]) -> Table:
    lines = [
        [_paragraph(label, styles["label"]), _paragraph("" if value is None else str(value), styles["plain"])]
        for label, value in row.items()
    ]
    table = Table(lines, colWidths=[_LABEL_WIDTH, A4[0] - 2 * _MARGIN - _LABEL_WIDTH])
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), font()),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, -1), (-1, -1), 0.3, colors.lightgrey),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)).replace("\n", "<br/>"), style)


@cache
def _styles() -> dict[str, ParagraphStyle]:
    plain = ParagraphStyle(
        "plain", fontName=font(), bulletFontName=font(), fontSize=10, leading=15, wordWrap="CJK"
    )
    return {
        "plain": plain,
        "label": ParagraphStyle("label", parent=plain, textColor=colors.HexColor("#555555")),
        "head": ParagraphStyle("head", parent=plain, fontSize=13, leading=20, spaceAfter=2 * mm),
        "title": ParagraphStyle("title", parent=plain, fontSize=18, leading=28, spaceAfter=3 * mm),
    }


def _foot(text: str, canvas: Any, pages: Any) -> None:
    canvas.setFont(font(), 8)
    canvas.drawString(_MARGIN, 10 * mm, text)
    canvas.drawRightString(A4[0] - _MARGIN, 10 * mm, f"{canvas.getPageNumber()}")

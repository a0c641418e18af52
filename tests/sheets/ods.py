"""OpenDocument spreadsheets: manifest and content, with styles only where a sheet is hidden."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from .cells import Broken, Cell, Formula, Sheet, covered, parse_range
from .packed import archive

MIME = "application/vnd.oasis.opendocument.spreadsheet"
NS = "urn:oasis:names:tc:opendocument:xmlns"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
MANIFEST = (
    f'{HEAD}<manifest:manifest xmlns:manifest="{NS}:manifest:1.0" manifest:version="1.2">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{MIME}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)
STYLES = (
    "<office:automatic-styles>"
    + "".join(
        f'<style:style style:name="{name}" style:family="table">'
        f'<style:table-properties table:display="{shown}"/></style:style>'
        for name, shown in (("seen", "true"), ("away", "false"))
    )
    + "</office:automatic-styles>"
)


def _value(cell: Cell) -> tuple[str, str]:
    """Attributes and shown text of a cell."""
    match cell:
        case bool():
            said = str(cell)
            return f' office:value-type="boolean" office:boolean-value="{said.lower()}"', said.upper()
        case int() | float():
            return f' office:value-type="float" office:value="{cell!r}"', repr(cell)
        case dt.date():
            return f' office:value-type="date" office:date-value="{cell.isoformat()}"', cell.isoformat()
        case Formula() | Broken():
            raise ValueError("formulas are written in xlsx only")
        case _:
            return ' office:value-type="string"', str(cell)


def _cell(cell: Cell, span: str) -> str:
    if cell is None or cell == "":
        return f"<table:table-cell{span}/>"
    attributes, text = _value(cell)
    return f"<table:table-cell{span}{attributes}><text:p>{escape(text)}</text:p></table:table-cell>"


def _table(sheet: Sheet) -> str:
    hidden, spans = covered(sheet), {}
    for text in sheet.merges:
        top, bottom, left, right = parse_range(text)
        columns, lines = right - left + 1, bottom - top + 1
        spans[top, left] = f' table:number-columns-spanned="{columns}" table:number-rows-spanned="{lines}"'
    rows = ""
    for r, row in enumerate(sheet.rows):
        cells = [*row, *[None] * (sheet.width - len(row))]
        rows += "<table:table-row>"
        for c, cell in enumerate(cells):
            rows += "<table:covered-table-cell/>" if (r, c) in hidden else _cell(cell, spans.get((r, c), ""))
        rows += "</table:table-row>"
    style = "away" if sheet.hidden else "seen"
    return f'<table:table table:name={quoteattr(sheet.name)} table:style-name="{style}">{rows}</table:table>'


def ods(sheets: Sequence[Sheet]) -> bytes:
    names = " ".join(f'xmlns:{n}="{NS}:{n}:1.0"' for n in ("office", "table", "text", "style"))
    body = "".join(_table(sheet) for sheet in sheets)
    content = (
        f'{HEAD}<office:document-content {names} office:version="1.2">{STYLES}'
        f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"
    )
    parts = [("mimetype", MIME), ("META-INF/manifest.xml", MANIFEST), ("content.xml", content)]
    return archive(parts, stored=("mimetype",))

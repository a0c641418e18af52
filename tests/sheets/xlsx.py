"""SpreadsheetML, from the parts a reader needs: types, workbook, styles, shared strings, sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from .cells import Broken, Cell, Formula, Sheet, column_letters, excel_serial
from .packed import archive

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PKG_REL = "http://schemas.openxmlformats.org/package/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class _Strings:
    """The shared string table, filled while sheets are written."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}

    def __getitem__(self, text: str) -> int:
        return self.index.setdefault(text, len(self.index))

    def xml(self) -> str:
        items = "".join(f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in self.index)
        n = len(self.index)
        return f'{HEAD}<sst xmlns="{MAIN}" count="{n}" uniqueCount="{n}">{items}</sst>'


def _cell(ref: str, cell: Cell, strings: _Strings) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{ref}" t="b"><v>{int(cell)}</v></c>'
        case int() | float():
            return f'<c r="{ref}"><v>{cell!r}</v></c>'
        case dt.date():
            return f'<c r="{ref}" s="1"><v>{excel_serial(cell)}</v></c>'
        case Broken():
            return f'<c r="{ref}" t="e"><v>{cell.code}</v></c>'
        case Formula(text, None):
            return f'<c r="{ref}"><f>{escape(text)}</f></c>'
        case Formula(text, str() as value):
            return f'<c r="{ref}" t="str"><f>{escape(text)}</f><v>{escape(value)}</v></c>'
        case Formula(text, value):
            return f'<c r="{ref}"><f>{escape(text)}</f><v>{value!r}</v></c>'
        case _:
            return f'<c r="{ref}" t="s"><v>{strings[cell]}</v></c>'


def _sheet(sheet: Sheet, strings: _Strings) -> str:
    rows = []
    for number, row in enumerate(sheet.rows, 1):
        cells = "".join(_cell(f"{column_letters(c)}{number}", cell, strings) for c, cell in enumerate(row))
        if cells:
            rows.append(f'<row r="{number}">{cells}</row>')
    merges = ""
    if sheet.merges:
        refs = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merges)
        merges = f'<mergeCells count="{len(sheet.merges)}">{refs}</mergeCells>'
    span = f"A1:{column_letters(max(sheet.width, 1) - 1)}{max(len(sheet.rows), 1)}"
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}"><dimension ref="{span}"/>'
        f"<sheetData>{''.join(rows)}</sheetData>{merges}</worksheet>"
    )


def _relations(items: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{i}" Type="{DOC_REL}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(items, 1)
    )
    return f'{HEAD}<Relationships xmlns="{PKG_REL}">{lines}</Relationships>'


def parts(sheets: Sequence[Sheet]) -> dict[str, str]:
    """Every part of the package by name, for files that spoil one of them."""
    strings = _Strings()
    bodies = [_sheet(sheet, strings) for sheet in sheets]
    names = [f"sheet{i}.xml" for i in range(1, len(sheets) + 1)]
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/{name}" ContentType="{TYPE}.worksheet+xml"/>' for name in names
    )
    hidden = [' state="hidden"' if sheet.hidden else "" for sheet in sheets]
    tabs = "".join(
        f'<sheet name={quoteattr(sheet.name)} sheetId="{i}"{hidden[i - 1]} r:id="rId{i}"/>'
        for i, sheet in enumerate(sheets, 1)
    )
    types = (
        f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>{overrides}'
        f'<Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/></Types>'
    )
    relations = [("worksheet", f"worksheets/{name}") for name in names]
    relations += [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")]
    return {
        "[Content_Types].xml": types,
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{DOC_REL}"><sheets>{tabs}</sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": _relations(relations),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": strings.xml(),
        **{f"xl/worksheets/{name}": body for name, body in zip(names, bodies, strict=True)},
    }


def xlsx(sheets: Sequence[Sheet]) -> bytes:
    return archive(parts(sheets).items())

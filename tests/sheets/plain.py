"""Rows as text: comma or tab separated, in any encoding, and as the HTML table that web systems call .xls."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape

from .cells import Cell, Row


def delimited(rows: Sequence[Row], *, separator: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(
        ["" if cell is None else cell for cell in row] for row in rows
    )
    return out.getvalue().encode(encoding)


def html(rows: Sequence[Row], *, encoding: str = "utf-8") -> bytes:
    """The page a browser-side export makes: one table, text format asked for by an Excel-only style."""

    def cell(value: Cell) -> str:
        return f"<td style=\"mso-number-format:'\\@'\">{escape(str(value or ''))}</td>"

    lines = [f"<tr>{''.join(map(cell, row))}</tr>" for row in rows]
    page = (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
        f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}"></head>'
        f'<body><table border="1">{"".join(lines)}</table></body></html>'
    )
    return page.encode(encoding)

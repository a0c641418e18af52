"""Tables out: whatever a cell holds comes back as the same text, and never as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from registry.lib import xlsx
from registry.lib.xlsx import FormulaRefused, add_sheet, csv_lines, defused, open_book, undefused, write_xlsx

HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "{=SUM(A1)}",
    "+86",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "|cmd",
    "'=1",
    "http://example.org",
    "mailto:a@example.org",
    "internal:A1",
    "1e5",
    "00123",
    "110101199003077571",
    "11010519491231002X",
    "TRUE",
    "#REF!",
]
printable = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), max_size=20)


def read(data: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()]


def written(rows: Sequence[Sequence[object]], headings: Sequence[str] = ("甲", "乙")) -> bytes:
    out = io.BytesIO()
    assert write_xlsx(out, headings, rows) == len(rows)
    return out.getvalue()


def test_hostile_text_stays_text_in_a_workbook() -> None:
    data = written([[text, text] for text in HOSTILE], ["=甲", "乙"])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    assert [unescape(str(cell.value)) for cell in cells[2::2]] == HOSTILE


@pytest.mark.parametrize(
    "call", ["write_formula", "write_url", "write_array_formula", "write_dynamic_array_formula"]
)
def test_sheets_of_ones_own_layout_cannot_hold_formulas_either(call: str) -> None:
    with open_book(io.BytesIO()) as book:
        sheet = add_sheet(book, "名[册]")
        with pytest.raises(FormulaRefused):
            getattr(sheet, call)(0, 0, "=1")
        sheet.write(0, 0, "=1")


def test_kinds_of_cells() -> None:
    row = [None, "", 12, 10**17, 1.5, Decimal("1200.50"), True, float("nan"), UUID(int=1)]
    days = [date(2024, 3, 5), datetime(2024, 3, 5, 8, 30)]
    got = read(written([[*row, *days]], [str(n) for n in range(11)]))[1]
    assert got[:7] == [None, None, 12, "1" + "0" * 17, 1.5, 1200.5, "是"]
    assert got[8:] == [str(UUID(int=1)), datetime(2024, 3, 5), datetime(2024, 3, 5, 8, 30)]


def test_what_a_sheet_cannot_hold_goes_on_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "LAST_ROW", 4)
    rows = [[n, "x"] for n in range(7)]
    got = read(written(rows))
    assert [row for row in got if row != ["甲", "乙"]] == rows
    assert got.count(["甲", "乙"]) == 3


def test_a_path_and_a_too_long_name_will_do(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", ["甲"], [["x" * 40_000]], name="'" + "很" * 40 + "/长")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert len(book.sheetnames[0]) <= 31
    assert len(str(book.worksheets[0]["A2"].value)) == 32_767


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(printable, printable), min_size=1, max_size=5))
def test_any_text_comes_back_from_a_workbook(rows: list[tuple[str, str]]) -> None:
    got = read(written(rows))[1:]
    assert [[cell or "" for cell in row] for row in got] == [list(row) for row in rows][: len(got)]


@pytest.mark.parametrize("text", [text for text in HOSTILE[:12] if text[0] != "{"] + HOSTILE[16:18])
def test_risky_cells_of_a_csv_get_an_apostrophe(text: str) -> None:
    assert defused(text) == "'" + text
    assert undefused(defused(text)) == text


@pytest.mark.parametrize(
    "text", ["", "李四", "13800000000", "2024-03-05", "O'Brien", "'李四", "0", "11010519491231002X"]
)
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert defused(text) == undefused(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(HOSTILE))
def test_what_is_defused_comes_back(text: str) -> None:
    assert undefused(defused(text)) == text
    assert defused(text).lstrip("'").lstrip()[:1] not in set("=+-@＝＋－＠|") or defused(text)[0] == "'"


def test_a_csv_opens_in_a_spreadsheet_and_reads_back() -> None:
    rows = [
        ["李四", 12, None, date(2024, 3, 5)],
        ["=1\n2", -5, Decimal("-0.50"), datetime(2024, 3, 5, 8, 30)],
    ]
    text = "".join(csv_lines(["姓名", "-数", "空", "日期"], rows))
    assert text.startswith('\ufeff"姓名","\'-数"')
    got = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert got[1] == ["李四", "12", "", "2024-03-05"]
    assert got[2] == ["'=1\n2", "-5", "-0.50", "2024-03-05 08:30"]

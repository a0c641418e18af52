"""The quick reader of xlsx gives what calamine gives, and more: broken formulas, and rows as they come."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.intake.cells import Broken, Cell
from registry.intake.guard import check_archive
from registry.intake.readers import Sheet, open_book
from registry.intake.refusal import Refusal
from registry.intake.sniff import Kind
from registry.intake.workbook_reader import Workbook
from registry.intake.xlsx_reader import Unusual, XlsxBook
from tests.sheets import cells
from tests.sheets.packed import archive
from tests.sheets.xlsx import parts, xlsx

Rows = dict[int, list[Cell]]


def quick(data: bytes, name: str = "") -> Rows:
    file = io.BytesIO(data)
    book = XlsxBook(file, check_archive(file))
    return rows_of(book.open(name or book.names[0]))


def thorough(data: bytes, tmp_path: Path) -> Rows:
    path = tmp_path / "book.xlsx"
    path.write_bytes(data)
    with path.open("rb") as file:
        book = Workbook(str(path), file, "xlsx")
        return rows_of(book.open(book.names[0]))


def careful(data: bytes, tmp_path: Path) -> Rows:
    path = tmp_path / "book.xlsx"
    path.write_bytes(data)
    with path.open("rb") as file:
        book = open_book(file, str(path), Kind("xlsx"), check_archive(file))
        return rows_of(book.open(book.names[0]))


def rows_of(sheet: Sheet) -> Rows:
    """Rows by number, without blanks at the ends of texts and rows, about which writers do not agree."""
    found: Rows = {}
    for number, cells_ in sheet.rows():
        row = [cell.strip() if isinstance(cell, str) else cell for cell in cells_]
        while row and row[-1] == "":
            row.pop()
        if row:
            found[number] = row
    return found


def with_sheet(rows: str, *, strings: str = "", head: str = "") -> bytes:
    made = parts([cells.Sheet("甲", [["x"]])])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    made["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{main}">{head}<sheetData>{rows}</sheetData></worksheet>'
    )
    if strings:
        made["xl/sharedStrings.xml"] = f'<sst xmlns="{main}">{strings}</sst>'
    return archive(made.items())


# ---------------------------------------------------------------- the same as calamine

VALUES = st.one_of(
    st.none(),
    st.text("甲乙李娜·0123456789 &<>'\"\n_x00", max_size=8),
    st.integers(-(10**9), 10**9),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(dt.date(1950, 1, 1), dt.date(2090, 1, 1)),
    st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2090, 1, 1)).map(lambda d: d.replace(microsecond=0)),
)
TABLES = st.lists(st.lists(VALUES, max_size=7), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_as_excel_writes(tmp_path_factory: pytest.TempPathFactory, table: list[list[object]]) -> None:
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        day, moment = (
            book.add_format({"num_format": "yyyy/m/d"}),
            book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        )
        sheet = book.add_worksheet("甲")
        for row, line in enumerate(table * 5):
            for column, value in enumerate(line):
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(row, column, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(row, column, dt.datetime.combine(value, dt.time()), day)
                else:
                    sheet.write(row, column, value)
    data = out.getvalue()
    assert quick(data) == thorough(data, tmp_path_factory.mktemp("x"))


@settings(max_examples=30, deadline=None)
@given(TABLES)
def test_as_openpyxl_writes(tmp_path_factory: pytest.TempPathFactory, table: list[list[object]]) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("甲")
    for line in table * 5:
        sheet.append(
            ["'" + value if isinstance(value, str) and value.startswith("=") else value for value in line]
        )
    out = io.BytesIO()
    book.save(out)
    assert quick(out.getvalue()) == thorough(out.getvalue(), tmp_path_factory.mktemp("x"))


def test_every_sheet_of_the_collection(tmp_path: Path) -> None:
    """Wherever both readers read a workbook, they read the same, but for broken formulas, which calamine hides."""
    compared = 0
    for path in sorted((Path(__file__).parents[1] / "data").glob("*.xlsx")):
        data = path.read_bytes()
        try:
            ours = quick(data)
        except (Refusal, Unusual, ValueError):
            continue
        except Exception as error:  # what is no workbook at all is the sniffer's business
            if type(error).__name__ == "BadZipFile":
                continue
            raise
        if any(isinstance(cell, Broken) for row in ours.values() for cell in row):
            continue
        assert ours == thorough(data, tmp_path), path.name
        compared += 1
    assert compared > 50


# ---------------------------------------------------------------- more than calamine


def test_broken_formulas_are_told() -> None:
    data = xlsx(
        [
            cells.Sheet(
                "甲",
                [
                    [
                        cells.Broken("#N/A"),
                        cells.Formula("A1"),
                        cells.Formula("A1", "x"),
                        cells.Formula("1", 1),
                    ]
                ],
            )
        ]
    )
    assert quick(data) == {1: [Broken("#N/A"), Broken(), "x", 1.0]}


def test_an_empty_text_is_a_result() -> None:
    assert quick(
        with_sheet('<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1"><v>1</v></c></row>')
    ) == {1: ["", 1.0]}


def test_prefixed_names() -> None:
    """As some libraries write every element."""
    made = parts([cells.Sheet("甲", [["姓名", "号"], ["李娜", 5], ["王", 6]], ["A2:A3"])])
    for name in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"):
        text = (
            made[name]
            .replace("</", "</\0")
            .replace("<", "<x:")
            .replace("</\0", "</x:")
            .replace("<x:/\0", "</x:")
        )
        text = text.replace("<x:/x:", "</x:").replace("<x:?xml", "<?xml").replace(' xmlns="', ' xmlns:x="')
        made[name] = text
    data = archive(made.items())
    assert b"<x:row" in made["xl/worksheets/sheet1.xml"].encode()
    assert quick(data) == {1: ["姓名", "号"], 2: ["李娜", 5.0], 3: ["王", 6.0]}
    file = io.BytesIO(data)
    assert XlsxBook(file, check_archive(file)).open("甲").merges == [(2, 0, 3, 0)]


def test_strings_of_several_runs_and_readings() -> None:
    strings = (
        '<si><r><rPr><b/></rPr><t>李</t></r><r><t xml:space="preserve"> 娜</t></r></si>'
        '<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si/><si><t/></si>'
        "<si><t>a_x000A_b&amp;c</t></si>"
    )
    row = "".join(f'<c r="{letter}1" t="s"><v>{n}</v></c>' for n, letter in enumerate("ABCDE"))
    assert quick(with_sheet(f'<row r="1">{row}</row>', strings=strings)) == {
        1: ["李 娜", "東京", "", "", "a\nb&c"]
    }


def test_text_in_place() -> None:
    row = '<row r="2"><c r="B2" t="inlineStr"><is><t>李&lt;娜</t></is></c><c r="D2"><v>1</v></c></row>'
    rows = "".join(row.replace("2", str(n)) for n in range(2, 9))
    assert quick(with_sheet(rows))[8] == ["", "李<娜", "", 1.0]


def test_places_may_be_left_out() -> None:
    assert quick(with_sheet("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>")) == {
        1: [1.0, 2.0],
        2: [3.0],
    }


def test_rows_between_that_are_empty() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"/><row r="3" ht="15"/>'
    rows += '<row r="4"><c r="A4"><v>4</v></c></row>'
    assert quick(with_sheet(rows)) == {1: [1.0], 4: [4.0]}


def test_dates_since_1904() -> None:
    made = parts([cells.Sheet("甲", [[dt.date(2024, 3, 5)]])])
    assert quick(archive(made.items())) == {1: [dt.date(2024, 3, 5)]}
    made["xl/workbook.xml"] = made["xl/workbook.xml"].replace(
        "<sheets>", '<workbookPr date1904="1"/><sheets>'
    )
    assert quick(archive(made.items())) == {1: [dt.date(2028, 3, 6)]}


def test_a_stray_cell_at_the_bottom_costs_nothing() -> None:
    """calamine lays a grid over everything between: one in the last row costs it most of a gigabyte."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="C1048576" t="str"><v>x</v></c></row>'
    )
    assert quick(with_sheet(rows)) == {1: [1.0], 1048576: ["", "", "x"]}


def test_a_cell_at_the_far_right_is_refused() -> None:
    with pytest.raises(Refusal) as no:
        quick(with_sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'))
    assert no.value.code == "ARCHIVE_BOMB"
    assert quick(with_sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>')) == {1: [1.0]}


# ---------------------------------------------------------------- what it leaves to calamine


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="1"><c r="A1"><v>1</v></c></row><!-- a remark --><row r="2"><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c r="A2"><v>2</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>',
        '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[1]]></t></is></c></row>',
        '<row r="1"><c r="A1" t="s"><v>7</v></c></row>',
        '<row r="1"><c r="A1" t="new"><v>7</v></c></row>',
        '<row r="1"><new/><c r="A1"><v>7</v></c></row>',
    ],
)
def test_unusual(rows: str) -> None:
    with pytest.raises(Unusual):
        quick(with_sheet(rows))


def test_the_thorough_reader_goes_on_where_the_quick_one_stops(tmp_path: Path) -> None:
    usual = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 40_000))
    odd = usual + '<!-- a remark --><row r="40000"><c r="A40000" t="str"><v>李娜</v></c></row>'
    found = careful(with_sheet(odd), tmp_path)
    assert len(found) == 40_000 and found[40_000] == ["李娜"] and found[39_999] == [39999.0]


def test_a_sheet_that_breaks_off_is_unreadable(tmp_path: Path) -> None:
    made = parts([cells.Sheet("甲", [["x"]])])
    made["xl/worksheets/sheet1.xml"] = made["xl/worksheets/sheet1.xml"].partition("</sheetData>")[0]
    with pytest.raises(Refusal) as no:
        careful(archive(made.items()), tmp_path)
    assert no.value.code == "FILE_UNREADABLE"


@pytest.mark.parametrize("rows", ["", "<row/>", '<row r="1"/>', '<row r="1"></row>'])
def test_no_rows(rows: str) -> None:
    assert quick(with_sheet(rows)) == {}

"""The same roster in every format and encoding, under right and wrong endings, and files that must be refused."""

# ruff: noqa: E501 - a table of Chinese cells, which count double
# fmt: off
from __future__ import annotations

import struct
from collections.abc import Iterator

from . import cast, ledger_cases
from .cases import Case
from .cells import Cell, Row, Sheet
from .ods import ods
from .packed import archive
from .plain import delimited, html
from .roster_cases import HEAD, book, line
from .xls import xls
from .xlsx import parts, xlsx

PEOPLE = cast.EVERYONE[:4]
ROWS: list[Row] = [HEAD, *[line(p, n=i) for i, p in enumerate(PEOPLE, 1)]]
GOOD = range(2, 6)
TEXT_TITLE: list[Row] = [["喀什市职业技能培训开班花名册", "", "", ""], *ROWS]


def cases() -> Iterator[Case]:
    yield from _formats()
    yield from _encodings()
    yield from _wrong_endings()
    yield from _ledgers()
    yield from _refused()
    yield from _hostile()
    yield from _large()


def _sheets() -> list[Sheet]:
    title: list[Cell] = ["喀什市职业技能培训开班花名册", None, None, None, None]
    rows = [[*row, "农村转移就业劳动者" if i == 0 else None] for i, row in enumerate(ROWS[1:])]
    return [
        Sheet("代码表", [["代码", "名称"], ["01", "男"]], hidden=True),
        Sheet("花名册", [title, [*HEAD, "人员类别"], *rows], ["A1:E1", "E3:E6"]),
    ]


def _formats() -> Iterator[Case]:
    filled = [(row, "人员类别", "CLEANED") for row in (4, 5, 6)]
    for name, build in (("xls", xls), ("ods", ods), ("xlsx", xlsx)):
        yield Case(
            f"roster_merged_and_hidden_sheet.{name}", lambda build=build: build(_sheets()), range(3, 7), filled,
            header_row=2, format=name, covers=["D9", "D12", "D18"],
        )
    cut: list[Row] = [HEAD, line(cast.AYGUL), [None, cast.TURSUN.name, 653122198503071000, None], line(cast.WANG)]
    for name, build in (("xls", xls), ("ods", ods)):
        yield Case(
            f"roster_id_truncated_numeric_cell.{name}", lambda build=build: build([Sheet("花名册", cut)]), [2, 4],
            [(3, "身份证号", "ID_TRUNCATED")], covers=["D1"], format=name,
        )
    yield Case("roster_macro_enabled.xlsm", _xlsm, GOOD, format="xlsm")
    yield Case("roster_tab_separated.txt", lambda: delimited(ROWS, separator="\t"), GOOD, format="tsv", covers=["D12"])
    yield Case("roster_semicolons.csv", lambda: delimited(ROWS, separator=";"), GOOD, format="csv", covers=["D12"])
    quoted: list[Row] = [HEAD, [1, "阿依古丽·买买提\r\n", cast.AYGUL.id_number, cast.AYGUL.phone], *ROWS[2:]]
    yield Case(
        "roster_line_break_inside_quotes.csv", lambda: delimited(quoted), GOOD, [(2, "姓名", "CLEANED")], format="csv"
    )
    apostrophes: list[Row] = [HEAD, *[[n, name, f"'{number}", f"'{phone}"] for n, name, number, phone in ROWS[1:]]]
    yield Case(
        "roster_apostrophes.csv", lambda: delimited(apostrophes), GOOD,
        [(row, column, "CLEANED") for row in GOOD for column in ("身份证号", "联系电话")], covers=["D2"],
    )


def _xlsm() -> bytes:
    """A workbook saved as macro-enabled, holding no macro."""
    files = parts([Sheet("花名册", ROWS)])
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    files["[Content_Types].xml"] = files["[Content_Types].xml"].replace(
        plain, "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    )
    return archive(files.items())


def _encodings() -> Iterator[Case]:
    for name, codec, said in (
        ("utf8", "utf-8", "utf-8"),
        ("utf8_with_bom", "utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030", "gb18030"),
        ("utf16", "utf-16", "utf-16"),
    ):
        yield Case(
            f"roster_{name}.csv", lambda codec=codec: delimited(TEXT_TITLE, encoding=codec), range(3, 7), header_row=2,
            encoding=said, format="csv", covers=["D12"],
        )
    big_endian = lambda: b"\xfe\xff" + delimited(ROWS, separator="\t", encoding="utf-16-be")  # noqa: E731
    yield Case("roster_utf16_big_endian_tabs.txt", big_endian, GOOD, format="tsv", covers=["D12"])
    yield Case(
        "roster_gbk_private_use_character.csv", _private_use, [2, 3], covers=["D13"],
        names={3: "刘䶮"}, encoding="gb18030",
    )


def _private_use() -> bytes:
    """刘䶮 as old GBK fonts stored it: the second character at FE9F, a private-use code until 2005."""
    text = delimited([HEAD, line(cast.WANG), [2, "刘@", cast.LIU.id_number, cast.LIU.phone]], encoding="gb18030")
    return text.replace(b"@", b"\xfe\x9f")


def _wrong_endings() -> Iterator[Case]:
    yield Case("roster_html_called_xls.xls", lambda: html(ROWS), GOOD, format="html", covers=["D12"])
    yield Case(
        "roster_html_gb2312_called_xls.xls", lambda: html(ROWS, encoding="gb18030"), GOOD, format="html", covers=["D12"]
    )
    yield Case(
        "roster_tabs_called_xls.xls", lambda: delimited(ROWS, separator="\t", encoding="gb18030"), GOOD, format="tsv",
        covers=["D12"],
    )
    yield Case("roster_xlsx_called_xls.xls", lambda: xlsx([Sheet("花名册", ROWS)]), GOOD, format="xlsx", covers=["D12"])
    yield Case("roster_xls_called_xlsx.xlsx", lambda: xls([Sheet("花名册", ROWS)]), GOOD, format="xls", covers=["D12"])
    yield Case("roster_csv_called_xlsx.xlsx", lambda: delimited(ROWS), GOOD, format="csv", covers=["D12"])


def _ledgers() -> Iterator[Case]:
    def rows(start: int) -> list[Row]:
        entries = [ledger_cases.good(start + i, p) for i, p in enumerate(PEOPLE)]
        return [ledger_cases.HEAD, *[e.cells() for e in entries]]

    yield Case(
        "ledger_gb18030.csv", lambda: delimited(rows(500), encoding="gb18030"), GOOD, encoding="gb18030", format="csv",
        covers=["D12"],
    )
    yield Case("ledger_old_excel.xls", lambda: xls([Sheet("台账", rows(510))]), GOOD, format="xls")
    yield Case("ledger_open_document.ods", lambda: ods([Sheet("台账", rows(520))]), GOOD, format="ods")
    yield Case("ledger_html_called_xls.xls", lambda: html(rows(530)), GOOD, format="html", covers=["D12"])


def _refused() -> Iterator[Case]:
    def refused(name: str, code: str, data: bytes) -> Case:
        return Case(name, lambda: data, file_error=code)

    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(17)
    yield refused("roster_picture_called_xlsx.xlsx", "FILE_TYPE", png)
    yield refused("roster_pdf_called_xls.xls", "FILE_TYPE", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")
    yield refused("roster_word_document.docx", "FILE_TYPE", archive([("word/document.xml", "<w:document/>")]))
    yield refused("roster_zip_of_a_workbook.xlsx", "FILE_TYPE", archive([("花名册.xlsx", book(ROWS[1:]))]))
    whole = book(ROWS[1:])
    yield refused("roster_cut_off_in_transfer.xlsx", "FILE_UNREADABLE", whole[: len(whole) * 2 // 3])
    yield refused("roster_cut_off_in_transfer.xls", "FILE_UNREADABLE", xls([Sheet("花名册", ROWS)])[:2000])
    broken = parts([Sheet("花名册", ROWS)])
    xml = broken["xl/worksheets/sheet1.xml"]
    broken["xl/worksheets/sheet1.xml"] = xml[: len(xml) * 2 // 3]
    yield refused("roster_sheet_xml_cut_off.xlsx", "FILE_UNREADABLE", archive(broken.items()))
    yield refused("roster_no_bytes.xlsx", "EMPTY", b"")
    yield refused("roster_no_bytes.csv", "EMPTY", b"")
    yield refused("roster_heading_only.xlsx", "EMPTY", xlsx([Sheet("花名册", [HEAD])]))
    yield refused("roster_blank_sheet.xlsx", "EMPTY", xlsx([Sheet("Sheet1", [])]))
    notice: list[Row] = [["关于报送花名册的通知"], ["请各培训机构于3月5日前报送"], ["联系人", "电话"], ["张丽", "0998-2823456"]]
    yield refused("roster_no_header.xlsx", "NO_HEADER", xlsx([Sheet("Sheet1", notice)]))
    yield refused("roster_rows_without_heading.csv", "NO_HEADER", delimited(ROWS[1:]))
    no_names: list[Row] = [["序号", "身份证号", "联系电话", "人员类别"], *[[n, i, p, None] for n, _, i, p in ROWS[1:]]]
    yield refused("roster_column_missing.xlsx", "COLUMN_MISSING", xlsx([Sheet("花名册", no_names)]))
    yield refused("roster_encoding_unknown.csv", "ENCODING", "姓名,身份证号\r\n".encode() + b"\xff\xff\x80\xfe\xff,\x81\r\n" * 9)
    yield refused("roster_binary_called_csv.csv", "FILE_TYPE", bytes(range(128, 256)) * 8 + bytes(16))


def _hostile() -> Iterator[Case]:
    bomb = parts([Sheet("花名册", ROWS)])
    bomb["xl/sharedStrings.xml"] = bomb["xl/sharedStrings.xml"].replace("</sst>", " " * 60_000_000 + "</sst>")
    yield Case("roster_archive_bomb.xlsx", lambda: archive(bomb.items()), file_error="ARCHIVE_BOMB")
    sheet = bomb["xl/worksheets/sheet1.xml"]

    def with_sheet(xml: str) -> bytes:
        return archive({**parts([Sheet("花名册", ROWS)]), "xl/worksheets/sheet1.xml": xml}.items())

    far = sheet.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    yield Case("roster_cell_at_the_far_corner.xlsx", lambda: with_sheet(far), file_error="ARCHIVE_BOMB")
    laughs = sheet.replace("?>\n", '?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', 1)
    yield Case("roster_xml_entities.xlsx", lambda: with_sheet(laughs), file_error="ARCHIVE_BOMB")
    counted = parts([Sheet("花名册", ROWS)])
    counted["xl/sharedStrings.xml"] = counted["xl/sharedStrings.xml"].replace('uniqueCount="', 'uniqueCount="40000000')
    yield Case("roster_string_count_lies.xlsx", lambda: archive(counted.items()), file_error="ARCHIVE_BOMB")
    escape = [*parts([Sheet("花名册", ROWS)]).items(), ("../../etc/cron.d/x", "x")]
    yield Case("roster_path_leaves_the_archive.xlsx", lambda: archive(escape), file_error="FILE_UNREADABLE")
    evil = [*ROWS[:2], [2, "=HYPERLINK(\"http://x\")", cast.TURSUN.id_number, cast.TURSUN.phone], *ROWS[3:]]
    yield Case("roster_name_like_a_formula.csv", lambda: delimited(evil), GOOD, format="csv")


def _large() -> Iterator[Case]:
    yield Case("roster_over_the_limit.csv", lambda: delimited(ROWS), file_error="FILE_TOO_LARGE", limit=100)
    def many() -> bytes:
        return delimited([HEAD, *[_numbered(i) for i in range(6000)]])

    yield Case("roster_six_thousand_rows.csv", many, range(2, 6002), covers=["D19"], heavy=True)


def _numbered(i: int) -> Row:
    """One of 9,000 people who share nothing: day and sequence count up, …00 is left out."""
    turn, day = divmod(i, 90)
    name = "甲乙丙丁戊己庚辛壬癸"[i % 10] * (1 + i % 3)
    return [i + 1, name, cast.identity("653101", f"19{70 + day % 30}0{1 + day // 30}15", turn + 1 + turn // 99), ""]

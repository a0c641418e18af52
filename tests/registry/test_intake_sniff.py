"""What a file is comes from its content: endings, and what people call a file, say nothing."""

from __future__ import annotations

import io
import struct

import pytest

from registry.intake.refusal import Refusal
from registry.intake.sniff import Kind, sniff
from tests.sheets.cells import Sheet
from tests.sheets.ods import ods
from tests.sheets.packed import archive
from tests.sheets.plain import delimited, html
from tests.sheets.xls import xls
from tests.sheets.xlsx import parts, xlsx

ROWS = [["姓名", "身份证号"], ["李娜", "650102199907122242"], ["刘䶮", "650402199103031333"]]
SHEETS = [Sheet("花名册", ROWS)]
MACRO = {
    **parts(SHEETS),
    "[Content_Types].xml": parts(SHEETS)["[Content_Types].xml"].replace(
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main", "vnd.ms-excel.sheet.macroEnabled.main"
    ),
}


def kind(data: bytes) -> Kind:
    return sniff(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "formats", "encoding"),
    [
        (xlsx(SHEETS), {"xlsx"}, None),
        (archive(MACRO.items()), {"xlsx", "xlsm"}, None),
        (xls(SHEETS), {"xls"}, None),
        (ods(SHEETS), {"ods"}, None),
        (delimited(ROWS), {"csv"}, "utf-8"),
        (delimited(ROWS, encoding="utf-8-sig"), {"csv"}, "utf-8-sig"),
        (delimited(ROWS, encoding="gb18030"), {"csv"}, "gb18030"),
        (delimited(ROWS[:2], encoding="gbk"), {"csv"}, "gb18030"),
        (delimited(ROWS, encoding="utf-16"), {"csv"}, "utf-16"),
        (delimited(ROWS, encoding="utf-16-le"), {"csv"}, "utf-16-le"),
        (delimited(ROWS, encoding="utf-16-be"), {"csv"}, "utf-16-be"),
        (delimited(ROWS, separator="\t"), {"csv", "tsv"}, "utf-8"),
        (delimited(ROWS, separator="\t", encoding="gb18030"), {"csv", "tsv"}, "gb18030"),
        (html(ROWS), {"html"}, "utf-8"),
        (html(ROWS[:2], encoding="gb2312"), {"html"}, "gb18030"),
        (b"\xef\xbb\xbf  " + html(ROWS), {"html"}, "utf-8-sig"),
        ("姓名,说明\n李娜,1<2 且 a>b\n".encode(), {"csv"}, "utf-8"),
    ],
)
def test_told_by_content(data: bytes, formats: set[str], encoding: str | None) -> None:
    found = kind(data)
    assert found.format in formats
    assert found.encoding == encoding


def _ole(*names: str) -> bytes:
    directory = b"".join(name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 20) for name in names)
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "EMPTY"),
        (b"\xef\xbb\xbf", "EMPTY"),
        (b" \r\n\t\r\n", "EMPTY"),
        (bytes(4096), "EMPTY"),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3", "FILE_TYPE"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "FILE_TYPE"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "FILE_TYPE"),
        (b"Rar!\x1a\x07\0", "FILE_TYPE"),
        (b"{\\rtf1 ...}", "FILE_TYPE"),
        (archive([("word/document.xml", "<w/>"), ("[Content_Types].xml", "<Types/>")]), "FILE_TYPE"),
        (archive([("名单.xlsx", xlsx(SHEETS))]), "FILE_TYPE"),
        (archive([("xl/workbook.bin", b"\x83\x01")]), "FILE_TYPE"),
        (_ole("WordDocument"), "FILE_TYPE"),
        (_ole("EncryptionInfo", "EncryptedPackage"), "FILE_UNREADABLE"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "FILE_TYPE",
        ),
        (b'{"rows": []}', "FILE_TYPE"),
        (xlsx(SHEETS)[:700], "FILE_UNREADABLE"),
        ("姓名,身份证号\n".encode() + "李娜".encode("gbk") + b",\xff\xff\xfe\n", "ENCODING"),
        (b"\xff\xfe" + b"\x00\xd8" * 20, "ENCODING"),
        (bytes(range(256)) * 4, "FILE_TYPE"),
        (bytes([0x4D, 0x5A, 0, 1, 2, 3]) * 300, "FILE_TYPE"),
    ],
)
def test_refused_with_code_and_remedy(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as no:
        kind(data)
    assert no.value.code == code
    assert any("\u4e00" <= character <= "\u9fff" for character in no.value.message)


def test_a_fault_far_down_the_file_is_found() -> None:
    """The first pages are good UTF-8, and one cell near the end is GBK: neither codec reads all of it."""
    data = delimited(ROWS * 20_000) + "张".encode("gbk") + b"\xff\n"
    with pytest.raises(Refusal) as no:
        kind(data)
    assert no.value.code == "ENCODING"


def test_leaves_the_file_at_its_beginning() -> None:
    for data in (xlsx(SHEETS), xls(SHEETS), delimited(ROWS)):
        file = io.BytesIO(data)
        sniff(file)
        assert file.tell() == 0

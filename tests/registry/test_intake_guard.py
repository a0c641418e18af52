"""Archives that would hurt a parser are turned away before one sees them, in little memory."""

from __future__ import annotations

import io
import struct
import tracemalloc
import warnings
import zipfile

import pytest

from registry.intake.guard import LIMITS, Limits, check_archive, check_size
from registry.intake.refusal import Refusal
from tests.sheets.cells import Sheet
from tests.sheets.packed import archive
from tests.sheets.xlsx import parts, xlsx

ROWS = [["姓名", "身份证号"], ["李娜", "650102199907122242"]]
GOOD = parts([Sheet("花名册", ROWS)])
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


def refused(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(Refusal) as no:
        check_archive(io.BytesIO(data), limits)
    assert any("\u4e00" <= character <= "\u9fff" for character in no.value.message)
    return no.value.code


def replaced(name: str, content: str | bytes) -> bytes:
    return archive({**GOOD, name: content}.items())


def added(name: str) -> bytes:
    return archive([*GOOD.items(), (name, "x")])


def twice() -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(out, "w") as zf:
            for name, content in GOOD.items():
                zf.writestr(name, content)
            zf.writestr(SHEET, "<worksheet/>")
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(xlsx([Sheet("花名册", ROWS)]))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 8] |= 1
    return bytes(data)


def compressed_otherwise() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as zf:
        for name, content in GOOD.items():
            zf.writestr(name, content)
    return out.getvalue()


def declared_small() -> bytes:
    """The directory says that the part has ten bytes; it unpacks to three megabytes."""
    data = bytearray(replaced(STRINGS, b"<sst>" + b" " * 3_000_000 + b"</sst>"))
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        if data[at + 46 : at + 46 + len(STRINGS)] == STRINGS.encode():
            struct.pack_into("<I", data, at + 24, 10)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (replaced(STRINGS, "<sst>" + " " * 3_000_000 + "</sst>"), "ARCHIVE_BOMB"),
        (replaced(SHEET, '<!DOCTYPE x [<!ENTITY a "b">]>' + GOOD[SHEET]), "ARCHIVE_BOMB"),
        (replaced("xl/workbook.xml", "<!doctype x>" + GOOD["xl/workbook.xml"]), "ARCHIVE_BOMB"),
        (replaced(STRINGS, GOOD[STRINGS].replace('uniqueCount="', 'uniqueCount="400000')), "ARCHIVE_BOMB"),
        (
            archive([*GOOD.items(), *((f"xl/media/{n}.png", b"") for n in range(LIMITS.entries))]),
            "ARCHIVE_BOMB",
        ),
        (
            archive([*GOOD.items(), *((f"xl/worksheets/s{n}.xml", "") for n in range(LIMITS.sheets))]),
            "ARCHIVE_BOMB",
        ),
        (replaced(SHEET, GOOD[SHEET].encode("utf-16")), "FILE_UNREADABLE"),
        (twice(), "FILE_UNREADABLE"),
        (added("../../etc/cron.d/x"), "FILE_UNREADABLE"),
        (added("xl/..\\..\\x.xml"), "FILE_UNREADABLE"),
        (added("/etc/passwd"), "FILE_UNREADABLE"),
        (added("C:\\x.xml"), "FILE_UNREADABLE"),
        (encrypted(), "FILE_UNREADABLE"),
        (compressed_otherwise(), "FILE_UNREADABLE"),
        (declared_small(), "FILE_UNREADABLE"),
        (xlsx([Sheet("花名册", ROWS)])[:-40], "FILE_UNREADABLE"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_many_parts_that_each_keep_the_rules_are_too_much_together() -> None:
    limits = Limits(total_bytes=4_000_000)
    body = "".join(f"<a{n}/>" for n in range(20_000))
    assert (
        refused(archive([*GOOD.items(), *((f"x{n}.xml", body) for n in range(40))]), limits)
        == "FILE_TOO_LARGE"
    )


def test_a_bomb_costs_next_to_nothing() -> None:
    data = replaced(STRINGS, b"<sst>" + b" " * 40_000_000 + b"</sst>")
    tracemalloc.start()
    refused(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_pictures_pasted_in_are_never_unpacked() -> None:
    """Scans of fifty megabytes come along with rosters: they are nobody's business, and no bomb."""
    data = archive([*GOOD.items(), ("xl/media/scan.png", bytes(5_000_000))], stored=["xl/media/scan.png"])
    check_archive(io.BytesIO(data))


def test_tells_the_last_row_with_a_value_and_what_follows_the_rows() -> None:
    merged = xlsx([Sheet("花名册", [*ROWS, ["王建国", None]], ["B2:B3"])])
    facts = check_archive(io.BytesIO(merged)).sheets[SHEET]
    assert facts.rows == 3
    assert b'ref="B2:B3"' in facts.tail


def test_rows_that_are_only_formatted_do_not_count() -> None:
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(3, 60_000))
    data = replaced(SHEET, GOOD[SHEET].replace("</sheetData>", f"{blank}</sheetData>"))
    assert check_archive(io.BytesIO(data)).sheets[SHEET].rows == 2


@pytest.mark.parametrize("format_", ["xlsx", "xls", "ods", "html", "csv"])
def test_size_by_format(format_: str) -> None:
    limits = Limits(file_bytes=300, book_bytes=200, html_bytes=100)
    check_size(100, format_, limits)
    with pytest.raises(Refusal) as no:
        check_size(301, format_, limits)
    assert no.value.code == "FILE_TOO_LARGE"
    assert "字节" in no.value.message

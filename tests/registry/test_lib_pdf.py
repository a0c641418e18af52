"""PDF in Chinese: every character is drawn, can be copied again, and the font travels along."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from registry.lib import pdf

RARE = "䶮㛃喆𬱖𣲗𬍛"


def made(*values: str) -> bytes:
    rows = [{"姓名": value} for value in values]
    return pdf.document(
        "信息副本", ["第一行"], [pdf.Section("人员", rows), pdf.Section("无", [], "没有记录")], "页脚"
    )


def cmaps(data: bytes) -> str:
    """The maps from glyphs back to text, out of their compressed streams."""
    import base64
    import zlib

    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.S):
        body = stream.strip()
        try:
            raw = base64.a85decode(body, adobe=False) if body.endswith(b"~>") else body
            raw = base64.a85decode(body.removesuffix(b"~>")) if body.endswith(b"~>") else raw
            found.append(zlib.decompress(raw).decode("latin-1"))
        except (ValueError, zlib.error):
            continue
    return "\n".join(each for each in found if "begincmap" in each)


def test_it_is_a_pdf_with_the_font_inside_and_no_other() -> None:
    data = made("张三")
    assert data.startswith(b"%PDF-") and b"NotoSerifSC" in data
    assert b"/FontFile2" in data and b"Helvetica" not in data


def test_characters_beyond_the_bmp_are_written_as_surrogate_pairs() -> None:
    text = cmaps(made(RARE))
    assert f"<{'𬱖'.encode('utf-16-be').hex().upper()}>" in text
    assert not re.search(r"> <[0-9A-F]{5}>", text), "five digits are what readers misread"


def test_what_the_font_lacks_is_a_geta_and_can_be_asked_for() -> None:
    assert pdf.missing("张𠮷") == ["𠮷"] and pdf.printable("张𠮷") == "张〓"
    assert pdf.missing(RARE) == []


def test_text_of_a_value_is_text() -> None:
    assert made("<b>粗</b>&amp;", "一\n二").startswith(b"%PDF-")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_it_copies_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "copy.pdf"
    path.write_bytes(made(RARE, "阿依古丽·买买提"))
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout.decode()
    assert RARE in text and "阿依古丽·买买提" in text

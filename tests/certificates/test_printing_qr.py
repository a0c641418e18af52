"""QR codes of certificates: the standard's, module by module, and readable."""

from __future__ import annotations

import pytest
import segno
import zxingcpp
from PIL import Image

from certificates.printing import qr

CONTENT = "https://zs.example.gov.cn/v/7K3M9PQR2VTX4WYZ#" + "AbCdEf12_-" * 90


def fullest(version: int) -> str:
    """As much as a version holds. Below that a second encoder pads with one zero byte more than the standard asks."""
    length = qr._capacity(version) - (2 if version < 10 else 3)
    return CONTENT[:length]


@pytest.mark.parametrize("version", range(1, qr.HIGHEST + 1))
def test_every_version_is_what_another_encoder_makes(version: int) -> None:
    content = fullest(version)
    other = segno.make_qr(content, error="l", mask=3, boost_error=False, mode="byte", encoding="utf-8")
    assert other.version == version
    assert qr.modules(content) == [bytes(row) for row in other.matrix]


@pytest.mark.parametrize("content", ["1", "匠册", CONTENT[:212], CONTENT[:312], CONTENT[:500]])
def test_it_reads_as_what_was_written(content: str) -> None:
    rows = qr.modules(content)
    size = len(rows) + 2 * qr.QUIET
    picture = Image.new("L", (size, size), 255)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            if module:
                picture.putpixel((x + qr.QUIET, y + qr.QUIET), 0)
    found = zxingcpp.read_barcodes(picture.resize((size * 4, size * 4), Image.Resampling.NEAREST))
    assert [each.text for each in found] == [content]


def test_more_than_a_code_holds_is_refused() -> None:
    qr.modules(fullest(20))
    with pytest.raises(ValueError, match="more than"):
        qr.modules(fullest(20) + "x")

"""Numbers of persons are recognised in free text, and nothing else is taken for one."""

from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest

from registry.audit.numbers import numbers_in, veiled


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("号码11010519491231002X录错", "号码▮录错"),
        ("号码 110105 19491231 002x,", "号码 ▮,"),
        ("旧号110105491231002。", "旧号▮。"),
        ("电话:１３８００１３８０００", "电话:▮"),
        ("电话+86 138-0013-8000转", "电话▮转"),
        ("卡6222 0212 3456 7890 123销户", "卡▮销户"),
        ("户名张三,账号30110122000123456", "户名张三,账号▮"),
        ("两个:13800138000、13900139000", "两个:▮、▮"),
    ],
)
def test_what_looks_like_a_number_of_a_person_is_veiled(text: str, expected: str) -> None:
    assert veiled(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-15至2026-04-15停课",
        "第12批,共1380人",
        "班号2026-0315-001",
        "",
        "金额 1,234,567.89 元",
        "S000065000012345678901",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert veiled(text) == text


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"a": [{"b": "11010519491231002X"}]}, {"id_number"}),
        ({"a": 110105194912310029}, set()),  # wrong check digit
        ({"13800138000": 1}, {"phone"}),
        (["卡6222021234567890128"], {"account"}),
        ({"a": 13800138000, "b": True, "c": None}, set()),  # an amount has as many digits
        ({"certificate": "2265001234567890"}, set()),
    ],
)
def test_strictly_only_what_passes_its_check_digits(value: object, kinds: set[str]) -> None:
    assert numbers_in(value) == kinds


def test_no_uuid_or_checksum_is_taken_for_a_number() -> None:
    for turn in range(5000):
        assert not numbers_in([str(uuid4()), hashlib.sha256(str(turn).encode()).hexdigest()])

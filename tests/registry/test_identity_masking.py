"""Masks show what they promise, and never a birth date in public."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity.masking import mask_account, mask_id_number, mask_id_public, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("张三", "张*"),
        ("张三丰", "张*丰"),
        ("欧阳娜娜", "欧*娜"),
        ("阿依古丽·买买提", "阿*提"),
        ("张", "*"),
        ("", ""),
    ],
)
def test_names(name: str, mask: str) -> None:
    assert mask_name(name) == mask


def test_numbers() -> None:
    assert mask_id_number("11010519491231002X") == "110105********002X"
    assert mask_id_public("11010519491231002X") == "110***********002X"
    assert mask_id_number("E12345678") == "E1*****78"
    assert mask_id_public("E12345678") == "*******78"
    assert mask_phone("13800000000") == "138****0000"
    assert mask_account("6222020000000000123") == "****0123"


@given(st.text("0123456789X", max_size=20))
def test_no_mask_shows_a_birth_date_or_more_than_ten_characters(value: str) -> None:
    for mask in (mask_id_number, mask_id_public, mask_phone, mask_account):
        shown = mask(value)
        assert len(shown.replace("*", "")) <= 10
        assert value == "" or "*" in shown
    assert set(mask_id_number(value)[6:14]) <= {"*"} or len(value) != 18

"""Telephone numbers: the first mobile number of a cell, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lib.phones import parse_phone


@pytest.mark.parametrize(
    ("raw", "phone"),
    [
        ("13800000000", "13800000000"),
        ("138-0000-0000", "13800000000"),
        ("138 0000 0000", "13800000000"),
        ("138—0000—0000", "13800000000"),
        ("+86 13800000000", "13800000000"),
        ("+86-138-0000-0000", "13800000000"),
        ("008613800000000", "13800000000"),
        ("8613800000000", "13800000000"),
        ("１３８００００００００", "13800000000"),
        ("13800000000.0", "13800000000"),
        ("'13800000000", "13800000000"),
        ("13800000000/13900000000", "13800000000"),
        ("13800000000 13900000000", "13800000000"),
        ("0991-1234567、13800000000", "13800000000"),
        ("1380000000 13900000000", "13900000000"),
        ("手机：13800000000（本人）", "13800000000"),
        ("0991-1234567", None),
        ("138000000001", None),
        ("1380000000", None),
        ("12800000000", None),
        ("1.38E+10", None),
        ("", None),
    ],
)
def test_the_first_mobile_number_is_taken(raw: str, phone: str | None) -> None:
    assert parse_phone(raw) == phone


@given(st.text(max_size=40))
def test_any_cell_gives_a_mobile_number_or_none(raw: str) -> None:
    phone = parse_phone(raw)
    assert phone is None or (len(phone) == 11 and phone.isascii() and phone.isdigit())

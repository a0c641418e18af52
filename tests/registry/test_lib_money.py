"""Money: read exactly or not at all, and written so that it is read back."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lib.money import LARGEST_FEN, format_wan, format_yuan, parse_amount
from registry.lib.unreadable import Unreadable

amounts = st.integers(0, 10**13)


@pytest.mark.parametrize(
    "raw",
    [
        "1000",
        "1,000.00",
        "1000元",
        "1000.00元整",
        "0.1万元",
        "0.1万",
        "1千元",
        "￥1000",
        "¥ 1,000.00 元",
        "１０００",
        "１，０００．００",
        " 1000 ",
        "'1000",
        "人民币1000元",
        "+1000",
        1000,
        1000.0,
        Decimal("1000.00"),
    ],
)
def test_every_form_of_one_thousand(raw: object) -> None:
    assert parse_amount(raw) == 100_000


@pytest.mark.parametrize(
    ("raw", "fen"),
    [("0", 0), (".5", 50), ("1200.1", 120010), (1200.1, 120010), (0.1 + 0.2, 30), ("1.2亿元", 12 * 10**9)],
)
def test_parts_of_a_yuan(raw: object, fen: int) -> None:
    assert parse_amount(raw) == fen


def test_the_unit_of_the_heading_serves_cells_that_name_none() -> None:
    assert parse_amount("0.15", unit="万元") == 150_000
    assert parse_amount(0.15, unit="万元") == 150_000
    assert parse_amount("1500元", unit="万元") == 150_000


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "abc",
        "10,00",
        "1,0000",
        "1.2.3",
        "1000/人",
        "1000-1500",
        "#REF!",
        "1" * 30,
        "-5",
        "0.001",
        "1e3",
        -5,
        1000.555,
        1e300,
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        True,
        None,
        b"1000",
    ],
)
def test_what_is_no_amount_is_refused(raw: object) -> None:
    with pytest.raises(Unreadable):
        parse_amount(raw)


def test_negative_amounts_are_read_where_they_are_asked_for() -> None:
    assert parse_amount("-5", negative=True) == parse_amount("¥-5.00", negative=True) == -500


@given(amounts)
def test_what_is_written_is_read(fen: int) -> None:
    assert parse_amount(format_yuan(fen)) == fen
    assert parse_amount(format_yuan(fen) + "元") == fen
    assert parse_amount(format_wan(fen, 6) + "万元") == fen
    assert parse_amount(format_yuan(-fen), negative=True) == -fen


@given(st.integers(0, 10**11))
def test_a_number_cell_loses_no_fen(fen: int) -> None:
    assert parse_amount(fen / 100) == fen
    assert parse_amount(fen / 10**6, unit="万元") == fen


@given(st.text(max_size=20) | st.floats() | st.integers() | st.decimals())
def test_any_cell_is_read_or_refused(raw: object) -> None:
    with contextlib.suppress(Unreadable):
        assert 0 <= parse_amount(raw) < LARGEST_FEN


def test_rounding_happens_to_be_looked_at_only() -> None:
    assert format_wan(150_000) == "0.15"
    assert format_wan(5_000) == "0.01"
    assert format_wan(4_999) == "0.00"
    assert format_wan(123_456_789_000) == "123,456.79"
    assert format_yuan(-105) == "-1.05"

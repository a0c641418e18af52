"""Dates: every form that old ledgers use, what is refused, and sums that hold for every day."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.lib.dates import (
    ReadDate,
    add_months,
    full_years,
    parse_date,
    parse_range,
    plan_number,
    plan_years,
)
from registry.lib.unreadable import Unreadable

DAY = date(2024, 3, 5)
days = st.dates(date(1950, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    "raw",
    [
        "2024.3.5",
        "2024-03-05",
        "2024/3/5",
        "20240305",
        "2024年3月5日",
        "24.3.5",
        "45356",
        "2024.3.5  ",
        "'2024.3.5",
        "２０２４．３．５",
        "2024. 3. 5",
        "2024 年 3 月 5 日",
        "2024年3月5号",
        "2024。3。5",
        "2024.3.5.",
        "2024-03-05 00:00:00",
        "2024-03-05T10:20:30.5",
        "2024年3月5日 8:30",
        "\u00a02024-03-05\u200b",
        45356,
        45356.75,
        20240305,
        20240305.0,
        date(2024, 3, 5),
        datetime(2024, 3, 5, 8, 30),
    ],
)
def test_every_form_of_one_day(raw: object) -> None:
    assert parse_date(raw) == ReadDate(DAY)


@pytest.mark.parametrize(
    "raw", ["2024.03", "2024年3月", "2024年3月份", "2024-3", "202403", 202403, 2024.03, 2024.3]
)
def test_a_month_is_its_first_day_or_last_and_says_so(raw: object) -> None:
    assert parse_date(raw) == ReadDate(date(2024, 3, 1), month_only=True)
    assert parse_date(raw, month_end=True) == ReadDate(date(2024, 3, 31), month_only=True)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "  ",
        "2024",
        "2024年",
        "2024.13.1",
        "2023-02-29",
        "20241305",
        "2024.00",
        "3/5/2024",
        "05-Mar-24",
        "2024.3/5",
        "2024-3-5-6",
        "同上",
        "1",
        "24.3",
        "04-01",
        "3700",
        "99999",
        "1899-01-01",
        "2101-01-01",
        "#REF!",
        2024,
        2024.1,
        0,
        -45356,
        float("nan"),
        float("inf"),
        True,
        None,
        time(8, 30),
        date(1899, 12, 31),
    ],
)
def test_what_is_no_date_is_refused_not_guessed(raw: object) -> None:
    with pytest.raises(Unreadable):
        parse_date(raw)


def test_two_digit_years_reach_ten_years_ahead() -> None:
    assert parse_date("85.6.12").day == date(1985, 6, 12)
    assert parse_date("99-3-5").day == date(1999, 3, 5)
    assert parse_date("25-3-5").day == date(2025, 3, 5)


def test_a_number_cannot_tell_january_from_october() -> None:
    with pytest.raises(Unreadable, match="10 月"):
        parse_date(2024.1)
    assert parse_date("2024.1").day == date(2024, 1, 1)
    assert parse_date("2024.10").day == date(2024, 10, 1)
    assert parse_date(2024.12).day == date(2024, 12, 1)


@pytest.mark.parametrize(
    ("raw", "start", "end"),
    [
        ("2024.3.5-2024.4.1", DAY, date(2024, 4, 1)),
        ("2024-03-05-2024-04-01", DAY, date(2024, 4, 1)),
        ("2024-03-05~2024-04-01", DAY, date(2024, 4, 1)),
        ("2024/3/5 - 2024/4/1", DAY, date(2024, 4, 1)),
        ("2024.3.5至2024.4.1", DAY, date(2024, 4, 1)),
        ("2024.3.5—2024.4.1", DAY, date(2024, 4, 1)),
        ("2024-03-05—04-01", DAY, date(2024, 4, 1)),
        ("2024.3.5——2024.4.1", DAY, date(2024, 4, 1)),
        ("2024年3月5日到4月1日", DAY, date(2024, 4, 1)),
        ("2024.3.5－2024.4.1", DAY, date(2024, 4, 1)),
        ("20240305-20240401", DAY, date(2024, 4, 1)),
        ("2024.3.5-4.1", DAY, date(2024, 4, 1)),
        ("2024.10.5-10.12", date(2024, 10, 5), date(2024, 10, 12)),
        ("2024-3-5-4-1", DAY, date(2024, 4, 1)),
        ("2024.3.5-25", DAY, date(2024, 3, 25)),
        ("2024年3月5日～25日", DAY, date(2024, 3, 25)),
        ("2024.3.5-2024.3.5", DAY, DAY),
        ("2024.3.5", DAY, DAY),
        ("2024-03-05", DAY, DAY),
        (45356, DAY, DAY),
        ("2024.03-2024.05", date(2024, 3, 1), date(2024, 5, 31)),
        ("2024.03", date(2024, 3, 1), date(2024, 3, 31)),
    ],
)
def test_periods(raw: object, start: date, end: date) -> None:
    found = parse_range(raw)
    assert (found.start.day, found.end.day) == (start, end)


@pytest.mark.parametrize(
    "raw", ["2024.4.1-2024.3.5", "2024.3.5-2.1", "2024.3-5", "2024年3-5月", "2024.3.5-32", "", "-"]
)
def test_periods_that_cannot_be_read(raw: str) -> None:
    with pytest.raises(Unreadable):
        parse_range(raw)


@given(
    days,
    st.sampled_from(
        ("{0.year}.{0.month}.{0.day}", "{0:%Y-%m-%d}", "{0:%Y%m%d}", "{0.year}年{0.month}月{0.day}日")
    ),
)
def test_what_is_written_is_read(day: date, form: str) -> None:
    assert parse_date(form.format(day)) == ReadDate(day)


@given(
    days,
    days,
    st.sampled_from(("{:%Y-%m-%d}", "{0.year}.{0.month}.{0.day}")),
    st.sampled_from(("-", "~", "至", " — ")),
)
def test_any_two_days_in_order_are_a_period(one: date, other: date, form: str, sign: str) -> None:
    start, end = sorted((one, other))
    found = parse_range(form.format(start) + sign + form.format(end))
    assert (found.start.day, found.end.day) == (start, end)


@given(st.text(max_size=20) | st.integers() | st.floats())
def test_any_cell_is_read_or_refused(raw: object) -> None:
    for parse in (parse_date, parse_range):
        with contextlib.suppress(Unreadable):
            parse(raw)


@given(days, days)
def test_age_grows_by_one_each_birthday(birth: date, on: date) -> None:
    age = full_years(birth, on)
    assert add_months(birth, 12 * age) <= on or (birth.month, birth.day) == (2, 29)
    assert add_months(birth, 12 * (age + 1)) > on or (birth.month, birth.day) == (2, 29)


def test_age_turns_on_the_birthday() -> None:
    birth = date(2008, 3, 5)
    assert [full_years(birth, date(2024, 3, d)) for d in (4, 5, 6)] == [15, 16, 16]
    leap = date(2008, 2, 29)
    assert [
        full_years(leap, d)
        for d in (date(2024, 2, 28), date(2024, 2, 29), date(2025, 2, 28), date(2025, 3, 1))
    ] == [
        15,
        16,
        16,
        17,
    ]


def test_months_are_added_within_the_month() -> None:
    assert add_months(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert add_months(date(2024, 3, 31), -1) == date(2024, 2, 29)
    assert add_months(date(2024, 11, 30), 3) == date(2025, 2, 28)


def test_plans() -> None:
    assert [plan_number(y) for y in (2016, 2020, 2021, 2025, 2026)] == [13, 13, 14, 14, 15]
    assert plan_years(2021) == plan_years(2025) == (2021, 2025)

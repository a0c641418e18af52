"""Against target and time: pure arithmetic, with the cases that must never become a number."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.targets.progress import Printed, State, against, elapsed, verdict

SINCE, UNTIL = dt.date(2021, 1, 1), dt.date(2025, 12, 31)
DAYS = (UNTIL - SINCE).days + 1


def printed(**more: object) -> Printed:
    return Printed(
        **{  # type: ignore[arg-type]
            "kind": "cumulative",
            "event": "finished",
            "unit": "万人次",
            "value": Decimal(750),
            "since": SINCE,
            "until": UNTIL,
            "done": 3_000_000,
            **more,
        }
    )


def test_time_runs_from_nothing_before_to_all_after() -> None:
    assert elapsed(SINCE, UNTIL, dt.date(2020, 12, 31)) == 0
    assert elapsed(SINCE, UNTIL, SINCE) == Decimal(1) / DAYS
    assert elapsed(SINCE, UNTIL, UNTIL) == 1
    assert elapsed(SINCE, UNTIL, dt.date(2026, 11, 22)) == 1


def test_behind_says_by_how_much_and_what_each_day_needs() -> None:
    found = against(3_000_000, Decimal(7_500_000), SINCE, UNTIL, dt.date(2023, 12, 31))
    assert found.state is State.BEHIND
    assert found.time == Decimal(1095) / DAYS
    assert found.gap == -(-7_500_000 * 1095 // DAYS) - 3_000_000
    assert (found.left, found.days_left) == (4_500_000, 731)
    assert found.pace == 6156  # 4,500,000 / 731 = 6,155.9…


@pytest.mark.parametrize(
    ("done", "today", "state"),
    [
        (7_500_000, dt.date(2022, 1, 1), State.REACHED),
        (7_499_999, UNTIL, State.BEHIND),
        (7_499_999, dt.date(2026, 1, 1), State.MISSED),
        (0, dt.date(2020, 6, 1), State.NOT_BEGUN),
        (2_000_000, dt.date(2022, 1, 1), State.ON_TIME),
    ],
)
def test_words(done: int, today: dt.date, state: State) -> None:
    assert against(done, Decimal(7_500_000), SINCE, UNTIL, today).state is state


@given(
    st.integers(0, 10_000_000), st.integers(1, 10_000_000), st.dates(dt.date(2020, 1, 1), dt.date(2027, 1, 1))
)
def test_gap_and_pace_are_enough_and_no_more(done: int, target: int, today: dt.date) -> None:
    found = against(done, Decimal(target), SINCE, UNTIL, today)
    assert found.due is not None and found.gap is not None and found.left is not None
    assert found.gap == 0 or done + found.gap >= found.due > done + found.gap - 1
    assert found.left == max(0, target - done)
    if found.pace:
        assert (
            found.days_left
            and found.pace * found.days_left >= found.left > (found.pace - 1) * found.days_left
        )


def test_an_annual_average_is_no_task_of_a_year() -> None:
    found = verdict(printed(kind="annual_average", value=Decimal(150)), dt.date(2023, 7, 2))
    assert found.target == 7_500_000
    assert found.due is not None and abs(found.due - 3_750_000) < 5_000
    assert "1,500,000" in found.note and "7,500,000" in found.note and "2.50" in found.note


@pytest.mark.parametrize("kind", ["ratio", "coverage"])
@pytest.mark.parametrize("done", [None, 5])
def test_a_ratio_without_its_denominator_is_never_a_number(kind: str, done: int | None) -> None:
    found = verdict(printed(kind=kind, unit="%", value=Decimal(35), done=done), UNTIL)
    assert found.word == "无法计算：缺分母"
    assert (found.rate, found.done, found.target, found.gap) == (None, None, None, None)


def test_a_stock_on_record_is_a_lower_bound_without_a_verdict() -> None:
    found = verdict(printed(kind="stock", event="stock", unit="万人", value=Decimal(80), done=1234), UNTIL)
    assert (found.word, found.rate, found.done) == ("仅为下限", None, 1234)
    assert "下限" in found.note
    assert (
        verdict(printed(kind="stock", event="stock", unit="万人", done=None), UNTIL).state is State.NOT_KEPT
    )


def test_what_this_register_does_not_keep_has_no_figure() -> None:
    assert (
        verdict(printed(event="none", unit="个", value=Decimal(50), done=None), UNTIL).state is State.NOT_KEPT
    )


def test_a_fact_of_the_past_is_no_target() -> None:
    assert verdict(printed(kind="baseline", past=True), UNTIL).word == "基期数"


def test_a_number_in_a_name_has_no_period() -> None:
    found = verdict(printed(kind="named", unit="人", value=None, since=None, until=None), UNTIL)
    assert (found.word, found.rate) == ("未注明期限", None)


def test_people_that_are_not_counted_are_not_guessed() -> None:
    assert verdict(printed(unit="人", value=Decimal(5500), done=None), UNTIL).state is State.UNCOUNTED

"""A number done against a number promised, and against time (序时进度). Pure: no database, no clock of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from training.targets.models import Event, Kind

#: How many single units one printed unit holds. A unit that is not here cannot be counted against.
UNITS = {"万人次": 10_000, "人次": 1, "万人": 10_000, "人": 1, "名": 1}

#: Units that mean people, not person-times.
PEOPLE = {"万人", "人", "名"}


class State(StrEnum):
    """How a number stands; the word on the page is WORDS[state]."""

    REACHED = "reached"
    ON_TIME = "on_time"
    BEHIND = "behind"
    MISSED = "missed"
    NOT_BEGUN = "not_begun"
    LOWER_BOUND = "lower_bound"
    NO_DENOMINATOR = "no_denominator"
    NOT_KEPT = "not_kept"
    BASELINE = "baseline"
    NO_PERIOD = "no_period"
    UNCOUNTED = "uncounted"
    NO_TARGET = "no_target"


WORDS: dict[State, Any] = {
    State.REACHED: _lazy("已完成"),
    State.ON_TIME: _lazy("达序时"),
    State.BEHIND: _lazy("滞后"),
    State.MISSED: _lazy("到期未完成"),
    State.NOT_BEGUN: _lazy("未开始"),
    State.LOWER_BOUND: _lazy("仅为下限"),
    State.NO_DENOMINATOR: _lazy("无法计算：缺分母"),
    State.NOT_KEPT: _lazy("本系统不登记"),
    State.BASELINE: _lazy("基期数"),
    State.NO_PERIOD: _lazy("未注明期限"),
    State.UNCOUNTED: _lazy("人数未单列"),
    State.NO_TARGET: _lazy("未分解"),
}


@cache
def _words(_language: str | None) -> dict[State, str]:
    """The words as this language has them: a board shows dozens."""
    return {state: str(word) for state, word in WORDS.items()}


TONES = {
    State.REACHED: "ok",
    State.ON_TIME: "ok",
    State.BEHIND: "bad",
    State.MISSED: "bad",
    State.LOWER_BOUND: "warn",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Figures in single units (人次 or 人); `rate` and `time` are shares of 1. None: there is no such number."""

    state: State
    done: int | None = None
    target: Decimal | None = None
    rate: Decimal | None = None
    time: Decimal | None = None
    due: Decimal | None = None
    gap: int | None = None
    left: int | None = None
    days_left: int | None = None
    pace: int | None = None
    note: str = ""

    @property
    def word(self) -> str:
        return _words(get_language())[self.state]

    @property
    def tone(self) -> str:
        return TONES.get(self.state, "mute")


def elapsed(since: date, until: date, today: date) -> Decimal:
    """Share of the days from `since` to `until`, both included, that have passed at the end of `today`."""
    days = (until - since).days + 1
    passed = min(max((today - since).days + 1, 0), days)
    return Decimal(passed) / days


def against(done: int, target: Decimal, since: date, until: date, today: date) -> Progress:
    """An amount to be reached by `until`: rate, what time asks for (`due`), what is behind (`gap`), pace per day."""
    time = elapsed(since, until, today)
    due = target * time
    left = max(0, _up(target - done))
    days_left = max(0, (until - max(today, since - timedelta(days=1))).days)
    return Progress(
        state=_state(done, target, due, since, until, today),
        done=done,
        target=target,
        rate=Decimal(done) / target,
        time=time,
        due=due,
        gap=max(0, _up(due - done)),
        left=left,
        days_left=days_left,
        pace=_up(Decimal(left) / days_left) if left and days_left else None,
    )


def _state(done: int, target: Decimal, due: Decimal, since: date, until: date, today: date) -> State:
    if done >= target:
        return State.REACHED
    if today < since:
        return State.NOT_BEGUN
    if today > until:
        return State.MISSED
    return State.ON_TIME if done >= due else State.BEHIND


def _up(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_CEILING))


def of_average(done: int, average: Decimal, since: date, until: date, today: date) -> Progress:
    """年均: not a task of any one year. Done so far against average x years elapsed, and the total it adds up to."""
    years = until.year - since.year + 1
    total = average * years
    found = against(done, total, since, until, today)
    so_far = (found.time or Decimal(0)) * years
    return Progress(
        **{name: getattr(found, name) for name in Progress.__slots__ if name != "note"},
        note=_("年均 %(average)s，已过 %(years)s 年应有 %(due)s；%(count)d 年合计 %(total)s（按年均推算）")
        % {
            "average": _plain(average),
            "years": f"{so_far:.2f}",
            "due": _plain(average * so_far),
            "count": years,
            "total": _plain(total),
        },
    )


def _plain(value: Decimal) -> str:
    return f"{value.quantize(Decimal(1)):,}"


def of_stock(done: int, target: Decimal | None) -> Progress:
    """存量: what this register holds is less than what exists, so there is a figure but no verdict."""
    return Progress(
        state=State.LOWER_BOUND,
        done=done,
        target=target,
        note=_("本系统登记的只是下限：未登记的证书、职称对应人员不在内，离开本地或去世的未剔除"),
    )


@dataclass(frozen=True, slots=True)
class Printed:
    """What the verdict needs to know of one target, with the count that belongs to its own period."""

    kind: str
    event: str
    unit: str
    value: Decimal | None
    since: date | None
    until: date | None
    done: int | None
    #: a fact from before the plan, printed for comparison
    past: bool = False


def verdict(printed: Printed, today: date) -> Progress:
    """Which of the readings above fits a target; a ratio without its denominator is never a number."""
    kind, value = printed.kind, printed.value
    if kind in (Kind.RATIO, Kind.COVERAGE):
        return Progress(State.NO_DENOMINATOR)
    scale = UNITS.get(printed.unit)
    target = value * scale if value is not None and scale else None
    if printed.past:
        return Progress(State.BASELINE, done=printed.done, target=target)
    if printed.event == Event.NONE or scale is None:
        return Progress(State.NOT_KEPT)
    if printed.event == Event.STOCK:
        return (
            Progress(State.NOT_KEPT, target=target)
            if printed.done is None
            else of_stock(printed.done, target)
        )
    if target is None or printed.since is None or printed.until is None:
        return Progress(State.NO_PERIOD, done=printed.done, target=target)
    if printed.done is None:
        return Progress(State.UNCOUNTED, target=target)
    if kind == Kind.ANNUAL_AVERAGE:
        return of_average(printed.done, target, printed.since, printed.until, today)
    return against(printed.done, target, printed.since, printed.until, today)

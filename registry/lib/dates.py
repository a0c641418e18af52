"""Dates as clerks write them, and the few sums that this program does with dates.

Read: 2024.3.5  2024-03-05  2024/3/5  20240305  2024年3月5日  24.3.5  2024.03 (a month: its first day,
with a flag), Excel's serial number 45356, date cells, and any of these with blanks, full-width signs or a
time of day behind them. Refused, never guessed: days that no calendar has, day-first and month-first
forms, a year alone.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from registry.lib.unreadable import Unreadable

FIRST_YEAR, LAST_YEAR = 1900, 2100
_SERIAL_ZERO: Final = date(
    1899, 12, 30
)  # Excel counts a 29 February 1900 that never was; right from March 1900 on
_SERIALS = range(10_000, (date(LAST_YEAR, 1, 1) - _SERIAL_ZERO).days)  # from 1927 on: four digits are no date

_CACHE_SIZE = 20_000  # a sheet repeats few dates; a hostile one shall not fill the memory
_dates: dict[tuple[str, bool], ReadDate] = {}
_ranges: dict[str, ReadRange] = {}

_SIGNS = str.maketrans(
    {
        **{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)},
        "。": ".",
        "·": ".",
        "、": ".",
        "—": "-",
        "–": "-",
    }
    | {"‐": "-", "‑": "-", "−": "-", "\u3000": " ", "\u00a0": " ", "\u200b": None, "\ufeff": None, "号": "日"}
)
_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_PARTED = re.compile(
    rf"(?P<y>\d{{4}}|\d{{2}})\s*(?P<sep>[-./年])\s*(?P<m>\d{{1,2}})"
    rf"(?:\s*(?:(?P=sep)|月)\s*(?P<d>\d{{1,2}})\s*(?:日|\.)?{_TIME}|\s*(?:月|月份)?)?"
)
_COMPACT = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_UNTIL = re.compile(r"\s*(?:至|到|[~～〜∼]|-{2,}|[—–―]+)\s*")
_DASH = re.compile(r"\s*[-—–－]\s*")

_UNREADABLE = "无法识别为日期；请按 2024-03-05 的格式填写"
_NO_SUCH_DAY = "日期不存在；请核对年、月、日"
_JANUARY_OR_OCTOBER = "数字格式的单元格分不清 1 月与 10 月；请按 2024-01 的格式填写文本"
_FAR_YEAR = f"年份应在 {FIRST_YEAR} 至 {LAST_YEAR} 之间；请核对"
_REVERSED = "结束日期早于开始日期；请核对"


class ReadDate(NamedTuple):
    """A date as read. `month_only`: the cell named a month, and the day is the first (or last) of it."""

    day: date
    month_only: bool = False


class ReadRange(NamedTuple):
    start: ReadDate
    end: ReadDate


def parse_date(raw: object, *, month_end: bool = False) -> ReadDate:
    """Read a cell: text, a number or a date. Raises Unreadable, also for a blank one.

    `month_end` takes the last day where the cell names only a month: right for the end of a period.
    """
    if isinstance(raw, str):
        found = _dates.get((raw, month_end))
        if found is None:
            found = _parse_text(raw, month_end)
            if len(_dates) < _CACHE_SIZE:
                _dates[raw, month_end] = found
        return found
    if isinstance(raw, date):  # a datetime is one
        return _made(raw.year, raw.month, raw.day, month_end)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _parse_number(raw, month_end)
    raise Unreadable(_UNREADABLE)


def parse_range(raw: object) -> ReadRange:
    """Read a period: 2024.3.5-2024.4.1, 2024.3.5至4.1, 2024年3月5日～25日; one date is a period of that day.

    The end takes from the start what it leaves out. Raises Unreadable, also when it ends before it starts.
    """
    if not isinstance(raw, str):
        return _one_day(parse_date(raw))
    found = _ranges.get(raw)
    if found is None:
        found = _parse_range_text(raw.strip())
        if len(_ranges) < _CACHE_SIZE:
            _ranges[raw] = found
    return found


def full_years(birth: date, on: date) -> int:
    """Completed years of age (周岁). Born on 29 February, one is a year older on 1 March of a common year."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the last day where the month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def plan_number(year: int) -> int:
    """Which five-year plan a year belongs to: 14 for 2021 to 2025."""
    return (year - 1) // 5 - 390


def plan_years(year: int) -> tuple[int, int]:
    """First and last year of the five-year plan that a year belongs to: (2021, 2025)."""
    first = (year - 1) // 5 * 5 + 1
    return first, first + 4


def _parse_text(raw: str, month_end: bool) -> ReadDate:
    text = raw.translate(_SIGNS).strip(" \t\r\n'")
    match = _PARTED.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None:
        if _SERIAL.fullmatch(text):
            return _parse_number(float(text), month_end)
        raise Unreadable(_UNREADABLE)
    day = match["d"]
    if day is None and len(match["y"]) == 2:  # 04.01 may be a month of 2004 or the first of April
        raise Unreadable(_UNREADABLE)
    return _made(_full_year(match["y"]), int(match["m"]), int(day) if day else None, month_end)


def _parse_number(number: int | float, month_end: bool) -> ReadDate:
    """A serial number, 20240305, 202403, or 2024.3 typed into a cell that made a number of it."""
    if number != number or abs(number) >= 10**8:
        raise Unreadable(_UNREADABLE)
    whole = int(number)
    if whole in _SERIALS:
        return ReadDate(_SERIAL_ZERO + timedelta(days=whole))
    if FIRST_YEAR <= whole <= LAST_YEAR and whole != number:
        month = repr(float(number)).partition(".")[2]
        if month == "1":  # 2024.10 loses its 0 in a number
            raise Unreadable(_JANUARY_OR_OCTOBER)
        if len(month) <= 2:
            return _made(whole, int(month), None, month_end)
    if whole == number and len(str(whole)) in (6, 8):
        return _parse_text(str(whole), month_end)
    raise Unreadable(_UNREADABLE)


def _parse_range_text(text: str) -> ReadRange:
    try:
        return _one_day(parse_date(text))
    except Unreadable as error:
        unreadable = error
    for start_text, end_text in _splits(text):
        try:
            start = parse_date(start_text)
            end = _parse_end(end_text, start)
        except Unreadable:
            continue
        if end.day < start.day:
            raise Unreadable(_REVERSED)
        return ReadRange(start, end)
    raise unreadable


def _parse_end(text: str, start: ReadDate) -> ReadDate:
    """The second half of a period: a date of its own, or 4.1, or 25 within the year or month of the start."""
    try:
        return parse_date(text, month_end=True)
    except Unreadable:
        short = re.fullmatch(r"(?:(\d{1,2})\s*[-./月]\s*)?(\d{1,2})\s*[日.]?", text.translate(_SIGNS).strip())
        if short is None or start.month_only:  # 2024.3-5 may be two months or two days
            raise
        month = int(short[1]) if short[1] else start.day.month
        return _made(start.day.year, month, int(short[2]), month_end=True)


def _splits(text: str) -> list[tuple[str, str]]:
    """Ways to cut a period in two: at a word or wave, else at each dash, the nearest to the middle first."""
    cut = _UNTIL.split(text)
    if len(cut) == 2:
        return [(cut[0], cut[1])]
    dashes = sorted(_DASH.finditer(text), key=lambda m: abs(m.start() + m.end() - len(text)))
    return [(text[: m.start()], text[m.end() :]) for m in dashes[:9]]


def _made(year: int, month: int, day: int | None, month_end: bool) -> ReadDate:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Unreadable(_FAR_YEAR)
    try:
        if day is not None:
            return ReadDate(date(year, month, day))
        return ReadDate(date(year, month, calendar.monthrange(year, month)[1] if month_end else 1), True)
    except ValueError:
        raise Unreadable(_NO_SUCH_DAY) from None


def _full_year(text: str) -> int:
    """Two digits are a year up to ten years ahead, else one of the last century: 24 is 2024, 85 is 1985."""
    if len(text) == 4:
        return int(text)
    this_century = 2000 + int(text)
    return this_century if this_century <= date.today().year + 10 else this_century - 100


def _one_day(only: ReadDate) -> ReadRange:
    if not only.month_only:
        return ReadRange(only, only)
    return ReadRange(only, ReadDate(add_months(only.day, 1) - timedelta(days=1), True))

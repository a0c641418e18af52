"""What is counted, where and when: the small values that every query of this room is asked with."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, Self

from django.utils.translation import gettext as _

from training.targets.tables import Measure

SUBSIDISED = "subsidised"

What = Literal["n", "amount_fen", "heads"]


@dataclass(frozen=True, slots=True)
class Filter:
    """The condition of an indicator; an empty list asks nothing. `min_rank`: the level's place, 4 is 高级工."""

    funding: tuple[str, ...] = ()
    training_type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    min_rank: int = 0

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From `Indicator.filter`; an unknown key is a mistake in the data and raises TypeError."""
        lists = {key: tuple(value) for key, value in stored.items() if key != "min_rank"}
        return cls(**lists, min_rank=int(stored.get("min_rank", 0)))

    @property
    def lists(self) -> dict[str, tuple[str, ...]]:
        pairs = {
            "funding": self.funding,
            "training_type": self.training_type,
            "category": self.category,
            "family": self.family,
        }
        return {name: codes for name, codes in pairs.items() if codes}

    @property
    def is_detailed(self) -> bool:
        """Whether it asks for codes that only the cube tables tell apart."""
        return bool(self.training_type or self.category or self.min_rank)

    @property
    def heads_kind(self) -> Literal["all", "sub"] | None:
        """Which 人数 the roll-ups hold for it: all rows, subsidised ones, or none (then people must be counted)."""
        if not self.lists and not self.min_rank:
            return "all"
        return "sub" if self == Filter(funding=(SUBSIDISED,)) else None


@dataclass(frozen=True, slots=True)
class Count:
    """One number to be asked for: a measure under a filter, as 人次, as people, or as money."""

    measure: Measure
    filter: Filter = field(default_factory=Filter)
    what: What = "n"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months from one day to another. `key` is what the address bar holds: plan, 2024 or 2024-05."""

    key: str
    since: date
    until: date

    @classmethod
    def of_year(cls, year: int) -> Self:
        return cls(str(year), date(year, 1, 1), date(year, 12, 31))

    @classmethod
    def of_month(cls, year: int, month: int) -> Self:
        return cls(
            f"{year}-{month:02}", date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
        )

    @classmethod
    def read(cls, text: str) -> Self | None:
        """A year or a month; None for anything else."""
        found = re.fullmatch(r"([12][0-9]{3})(?:-(0[1-9]|1[0-2]))?", text)
        if not found:
            return None
        year, month = found.groups()
        return cls.of_month(int(year), int(month)) if month else cls.of_year(int(year))

    @property
    def first_month(self) -> date:
        return self.since.replace(day=1)

    @property
    def last_month(self) -> date:
        return self.until.replace(day=1)

    @property
    def whole_years(self) -> bool:
        return (self.since.month, self.since.day, self.until.month, self.until.day) == (1, 1, 12, 31)

    @property
    def heads(self) -> Literal["year", "plan"] | None:
        """People are marked once a calendar year and once a five-year plan; other periods hold no 人数."""
        if not self.whole_years:
            return None
        if self.since.year == self.until.year:
            return "year"
        five = self.since.year % 5 == 1 and self.until.year == self.since.year + 4
        return "plan" if five else None

    @property
    def years(self) -> range:
        return range(self.since.year, self.until.year + 1)

    @property
    def label(self) -> str:
        if self.whole_years and self.since.year == self.until.year:
            return _("%(year)d 年") % {"year": self.since.year}
        if self.first_month == self.last_month:
            return _("%(year)d 年 %(month)d 月") % {"year": self.since.year, "month": self.since.month}
        if self.whole_years:
            return _("%(first)d—%(last)d 年") % {"first": self.since.year, "last": self.until.year}
        return f"{self.since:%Y-%m} — {self.until:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows are counted: a division with all below it, its own level alone, one provider, one class.

    A provider may be narrowed to one leaf division (`region`), and a class to its provider; `region` "" is anywhere.
    """

    region: str = ""
    own: bool = False
    institution: int | None = None
    klass: int | None = None
    #: for whom and as what it was found to lie within the scope (see places.narrowed)
    seen: tuple[object, ...] | None = field(default=None, compare=False, repr=False)

    @property
    def is_node(self) -> bool:
        """Held ready by division; otherwise counted from lines by class."""
        return self.institution is None and self.klass is None

    def provider(self, institution: int) -> Place:
        return replace(self, institution=institution, klass=None)


def heads_column(period: Period, chosen: Filter) -> str | None:
    """The column of the roll-ups that holds 人数 for this period and filter; None where they hold none."""
    if period.heads is None or chosen.heads_kind is None:
        return None
    return f"heads_{period.heads}" + ("_sub" if chosen.heads_kind == "sub" else "")


def heads_bit(period: Period, chosen: Filter, low: int) -> int | None:
    """The bit of `firsts` behind that column; `low` is 0 for a provider, 2 county, 4 prefecture, 6 province."""
    if period.heads is None or chosen.heads_kind is None:
        return None
    return low + (period.heads == "plan") + (8 if chosen.heads_kind == "sub" else 0)

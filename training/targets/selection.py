"""What a page of this room shows, read from its address and written back into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote_plus

from registry.lib.scope import Scope
from training.targets import indicators, places
from training.targets.counting import Count, Period, Place
from training.targets.models import Indicator, Plan


class Unreadable(ValueError):
    """The address asks for something that does not exist."""


@dataclass(frozen=True, slots=True)
class Selection:
    """One plan, place, period and indicator, all within the reader's scope."""

    plan: Plan
    root: Place
    place: Place
    period: Period
    whole: Period
    indicator: Indicator | None
    choices: list[Indicator]

    @classmethod
    def read(cls, scope: Scope, plan: Plan, query: Mapping[str, str], today: date) -> Selection:
        """Raises Unreadable for what does not exist and OutsideScope for what the reader may not see."""
        whole = places.plan_period(plan, today)
        text = query.get("period", "") or whole.key
        period = whole if text == whole.key else Period.read(text)
        if period is None:
            raise Unreadable("period")
        wanted = Place(
            region=query.get("region", ""),
            own=query.get("own") == "1",
            institution=_number(query, "provider"),
            klass=_number(query, "class"),
        )
        choices = indicators.choices(plan)
        return cls(
            plan,
            places.root(scope, plan),
            places.narrowed(scope, plan, wanted),
            period,
            whole,
            _indicator(choices, query.get("indicator", "")),
            choices,
        )

    def at(self, place: Place) -> Selection:
        return replace(self, place=place)

    @property
    def counts(self) -> dict[str, Count]:
        return indicators.standard(self.indicator)

    def query(self, **more: str) -> str:
        """The address's query; what is as the page opens with is left out."""
        place, root = self.place, self.root
        pairs = {
            "region": place.region if place.region != root.region or not place.is_node else "",
            "own": "1" if place.own else "",
            "provider": "" if place.institution is None or not root.is_node else str(place.institution),
            "class": "" if place.klass is None else str(place.klass),
            "period": "" if self.period == self.whole else self.period.key,
            "indicator": self.indicator.code if self.indicator and self.indicator != self.choices[0] else "",
            **more,
        }
        return "&".join(f"{name}={_quoted(value)}" for name, value in pairs.items() if value)


def _quoted(value: str) -> str:
    """Codes and numbers as they are: a page writes hundreds of addresses, and nearly all hold nothing else."""
    return value if value.isascii() and value.isalnum() else quote_plus(value)


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Unreadable(name)
    return int(text)


def _indicator(choices: list[Indicator], code: str) -> Indicator | None:
    """The one asked for, else the headline; None for a plan without any that can be counted."""
    for found in choices:
        if code in ("", found.code):
            return found
    if code:
        raise Unreadable("indicator")
    return None

"""What an indicator counts, and what a place has to reach by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db import connection

from training.targets import edition, progress
from training.targets.counting import SUBSIDISED, Count, Filter, Period, Place
from training.targets.models import Event, Indicator, Kind, Plan
from training.targets.progress import PEOPLE
from training.targets.tables import Measure

MEASURES = {
    Event.STARTED: Measure.STARTED,
    Event.FINISHED: Measure.FINISHED,
    Event.CERTIFIED: Measure.CERTIFIED,
    Event.PAID: Measure.PAID,
    Event.HIGH_NEW: Measure.HIGH_NEW,
}

#: Kinds of number that a table can be drawn against.
_DRAWN = {Kind.CUMULATIVE, Kind.SUBSET, Kind.FLOW, Kind.ANNUAL_AVERAGE}


def count_of(indicator: Indicator) -> Count | None:
    """What an indicator counts; None where this register keeps no such thing."""
    chosen = Filter.read(indicator.filter)
    if indicator.event == Event.STOCK:
        # The only stock with a lower bound here: people who ever reached 高级工 by a certificate on record.
        return Count(Measure.HIGH_NEW, Filter(min_rank=chosen.min_rank)) if chosen.min_rank else None
    measure = MEASURES.get(Event(indicator.event))
    if measure is None:
        return None
    heads = measure is Measure.FINISHED and indicator.unit in PEOPLE
    return Count(measure, chosen, "heads" if heads else "n")


def standard(indicator: Indicator | None) -> dict[str, Count]:
    """The columns of every table: the indicator itself, its people, and what belongs beside it."""
    count = count_of(indicator) if indicator else None
    main = replace(count, what="n") if count else Count(Measure.FINISHED)
    return {
        "n": main,
        "heads": replace(main, what="heads")
        if main.measure is Measure.FINISHED
        else Count(Measure.FINISHED, what="heads"),
        "subsidised": Count(Measure.FINISHED, Filter(funding=(SUBSIDISED,))),
        "certified": Count(Measure.CERTIFIED),
        "high_new": Count(Measure.HIGH_NEW),
        "paid": Count(Measure.PAID),
        "amount_fen": Count(Measure.PAID, what="amount_fen"),
    }


def choices(plan: Plan) -> list[Indicator]:
    """Indicators that a table can be drawn for, the plan's headline first."""
    found = [
        one
        for one in edition.indicators(plan)
        if one.event in MEASURES and any(target.kind in _DRAWN for target in one.targets.all())
    ]
    return sorted(found, key=lambda one: not one.headline)


def target_of(plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> Decimal | None:
    """What the place has to reach in the period, in single units: the plan's own number or what was handed down."""
    if indicator is None or not place.is_node or place.own:
        return None
    if found := shares(indicator, [place.region], period):
        return Decimal(found[place.region])
    if place.region != plan.region_id or count_of(indicator) is None:
        return None
    number = next((target for target in indicator.targets.all() if target.kind in _DRAWN), None)
    if number is None or number.value is None or number.unit not in progress.UNITS:
        return None
    value = number.value * progress.UNITS[number.unit]
    if period.key == "plan":
        years = period.until.year - period.since.year + 1
        return value * years if number.kind == Kind.ANNUAL_AVERAGE else value
    # A year of a five-year total has no number of its own; an average is no task of one year either (domain §6.1).
    return None


def shares(indicator: Indicator | None, codes: list[str], period: Period) -> dict[str, int]:
    """Targets handed down for the period: a year's own, or the whole plan's."""
    if (key := _share_key(indicator, period)) is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT region_id, value FROM targets_allocation"
            " WHERE region_id = ANY (%s) AND indicator_id = %s AND year IS NOT DISTINCT FROM %s",
            [codes, *key],
        )
        return dict(cursor.fetchall())


def shares_below(
    indicator: Indicator | None, region: str, period: Period
) -> list[tuple[str, str, date | None, int | None]]:
    """The divisions right below one: code, name, last day, and the target handed down to it for the period."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.code, r.name, r.valid_to, a.value FROM regions_region r"
            " LEFT JOIN targets_allocation a ON a.region_id = r.code"
            " AND a.indicator_id = %s AND a.year IS NOT DISTINCT FROM %s"
            " WHERE r.parent_id = %s ORDER BY r.code",
            [*(_share_key(indicator, period) or (None, None)), region],
        )
        return [(code, name, valid_to, share) for code, name, valid_to, share in cursor.fetchall()]


def _share_key(indicator: Indicator | None, period: Period) -> tuple[str, int | None] | None:
    """Indicator and year of the targets that were handed down for a period; None where there are no such."""
    year = period.since.year if period.heads == "year" else None
    if indicator is None or (year is None and period.key != "plan"):
        return None
    return indicator.code, year

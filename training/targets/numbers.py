"""Every number of a plan as printed, with what is on record against it, and the remarks about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db import connection

from registry.lib.scope import Scope
from training.targets import edition, progress, sums
from training.targets.counting import Count, Period, Place
from training.targets.indicators import count_of
from training.targets.models import Discrepancy, Event, Indicator, Plan, Target
from training.targets.places import narrowed, plan_period
from training.targets.progress import Printed, Progress
from training.targets.sums import Figures, Question
from training.targets.tables import Measure

EVER = Period("ever", date(1949, 1, 1), date(2199, 12, 31))


@dataclass(frozen=True, slots=True)
class Numbered:
    """One printed number with its verdict and the remarks that go with it."""

    target: Target
    progress: Progress
    remarks: tuple[int, ...]
    times: int | None = None
    people: int | None = None


#: Names of the two questions behind the numbers of a plan: over its own years, and over all time.
PRINTED, STOCKS = "printed", "stocks"


def questions(plan: Plan, place: Place, today: date) -> dict[str, Question]:
    """What has to be asked before :func:`numbers` can tell."""
    return {
        PRINTED: Question(place, plan_period(plan, today), wanted(plan)),
        STOCKS: Question(place, EVER, _stocks(plan)),
    }


def numbers(
    scope: Scope, plan: Plan, place: Place, today: date, held: Mapping[str, Figures] | None = None
) -> list[Numbered]:
    """Every number of the plan, as printed, with what the register holds against it at the place.

    `held` are the figures that answer :func:`questions`, where they have been read already.
    """
    place = narrowed(scope, plan, place)
    indicators = edition.indicators(plan)
    if held is None:
        asked = questions(plan, place, today)
        found = sums.answers(asked)
        held = {
            name: found[name].get("") or sums.nothing(one.period, one.counts) for name, one in asked.items()
        }
    counted = _counted(place, indicators, held)
    targets = [
        target for one in indicators for target in sorted(one.targets.all(), key=lambda target: target.part)
    ]
    lines = []
    for target in targets:
        past = bool(target.period_to and plan.period_from and target.period_to < plan.period_from)
        times, people = counted.get(target.indicator_id, (None, None))
        done = None if past else people if _wants_people(target.indicator) else times
        printed = Printed(
            target.kind,
            target.indicator.event,
            target.unit,
            target.value,
            target.period_from,
            target.period_to,
            done,
            past,
        )
        lines.append(
            Numbered(
                target,
                progress.verdict(printed, today),
                tuple(sorted(remark.number for remark in target.discrepancies.all())),
                times if not past else None,
                people if not past else None,
            )
        )
    return lines


def _wants_people(indicator: Indicator) -> bool:
    count = count_of(indicator)
    return count is not None and count.what == "heads"


def wanted(plan: Plan) -> dict[str, Count]:
    """What is asked for over the plan's years: 人次 of every countable indicator and, of trainings, 人数."""
    counts: dict[str, Count] = {}
    for indicator in edition.indicators(plan):
        count = count_of(indicator)
        if count is None or indicator.event == Event.STOCK:
            continue
        counts[indicator.code] = replace(count, what="n")
        if count.measure is Measure.FINISHED:
            counts[f"{indicator.code}/people"] = replace(count, what="heads")
    return counts


def _stocks(plan: Plan) -> dict[str, Count]:
    return {
        one.code: count
        for one in edition.indicators(plan)
        if one.event == Event.STOCK and (count := count_of(one)) is not None
    }


def _counted(
    place: Place, indicators: list[Indicator], held: Mapping[str, Figures]
) -> dict[str, tuple[int | None, int | None]]:
    """人次 and 人数 of every countable indicator over the plan's years; stocks over all time."""
    printed = held[PRINTED]
    pairs = {code: (printed[code], printed.get(f"{code}/people")) for code in printed if "/" not in code}
    for one in indicators:
        if one.code in pairs and pairs[one.code][1] is None and _wants_people(one):
            pairs[one.code] = (pairs[one.code][0], tracked_people(one, place))
    return pairs | {code: (value, None) for code, value in held[STOCKS].items()}


def tracked_people(indicator: Indicator, place: Place) -> int | None:
    """People recorded by name for an indicator, over its plan's years; None where none are recorded."""
    if not indicator.tracks_people or not place.is_node:
        return None
    inside = (
        "region_code = %(region)s"
        if place.own
        else "region_code IN (SELECT descendant_id FROM regions_closure WHERE ancestor_id = %(region)s)"
    )
    where = f"indicator_id = %(indicator)s AND {inside}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM (
                SELECT person_id FROM (
                    SELECT person_id, n FROM targets_person WHERE {where}
                    UNION ALL SELECT person_id, n FROM targets_person_delta WHERE {where}
                ) lines GROUP BY person_id HAVING sum(n) > 0
            ) people
            """,
            {"indicator": indicator.code, "region": place.region},
        )
        return int(cursor.fetchone()[0])


def remarks(scope: Scope, plan: Plan) -> list[Discrepancy]:
    """What must be known about the plan's numbers."""
    if scope.sees_nothing:
        return []
    return sorted(plan.discrepancies.all(), key=lambda remark: remark.number)

"""Nouns of this room: figures of a place, and of what lies below it, within a reader's scope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection

from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.regions.models import RegionClosure
from registry.regions.queries import names
from training.classes.models import TrainingClass
from training.targets import progress, sums
from training.targets.counting import Filter, Period, Place
from training.targets.indicators import shares_below, standard
from training.targets.models import Indicator, Plan
from training.targets.places import narrowed, plans, root
from training.targets.progress import Progress
from training.targets.sums import Figures, Question
from training.targets.tables import Measure

#: Figures by key that a page has read already, along with its others
Held = dict[str, Figures]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: where it leads, what it holds, and its target where one was handed down."""

    key: str
    name: str
    place: Place
    figures: Figures
    progress: Progress | None = None
    note: str = ""


def figures(scope: Scope, plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> Figures:
    """The standard figures of one place."""
    place = narrowed(scope, plan, place)
    return with_people(place, period, indicator, sums.one(place, period, standard(indicator)))


def with_people(place: Place, period: Period, indicator: Indicator | None, held: Figures) -> Figures:
    """The figures, with 人数 of a provider in one division right even where it teaches in others as well."""
    if place.institution and place.region and place.klass is None:
        _count_travellers(
            place.region, period, indicator, [place.institution], {str(place.institution): held}
        )
    return held


def children(
    scope: Scope,
    plan: Plan,
    place: Place,
    period: Period,
    indicator: Indicator | None,
    today: date,
    held: Held | None = None,
) -> list[Line]:
    """The divisions right below, with targets handed down to them; the place's own level (本级) comes last."""
    place = narrowed(scope, plan, place)
    counts = standard(indicator)
    found = sums.sums(place, period, counts, by="child") if held is None else held
    lines = []
    for code, name, valid_to, share in shares_below(indicator, place.region, period):
        if valid_to is not None and code not in found:
            continue
        counted = found.get(code) or sums.nothing(period, counts)
        lines.append(
            Line(code, name, Place(code), counted, _share_progress(counted["n"], share, period, today))
        )
    if place.region in found:
        counted = found[place.region]
        own = _share_progress(counted["n"], None, period, today)
        lines.append(Line(place.region, "", Place(place.region, own=True), counted, own))
    return lines


def _share_progress(done: int | None, share: int | None, period: Period, today: date) -> Progress:
    if share is None:
        return Progress(progress.State.NO_TARGET, done=done)
    return progress.against(done or 0, Decimal(share), period.since, period.until, today)


def providers(
    scope: Scope,
    plan: Plan,
    place: Place,
    period: Period,
    indicator: Indicator | None,
    held: Held | None = None,
) -> list[Line]:
    """Who taught in one leaf division, the busiest first."""
    place = narrowed(scope, plan, place)
    found = sums.sums(place, period, standard(indicator), by="provider") if held is None else held
    ids = [int(key) for key in found if key != "0"]
    known = dict(Institution.objects.filter(pk__in=ids).values_list("pk", "name"))
    _count_travellers(place.region, period, indicator, ids, found)
    lines = [
        Line(key, known.get(int(key), ""), place.provider(int(key)), counted)
        for key, counted in found.items()
    ]
    return sorted(lines, key=lambda line: (-(line.figures["n"] or 0), line.name))


def _count_travellers(
    region: str, period: Period, indicator: Indicator | None, ids: list[int], found: dict[str, Figures]
) -> None:
    """人数 marks of a provider span all its divisions. Whoever also teaches elsewhere is counted from the rows."""
    main = standard(indicator)["heads"]
    if main.measure is Measure.FINISHED and period.heads is not None:
        for institution, people in people_of_travellers(region, ids, period, main.filter).items():
            if str(institution) in found:
                found[str(institution)]["heads"] = people


def people_of_travellers(region: str, providers: list[int], period: Period, chosen: Filter) -> dict[int, int]:
    """COUNT(DISTINCT person) within one leaf division, from the rows, of the providers that teach in others too.

    One provider after the other: all at once, the planner expects so many classes that it reads the whole table.
    """
    where, params = row_conditions(chosen)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH travelling AS MATERIALIZED ("
            " SELECT id FROM unnest(%(providers)s::bigint[]) i (id) WHERE EXISTS (SELECT FROM classes_trainingclass o"
            " WHERE o.institution_id = i.id AND o.region_id <> %(region)s))"
            " SELECT t.id, taught.people FROM travelling t CROSS JOIN LATERAL ("
            " SELECT count(*) AS people FROM (SELECT DISTINCT e.person_id FROM classes_trainingclass k"
            " JOIN enrolments_enrolment e ON e.klass_id = k.id"
            " WHERE k.institution_id = t.id AND e.region_code = %(region)s"
            f" AND e.finished_on BETWEEN %(since)s AND %(until)s AND {where}) people) taught",
            {
                "providers": providers,
                "region": region,
                "since": period.since,
                "until": period.until,
                **params,
            },
        )
        return dict(cursor.fetchall())


def row_conditions(chosen: Filter) -> tuple[str, dict[str, list[str]]]:
    """A filter as a condition on enrolments `e`."""
    parts = [f"e.{name} = ANY (%(f_{name})s)" for name in chosen.lists if name != "family"]
    params = {f"f_{name}": list(codes) for name, codes in chosen.lists.items() if name != "family"}
    return " AND ".join(parts) or "true", params


def classes(
    scope: Scope,
    plan: Plan,
    place: Place,
    period: Period,
    indicator: Indicator | None,
    held: Held | None = None,
) -> list[Line]:
    """The classes of one provider, latest first; what its certificates add up to comes last, as they name no class."""
    place = narrowed(scope, plan, place)
    found = sums.sums(place, period, standard(indicator), by="class") if held is None else held
    ids = [int(key) for key in found if key != "0"]
    rows = TrainingClass.objects.filter(pk__in=ids).values_list("pk", "number", "starts_on", "ends_on")
    known = {pk: (number, f"{since} — {until}") for pk, number, since, until in rows}
    lines = []
    for key, counted in found.items():
        number, days = known.get(int(key), ("", ""))
        if int(key) in known:
            # Not none, but not known: a certificate names a provider, not a class.
            counted |= {"certified": None, "high_new": None}
        lines.append(Line(key, number, replace(place, klass=int(key)), counted, note=days))
    return sorted(lines, key=lambda line: (line.key == "0", -int(line.key)))


# --- across plans ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Across:
    """All plans side by side. A plan whose region lies in another plan's is shown and not added."""

    plan: Plan
    figures: Figures
    inside: str = ""


def across_plans(scope: Scope, period: Period) -> tuple[list[Across], Figures]:
    """Each plan's figures in the period, and their sum over regions that do not overlap."""
    counts = standard(None)
    lines = []
    total = sums.nothing(period, counts)
    found = plans(scope)
    codes = [plan.region_id for plan in found]
    around = dict(
        RegionClosure.objects.filter(ancestor__in=codes, descendant__in=codes, depth__gt=0).values_list(
            "descendant_id", "ancestor_id"
        )
    )
    asked = {plan.code: Question(root(scope, plan), period, counts) for plan in found}
    answered = sums.answers(asked) if asked else {}
    for plan in found:
        held = answered[plan.code].get("") or sums.nothing(period, counts)
        outer = around.get(plan.region_id, "")
        lines.append(Across(plan, held, names([outer]).get(outer, "") if outer else ""))
        if not outer:
            total = {name: _plus(total[name], held[name]) for name in counts}
    # One person may train in two provinces: 人数 of regions cannot be added.
    total["heads"] = None
    return lines, total


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other

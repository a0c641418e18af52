"""Nouns of this room: plans, places in a reader's scope, and figures against targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection

from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.regions.models import Region, RegionClosure
from registry.regions.queries import names
from training.classes.models import TrainingClass
from training.targets import progress, sums
from training.targets.counting import SUBSIDISED, Count, Filter, Period, Place
from training.targets.models import Allocation, Discrepancy, Event, Indicator, Kind, Plan, Target
from training.targets.progress import PEOPLE, Printed, Progress
from training.targets.sums import By, Figures
from training.targets.tables import Measure

MEASURES = {
    Event.STARTED: Measure.STARTED, Event.FINISHED: Measure.FINISHED, Event.CERTIFIED: Measure.CERTIFIED,
    Event.PAID: Measure.PAID, Event.HIGH_NEW: Measure.HIGH_NEW,
}
EVER = Period("ever", date(1949, 1, 1), date(2199, 12, 31))
LEAF_LEVEL = 3


class OutsideScope(Exception):
    """The place asked for is not in the reader's box."""


# --- plans and places ------------------------------------------------------------------------------


def plans(scope: Scope) -> list[Plan]:
    """Plans whose region lies in the reader's, or the other way round; the first is the one to open with."""
    found = list(Plan.objects.select_related("region").order_by("order"))
    if scope.sees_everything:
        return found
    code = _scope_region(scope)
    if code is None:
        return []
    pairs = RegionClosure.objects.filter(ancestor=code) | RegionClosure.objects.filter(descendant=code)
    related = {code for pair in pairs.values_list("ancestor_id", "descendant_id") for code in pair}
    return [plan for plan in found if plan.region_id in related]


def plan_period(plan: Plan, today: date) -> Period:
    """The plan's own years; for a plan without a period the current year."""
    if plan.period_from is None or plan.period_to is None:
        return Period.of_year(today.year)
    return Period("plan", plan.period_from, plan.period_to)


def root(scope: Scope, plan: Plan) -> Place:
    """The largest place of the plan that the reader may see. Raises OutsideScope."""
    if scope.kind == "institution" and scope.institution_id is not None:
        home = Institution.objects.values_list("region_id", flat=True).get(pk=scope.institution_id)
        if not _contains(plan.region_id, home):
            raise OutsideScope
        return Place(institution=scope.institution_id)
    if scope.sees_everything:
        return Place(plan.region_id)
    if scope.kind == "region" and scope.region_code is not None:
        if _contains(plan.region_id, scope.region_code):
            return Place(scope.region_code)
        if _contains(scope.region_code, plan.region_id):
            return Place(plan.region_id)
    raise OutsideScope


def narrowed(scope: Scope, plan: Plan, wanted: Place) -> Place:
    """The wanted place of the plan where the reader may see it, or OutsideScope. An empty wish is the root."""
    top = root(scope, plan)
    if wanted == Place():
        return top
    if not top.is_node:
        foreign = wanted.institution not in (None, top.institution) or (
            wanted.klass is not None
            and not TrainingClass.objects.filter(pk=wanted.klass, institution=top.institution).exists()
        )
        if foreign or wanted.own or (wanted.region and wanted.institution is None and wanted.klass is None):
            raise OutsideScope
        return replace(wanted, institution=top.institution)
    if wanted.region and not _contains(top.region, wanted.region):
        raise OutsideScope
    # A provider or class is shown for one leaf division: without one it could reach beyond the reader's box.
    if not wanted.region:
        raise OutsideScope
    return wanted


def _scope_region(scope: Scope) -> str | None:
    if scope.kind == "institution":
        return Institution.objects.values_list("region_id", flat=True).get(pk=scope.institution_id)
    return scope.region_code


def _contains(ancestor: str, descendant: str) -> bool:
    return ancestor == descendant or RegionClosure.objects.filter(ancestor=ancestor, descendant=descendant).exists()


def is_leaf(place: Place) -> bool:
    """Below a leaf come providers: a county, or a division's own level."""
    return place.own or Region.objects.filter(pk=place.region, level__gte=LEAF_LEVEL).exists()


# --- figures ---------------------------------------------------------------------------------------


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
        "heads": replace(main, what="heads") if main.measure is Measure.FINISHED else Count(Measure.FINISHED, what="heads"),
        "subsidised": Count(Measure.FINISHED, Filter(funding=(SUBSIDISED,))),
        "certified": Count(Measure.CERTIFIED),
        "high_new": Count(Measure.HIGH_NEW),
        "paid": Count(Measure.PAID),
        "amount_fen": Count(Measure.PAID, what="amount_fen"),
    }


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
    """The figures with the 人数 of a provider in one division, which its marks cannot tell if it also teaches elsewhere."""
    if place.institution and place.region and place.klass is None:
        _count_travellers(place.region, period, indicator, [place.institution], {str(place.institution): held})
    return held


def children(
    scope: Scope, plan: Plan, place: Place, period: Period, indicator: Indicator | None, today: date
) -> list[Line]:
    """The divisions right below, with targets handed down to them; the place's own level (本级) comes last."""
    place = narrowed(scope, plan, place)
    counts = standard(indicator)
    found = sums.sums(place, period, counts, by="child")
    below = list(
        Region.objects.filter(parent=place.region).order_by("code").values_list("code", "name", "valid_to")
    )
    shares = _shares(indicator, [code for code, _name, _end in below], period)
    lines = []
    for code, name, valid_to in below:
        if valid_to is not None and code not in found:
            continue
        held = found.get(code) or sums.nothing(period, counts)
        lines.append(Line(code, name, Place(code), held, _share_progress(held["n"], shares.get(code), period, today)))
    if place.region in found:
        held = found[place.region]
        own = _share_progress(held["n"], None, period, today)
        lines.append(Line(place.region, "", Place(place.region, own=True), held, own))
    return lines


def _shares(indicator: Indicator | None, codes: list[str], period: Period) -> dict[str, int]:
    """Targets handed down for the period: a year's own, or the whole plan's."""
    year = period.since.year if period.heads == "year" else None
    if indicator is None or (year is None and period.key != "plan"):
        return {}
    rows = Allocation.objects.filter(indicator=indicator, region__in=codes, year=year)
    return dict(rows.values_list("region_id", "value"))


def _share_progress(done: int | None, share: int | None, period: Period, today: date) -> Progress:
    if share is None:
        return Progress(progress.State.NO_TARGET, done=done)
    return progress.against(done or 0, Decimal(share), period.since, period.until, today)


def months(scope: Scope, plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> dict[str, Figures]:
    """Month by month, {"2024-05": figures}; months without lines are absent."""
    return sums.sums(narrowed(scope, plan, place), period, standard(indicator), by="month")


def providers(scope: Scope, plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> list[Line]:
    """Who taught in one leaf division, the busiest first."""
    place = narrowed(scope, plan, place)
    found = sums.sums(place, period, standard(indicator), by="provider")
    ids = [int(key) for key in found if key != "0"]
    known = dict(Institution.objects.filter(pk__in=ids).values_list("pk", "name"))
    _count_travellers(place.region, period, indicator, ids, found)
    lines = [
        Line(key, known.get(int(key), ""), place.provider(int(key)), held) for key, held in found.items()
    ]
    return sorted(lines, key=lambda line: (-(line.figures["n"] or 0), line.name))


def _count_travellers(
    region: str, period: Period, indicator: Indicator | None, ids: list[int], found: dict[str, Figures]
) -> None:
    """人数 marks of a provider span all its divisions. Whoever also teaches elsewhere is counted from the rows."""
    travelling = set(
        TrainingClass.objects.filter(institution__in=ids).exclude(region=region)
        .values_list("institution_id", flat=True).distinct()
    )
    main = standard(indicator)["heads"]
    if not travelling or main.measure is not Measure.FINISHED or period.heads is None:
        return
    for institution, people in people_of_providers(region, sorted(travelling), period, main.filter).items():
        found[str(institution)]["heads"] = people
    for institution in travelling:
        if str(institution) in found and not found[str(institution)]["n"]:
            found[str(institution)]["heads"] = 0


def people_of_providers(region: str, institutions: list[int], period: Period, chosen: Filter) -> dict[int, int]:
    """COUNT(DISTINCT person) by provider within one leaf division, from the rows."""
    where, params = row_conditions(chosen)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.institution_id, count(DISTINCT e.person_id) FROM classes_trainingclass k"
            " JOIN enrolments_enrolment e ON e.klass_id = k.id"
            " WHERE k.institution_id = ANY (%(institutions)s) AND e.region_code = %(region)s"
            f" AND e.finished_on BETWEEN %(since)s AND %(until)s AND {where} GROUP BY 1",
            {"institutions": institutions, "region": region, "since": period.since, "until": period.until, **params},
        )
        return dict(cursor.fetchall())


def row_conditions(chosen: Filter) -> tuple[str, dict[str, list[str]]]:
    """A filter as a condition on enrolments `e`."""
    parts = [f"e.{name} = ANY (%(f_{name})s)" for name in chosen.lists if name != "family"]
    params = {f"f_{name}": list(codes) for name, codes in chosen.lists.items() if name != "family"}
    return " AND ".join(parts) or "true", params


def classes(scope: Scope, plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> list[Line]:
    """The classes of one provider, latest first; what its certificates add up to comes last, as they name no class."""
    place = narrowed(scope, plan, place)
    found = sums.sums(place, period, standard(indicator), by="class")
    known = {
        klass.pk: klass
        for klass in TrainingClass.objects.filter(pk__in=[int(key) for key in found if key != "0"])
    }
    lines = []
    for key, held in found.items():
        klass = known.get(int(key))
        if klass is not None:
            # Not none, but not known: a certificate names a provider, not a class.
            held |= {"certified": None, "high_new": None}
        note = f"{klass.starts_on:%Y-%m-%d} — {klass.ends_on:%Y-%m-%d}" if klass else ""
        lines.append(Line(key, klass.number if klass else "", replace(place, klass=int(key)), held, note=note))
    return sorted(lines, key=lambda line: (line.key == "0", -int(line.key)))


# --- the numbers of a plan -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Numbered:
    """One printed number with its verdict and the remarks that go with it."""

    target: Target
    progress: Progress
    remarks: tuple[int, ...]
    times: int | None = None
    people: int | None = None


def numbers(scope: Scope, plan: Plan, place: Place, today: date) -> list[Numbered]:
    """Every number of the plan, as printed, with what the register holds against it at the place."""
    place = narrowed(scope, plan, place)
    found = list(
        Target.objects.filter(indicator__plan=plan).select_related("indicator")
        .prefetch_related("discrepancies").order_by("indicator__order", "part")
    )
    held = _counted(plan, place, {target.indicator_id: target.indicator for target in found}, today)
    lines = []
    for target in found:
        past = bool(target.period_to and plan.period_from and target.period_to < plan.period_from)
        times, people = held.get(target.indicator_id, (None, None))
        done = None if past else people if _wants_people(target.indicator) else times
        printed = Printed(
            target.kind, target.indicator.event, target.unit, target.value, target.period_from, target.period_to,
            done, past,
        )
        remarks = tuple(sorted(remark.number for remark in target.discrepancies.all()))
        lines.append(Numbered(target, progress.verdict(printed, today), remarks, times if not past else None,
                              people if not past else None))
    return lines


def _wants_people(indicator: Indicator) -> bool:
    count = count_of(indicator)
    return count is not None and count.what == "heads"


def _counted(
    plan: Plan, place: Place, indicators: Mapping[str, Indicator], today: date
) -> dict[str, tuple[int | None, int | None]]:
    """人次 and 人数 of every countable indicator over the plan's years; stocks over all time."""
    period = plan_period(plan, today)
    counts: dict[str, Count] = {}
    stocks: dict[str, Count] = {}
    for code, indicator in indicators.items():
        count = count_of(indicator)
        if count is None:
            continue
        if indicator.event == Event.STOCK:
            stocks[code] = count
            continue
        counts[code] = replace(count, what="n")
        if count.measure is Measure.FINISHED:
            counts[f"{code}/people"] = replace(count, what="heads")
    held = sums.one(place, period, counts) if counts else {}
    pairs = {code: (held[code], held.get(f"{code}/people")) for code in counts if "/" not in code}
    for code, indicator in indicators.items():
        if code in pairs and pairs[code][1] is None and _wants_people(indicator):
            pairs[code] = (pairs[code][0], tracked_people(indicator, place))
    if stocks:
        ever = sums.one(place, EVER, stocks)
        pairs |= {code: (None if value is None else value, None) for code, value in ever.items()}
    return pairs


def tracked_people(indicator: Indicator, place: Place) -> int | None:
    """People recorded by name for an indicator, over its plan's years; None where none are recorded."""
    if not indicator.tracks_people or not place.is_node:
        return None
    inside = (
        "region_code = %(region)s" if place.own
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
    return list(plan.discrepancies.order_by("number"))


def target_of(plan: Plan, place: Place, period: Period, indicator: Indicator | None) -> Decimal | None:
    """What the place has to reach in the period, in single units: the plan's own number or what was handed down."""
    if indicator is None or not place.is_node or place.own:
        return None
    if shares := _shares(indicator, [place.region], period):
        return Decimal(shares[place.region])
    if place.region != plan.region_id or count_of(indicator) is None:
        return None
    found = next((target for target in indicator.targets.all() if target.kind in _DRAWN), None)
    if found is None or found.value is None or found.unit not in progress.UNITS:
        return None
    value = found.value * progress.UNITS[found.unit]
    if period.key == "plan":
        years = period.until.year - period.since.year + 1
        return value * years if found.kind == Kind.ANNUAL_AVERAGE else value
    # A year of a five-year total has no number of its own; an average is no task of one year either (domain §6.1).
    return None


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
        RegionClosure.objects.filter(ancestor__in=codes, descendant__in=codes, depth__gt=0)
        .values_list("descendant_id", "ancestor_id")
    )
    for plan in found:
        held = sums.one(root(scope, plan), period, counts)
        outer = around.get(plan.region_id, "")
        lines.append(Across(plan, held, names([outer]).get(outer, "") if outer else ""))
        if not outer:
            total = {name: _plus(total[name], held[name]) for name in counts}
    # One person may train in two provinces: 人数 of regions cannot be added.
    total["heads"] = None
    return lines, total


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


_DRAWN = {Kind.CUMULATIVE, Kind.SUBSET, Kind.FLOW, Kind.ANNUAL_AVERAGE}


def choices(plan: Plan) -> list[Indicator]:
    """Indicators that a table can be drawn for, the plan's headline first."""
    found = plan.indicators.filter(event__in=list(MEASURES)).prefetch_related("targets").order_by("-headline", "order")
    return [one for one in found if any(target.kind in _DRAWN for target in one.targets.all())]


__all__ = [
    "Across", "By", "Line", "Numbered", "OutsideScope", "across_plans", "children", "choices", "classes", "count_of",
    "figures", "is_leaf", "months", "narrowed", "numbers", "plan_period", "plans",
    "providers", "remarks", "root", "standard",
]

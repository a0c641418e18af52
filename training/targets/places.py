"""Plans and the places of them that a reader may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from django.db import connection

from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.regions.models import RegionClosure
from training.classes.models import TrainingClass
from training.targets import edition
from training.targets.counting import Period, Place
from training.targets.models import Plan

#: Below a division of this level come providers.
LEAF_LEVEL = 3


class OutsideScope(Exception):
    """The place asked for is not in the reader's box."""


def plans(scope: Scope) -> list[Plan]:
    """Plans whose region lies in the reader's, or the other way round; the first is the one to open with."""
    found = edition.plans()
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
    """The wanted place of the plan where the reader may see it, or OutsideScope. An empty wish is the root.

    Every query of a page asks; a place that was found to lie within this very scope is not looked up once more.
    """
    if wanted.seen is not None and wanted.seen == _seen(scope, plan, wanted):
        return wanted
    found = _narrowed(scope, plan, wanted)
    return replace(found, seen=_seen(scope, plan, found))


def _seen(scope: Scope, plan: Plan, place: Place) -> tuple[object, ...]:
    """Names the place as well, so that a place made from another by `replace` is looked up for itself."""
    return (scope, plan.pk, place.region, place.own, place.institution, place.klass)


def _narrowed(scope: Scope, plan: Plan, wanted: Place) -> Place:
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
    if scope.institution_id is not None:
        return Institution.objects.values_list("region_id", flat=True).get(pk=scope.institution_id)
    return scope.region_code


def _contains(ancestor: str, descendant: str) -> bool:
    return (
        ancestor == descendant
        or RegionClosure.objects.filter(ancestor=ancestor, descendant=descendant).exists()
    )


class Division(NamedTuple):
    """One step of a path."""

    code: str
    name: str
    level: int


def path(region: str) -> list[Division]:
    """From the province down to the division itself; empty for an unknown code."""
    if not region:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.code, r.name, r.level FROM regions_closure c JOIN regions_region r ON r.code = c.ancestor_id"
            " WHERE c.descendant_id = %s ORDER BY c.depth DESC",
            [region],
        )
        return [Division(*row) for row in cursor.fetchall()]


def is_leaf(place: Place, way: list[Division]) -> bool:
    """Below a leaf come providers: a county, or a division's own level. `way` is the path to it."""
    return place.own or (bool(way) and way[-1].level >= LEAF_LEVEL)

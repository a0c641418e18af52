"""Verbs: load the plans, fold the open lines, make the roll-ups anew."""

from __future__ import annotations

import json

from django.db import connection, transaction

from registry.lib.upsert import Counts, upsert
from training.targets import reference
from training.targets.models import Discrepancy, Indicator, Plan, Target

_MANY_LINES = 1000


@transaction.atomic
def load_plans() -> dict[str, Counts]:
    """Load the plans with their numbers and remarks; a second run changes nothing."""
    counts = {
        "plans": upsert("targets_plan", reference.PlanRow._fields, reference.plans(), key=["code"]),
        "indicators": upsert(
            "targets_indicator", reference.IndicatorRow._fields, reference.indicators(), key=["code"]
        ),
        "targets": upsert(
            "targets_target", reference.TargetRow._fields, reference.targets(), key=["indicator_id", "part"]
        ),
    }
    remarks = reference.discrepancies()
    counts["discrepancies"] = upsert(
        "targets_discrepancy",
        ["number", "title", "text"],
        [(row.number, row.title, row.text) for row in remarks],
        key=["number"],
    )
    _link_remarks(remarks)
    if counts["plans"].changed or counts["indicators"].added or counts["indicators"].changed:
        rebuild_people()
    return counts


def _link_remarks(remarks: list[reference.DiscrepancyRow]) -> None:
    ids = {(code, part): pk for code, part, pk in Target.objects.values_list("indicator_id", "part", "pk")}
    upsert(
        "targets_discrepancy_plan",
        ["discrepancy_id", "plan_id"],
        [(row.number, plan) for row in remarks for plan in row.plans],
        key=["discrepancy_id", "plan_id"],
    )
    upsert(
        "targets_discrepancy_target",
        ["discrepancy_id", "target_id"],
        [(row.number, ids[pair]) for row in remarks for pair in row.targets],
        key=["discrepancy_id", "target_id"],
    )


def plan_differences() -> list[str]:
    """Rows of the files that the database lacks or holds otherwise."""
    wrong = []
    held_plans = set(Plan.objects.values_list(*reference.PlanRow._fields))
    wrong += [row.code for row in reference.plans() if tuple(row) not in held_plans]
    held_indicators = {row[0]: row for row in Indicator.objects.values_list(*reference.IndicatorRow._fields)}
    for row in reference.indicators():
        if held_indicators.get(row.code) != tuple(row._replace(filter=json.loads(row.filter))):
            wrong.append(row.code)
    held_targets = set(Target.objects.values_list(*reference.TargetRow._fields))
    wrong += [
        f"{row.indicator_id}/{row.part}" for row in reference.targets() if tuple(row) not in held_targets
    ]
    held_remarks = set(Discrepancy.objects.values_list("number", "title", "text"))
    wrong += [
        f"#{row.number}"
        for row in reference.discrepancies()
        if (row.number, row.title, row.text) not in held_remarks
    ]
    return wrong


def fold() -> int:
    """Add the open lines to the roll-ups that pages read; how many there were. Any process may, at any time."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT targets_fold()")
        return int(cursor.fetchone()[0])


def rebuild() -> int:
    """Make the roll-ups anew from the rows; writers wait meanwhile. How many lines were folded."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT targets_rebuild()")
        return int(cursor.fetchone()[0])


def rebuild_people() -> None:
    """Record anew who counts for indicators that count people by name: after such an indicator changed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT targets_rebuild_people()")


def sweep() -> int:
    """Fold, and give the place of many folded lines back, so that reads of the open ones stay short."""
    folded = fold()
    if folded >= _MANY_LINES and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM targets_delta")
    return folded

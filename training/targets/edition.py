"""The plans, held in memory for as long as nobody changes them.

Every page reads all of them with their indicators, numbers and remarks, a few hundred rows in five statements, and
they change a few times a year. One statement asks for the mark under which they were read (sql/edition.sql).
What is held is shared by all requests of a process: read it, never change it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from django.db.models import prefetch_related_objects

from training.targets.models import Indicator, Plan

_PARTS = ("indicators__targets__discrepancies", "discrepancies")

_held: tuple[UUID, list[Plan]] | None = None


def plans() -> list[Plan]:
    """All plans in their order, with everything that is printed in them."""
    global _held
    mark = _mark()
    held = _held
    if held is not None and held[0] == mark:
        return held[1]
    # Read after the mark: what is changed meanwhile is held under a mark that has passed, and read anew.
    found = list(Plan.objects.select_related("region").prefetch_related(*_PARTS).order_by("order"))
    if mark is not None:
        _held = (mark, found)
    return found


def _mark() -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark FROM targets_edition")
        found = cursor.fetchone()
    return None if found is None else found[0]


def indicators(plan: Plan) -> list[Indicator]:
    """All indicators of a plan in its order, with their targets and remarks: read once, if at all."""
    ordered: list[Indicator] | None = getattr(plan, "_ordered", None)
    if ordered is None:
        prefetch_related_objects([plan], *_PARTS)
        ordered = sorted(plan.indicators.all(), key=lambda one: one.order)
        plan._ordered = ordered  # type: ignore[attr-defined]
    return ordered

"""Verbs that write divisions: load the vendored ones, keep the closure."""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction

from registry.lib.upsert import Counts, upsert
from registry.regions import queries, reference

_SQL = Path(__file__).parent / "sql"
_CLOSURE = (_SQL / "closure.sql").read_text(encoding="utf-8")
_FULL_NAMES = (_SQL / "full_names.sql").read_text(encoding="utf-8")


@transaction.atomic
def load_reference() -> Counts:
    """Load the vendored divisions and rebuild the closure; a second run changes nothing.

    A last day or a successor that an operator entered is kept where the files are silent.
    """
    counts = upsert(
        "regions_region",
        reference.RegionRow._fields,
        reference.rows(),
        key=["code"],
        keep=["valid_to", "successor_id"],
    )
    rebuild_closure()
    return counts


def rebuild_closure() -> tuple[int, int]:
    """Make the closure agree with the parent pointers; (pairs added or corrected, pairs removed)."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Just loaded, the tables have no statistics, and the planner would compare each pair with each: half a minute.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_CLOSURE)
        added, removed = cursor.fetchone()
        cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
        # Everything asks by these two tables; autovacuum would come round to them a minute too late.
        cursor.execute("ANALYZE regions_region, regions_closure")
    queries.forget_names()
    return added, removed


@transaction.atomic
def tidy() -> None:
    """After divisions were changed by hand: spell out full names again and rebuild the closure."""
    with connection.cursor() as cursor:
        cursor.execute(_FULL_NAMES)
    rebuild_closure()


def differences() -> list[str]:
    """Codes whose row in the database is missing or differs from the files; empty when all agree."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(reference.RegionRow._fields)} FROM regions_region")
        held = {row[0]: reference.RegionRow(*row) for row in cursor.fetchall()}
    wrong = []
    for row in reference.rows():
        found = held.get(row.code)
        if found is None:
            wrong.append(row.code)
            continue
        # Silent cells of the files may have been filled in.
        expected = row._replace(
            valid_to=row.valid_to or found.valid_to, successor_id=row.successor_id or found.successor_id
        )
        if found != expected:
            wrong.append(row.code)
    return wrong

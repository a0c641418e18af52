"""Proving rows from history: which differ from what the last action on them committed to.

A manifest is compared as a whole inside the database, and row by row only where it differs, because later
actions may rightly have changed some of its rows. So the cost is one hash for each row of each manifest, and
one look through the manifests for the rows in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import connection

from registry.audit import coverage, state
from registry.audit.commitments import HASH_BYTES, commit
from registry.audit.models import Detail, Manifest
from registry.audit.services import RowId, id_type, rows_function
from registry.audit.state import LogDifference
from registry.lib.scope import Scope

Fault = Literal["changed", "missing", "returned", "unlisted"]

REMOVED = bytes(HASH_BYTES)


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not what history says.

    changed: the row reads differently; missing: it is gone; returned: it was removed and is there again;
    unlisted: no action ever committed to it. `manifest_id` names the last word on it, None when there is
    none.
    """

    table_name: str
    row_id: RowId
    fault: Fault
    manifest_id: int | None


@dataclass(slots=True)
class Report:
    """What was looked at and what was found."""

    manifests: int = 0
    rows: int = 0
    details: int = 0
    differences: list[Difference] = field(default_factory=list)
    broken_details: list[int] = field(default_factory=list)
    log: list[LogDifference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when everything is as recorded."""
        return not self.differences and not self.broken_details and not self.log


def _still_true(manifest_id: int, table_name: str, canon: str) -> tuple[int, bool]:
    """The number of rows of a manifest, and whether all of them are as it says.

    Nothing leaves the database.
    """
    _, column = _id_kind(table_name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT cardinality(m.{column}), coalesce(now.ids = m.{column} AND now.hashes = m.hashes, false)
            FROM audit_manifest m, LATERAL (
                SELECT array_agg(r.id ORDER BY r.id) AS ids,
                       string_agg(canon_hash(r.canon), ''::bytea ORDER BY r.id) AS hashes
                FROM unnest(m.{column}) u(id) JOIN {rows_function(canon)}() r ON r.id = u.id
            ) now
            WHERE m.id = %s
            """,
            [manifest_id],
        )
        count, same = cursor.fetchone()
    return count, same


def differing_rows(manifest: Manifest) -> dict[RowId, Fault]:
    """The manifest's rows that now differ from it, which a later action may explain."""
    kind, column = _id_kind(manifest.table_name)
    listed = getattr(manifest, column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id, canon_hash(r.canon) FROM {rows_function(manifest.canon)}() r
            WHERE r.id = ANY(%s::{kind}[])
            """,
            [listed],
        )
        now = {row: bytes(digest) for row, digest in cursor.fetchall()}
    committed = bytes(manifest.hashes)
    return {
        row: fault
        for row, then in _pairs(listed, committed)
        if (fault := _fault(then, now.get(row))) is not None
    }


def _pairs(ids: list[Any], hashes: bytes) -> Iterator[tuple[RowId, bytes]]:
    return ((row, hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]) for at, row in enumerate(ids))


def _fault(then: bytes, now: bytes | None) -> Fault | None:
    if then == REMOVED:
        return None if now is None else "returned"
    if now is None:
        return "missing"
    return None if now == then else "changed"


def verify_table(scope: Scope, table_name: str, report: Report) -> None:
    """Compare every manifest of a table with its rows and add what differs to the report."""
    if not scope.sees_everything:
        raise PermissionError("verifying reads the whole register")
    _settle()
    suspects: dict[RowId, tuple[int, Fault]] = {}
    manifests = Manifest.objects.filter(table_name=table_name).order_by("id")
    for manifest_id, canon in manifests.values_list("id", "canon"):
        count, same = _still_true(manifest_id, table_name, canon)
        report.manifests += 1
        report.rows += count
        if not same:
            # In order of id: the latest difference of a row overwrites earlier ones.
            found = differing_rows(Manifest.objects.get(pk=manifest_id))
            suspects.update({row: (manifest_id, fault) for row, fault in found.items()})
    latest = _last_word(table_name, list(suspects))
    report.differences += [
        Difference(table_name, row, fault, manifest_id)
        for row, (manifest_id, fault) in suspects.items()
        if latest[row] == manifest_id
    ]
    report.differences += [Difference(table_name, row, "unlisted", None) for row in _unlisted(table_name)]


def _last_word(table_name: str, rows: list[RowId]) -> dict[RowId, int]:
    """Of each row, the newest manifest that names it."""
    if not rows:
        return {}
    kind, column = _id_kind(table_name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT u.id, max(m.id) FROM audit_manifest m, unnest(m.{column}) u(id)
            WHERE m.table_name = %s AND u.id = ANY(%s::{kind}[]) GROUP BY u.id
            """,
            [table_name, rows],
        )
        return dict(cursor.fetchall())


def _unlisted(table_name: str) -> Iterable[RowId]:
    """Rows that came in without any action committing to them, alone or within another row's commitment."""
    _, column = _id_kind(table_name)
    covered = ""
    if table_name in _covered_tables():
        covered = f"UNION ALL SELECT id FROM {COVERED}{table_name}()"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.id FROM {table_name} r
            LEFT JOIN (
                SELECT u.id FROM audit_manifest m, unnest(m.{column}) u(id) WHERE m.table_name = %s {covered}
            ) listed ON listed.id = r.id
            WHERE listed.id IS NULL ORDER BY r.id
            """,
            [table_name],
        )
        return [row for (row,) in cursor.fetchall()]


def _settle() -> None:
    """Enter what this very transaction wrote into watched tables, which else happens when it ends."""
    if connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS audit_touched_settle IMMEDIATE")
            cursor.execute("SET CONSTRAINTS audit_touched_settle DEFERRED")


# A SQL function of this name and the table's yields the ids of rows that stand within another row's commitment.
COVERED = "audit_covered_"


def _covered_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname FROM pg_proc WHERE starts_with(proname, %s)", [COVERED])
        return {name.removeprefix(COVERED) for (name,) in cursor.fetchall()}


def _id_kind(table_name: str) -> tuple[str, str]:
    kind = id_type(table_name)
    return kind, "row_uuids" if kind == "uuid" else "row_ids"


def verify_details(scope: Scope, report: Report) -> None:
    """Check every detail that is still there against its commitment."""
    if not scope.sees_everything:
        raise PermissionError("verifying reads the whole register")
    for detail in Detail.objects.filter(erased_at=None).order_by("id").iterator():
        report.details += 1
        if commit(bytes(detail.salt or b""), detail.detail or {}) != bytes(detail.commitment):
            report.broken_details.append(detail.pk)


def verify(
    scope: Scope, table_name: str | None = None, told: Callable[[int, int, str], object] | None = None
) -> Report:
    """Everything that manifests, details and the log can prove, or the rows of one table.

    `told` hears before each table how many are done, of how many, and its name.
    """
    report = Report()
    for number, table in enumerate(tables := [table_name] if table_name else _tables()):
        if told is not None:
            told(number, len(tables), table)
        verify_table(scope, table, report)
    if table_name is None:
        verify_details(scope, report)
        report.log += state.faults()
    return report


def _tables() -> list[str]:
    """Tables of which rows must be proved, and whatever else manifests speak of."""
    spoken_of = Manifest.objects.order_by("table_name").values_list("table_name", flat=True).distinct()
    return sorted({*spoken_of, *_covered_tables(), *coverage.proved()})

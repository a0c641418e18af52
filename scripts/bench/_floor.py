"""The floor: only COPY of rows that are finished, into the same tables with their indexes and foreign keys.

No reading, no checks, no cipher, no matching, no roll-ups, no history: what is left is PostgreSQL's own part.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg

# Parents first: references are checked at once.
TABLES = {
    "people_person": "created_at >= %s",
    "people_document": "created_at >= %s",
    "people_phone": "created_at >= %s",
    "people_bankaccount": "created_at >= %s",
    "classes_trainingclass": "batch_id IS NOT NULL AND created_at >= %s",
    "enrolments_enrolment": "created_at >= %s",
    "issuance_certificate": "created_at >= %s",
    "claims_payment": "created_at >= %s",
}
COUNTED = "enrolments_enrolment"
BLOCK = 1 << 20


def now(connection: psycopg.Connection[Any]) -> Any:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return row[0]


def summary(connection: psycopg.Connection[Any], since: Any) -> dict[str, Any]:
    """What a run left behind, so far as it must be the same whoever did it."""
    row = connection.execute(_SUMMARY, [since] * 4).fetchone()
    assert row is not None
    left: dict[str, Any] = row[0]
    return left


_SUMMARY = """
SELECT json_build_object(
    'people', (SELECT count(*) FROM people_person p JOIN people_document d ON d.person_id = p.id
               WHERE p.created_at >= %s),
    'enrolments', (SELECT json_build_array(
                       count(*), count(DISTINCT klass_id), sum(e.hours), sum(e.score), count(finished_on),
                       md5(string_agg(e.category || e.training_type, '' ORDER BY k.number, e.id)))
                   FROM enrolments_enrolment e JOIN classes_trainingclass k ON k.id = e.klass_id
                   WHERE e.created_at >= %s),
    'certificates', (SELECT json_build_array(
                         count(*), md5(string_agg(number || issued_on || level_id, '' ORDER BY number)))
                     FROM issuance_certificate WHERE created_at >= %s),
    'payments', (SELECT json_build_array(count(*), sum(amount_fen))
                 FROM claims_payment WHERE created_at >= %s))
"""


def in_rollups(connection: psycopg.Connection[Any]) -> float:
    """Seconds spent inside the triggers of roll-ups; functions are timed only where the database says so."""
    row = connection.execute(
        "SELECT coalesce(sum(total_time), 0) / 1000 FROM pg_stat_user_functions "
        "WHERE funcname ~ '^targets_.*_(came|went|changed)$'"
    ).fetchone()
    assert row is not None
    return float(row[0])


def save(connection: psycopg.Connection[Any], since: Any, folder: Path) -> None:
    """Keep the rows that an import left behind, a file for each table, in the order of their ids."""
    with connection.cursor() as cursor:
        for table, mine in TABLES.items():
            columns = _columns(cursor, table)
            with (
                (folder / table).open("wb") as file,
                cursor.copy(
                    f"COPY (SELECT {columns} FROM {table} WHERE {mine} ORDER BY id) TO STDOUT", [since]
                ) as out,
            ):
                for part in out:
                    file.write(part)


def load(connection: psycopg.Connection[Any], folder: Path) -> dict[str, Any]:
    """COPY them in, in one transaction. Triggers of roll-ups are put aside; references are kept, by foreign keys and
    by the triggers that stand in for them."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_TRIGGERS, [list(TABLES)])
        for table, trigger in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        rows = 0
        began = time.perf_counter()
        with connection.transaction():
            for table in TABLES:
                if (folder / table).stat().st_size == 0:
                    continue
                with (
                    (folder / table).open("rb") as file,
                    cursor.copy(f"COPY {table} ({_columns(cursor, table)}) FROM STDIN") as into,
                ):
                    while part := file.read(BLOCK):
                        into.write(part)
                rows = cursor.rowcount if table == COUNTED else rows
    return {"seconds": time.perf_counter() - began, "rows": rows}


_OTHER_TRIGGERS = """
SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
WHERE NOT tgisinternal AND tgname NOT LIKE 'refer%%' AND tgrelid = ANY (%s::regclass[])
"""


def _columns(cursor: psycopg.Cursor[Any], table: str) -> str:
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
        f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    row = cursor.fetchone()
    assert row is not None
    return str(row[0])

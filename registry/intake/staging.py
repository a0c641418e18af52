"""Staged rows: one unlogged table per batch, filled by COPY from what the caged reader sends.

Unlogged, because the file is the truth and the rows can be read again; after a crash of the server such a table
comes back empty, which :func:`intact` notices. A table of its own, because statistics decide plans: joins over a
freshly filled shared table without ANALYZE were measured a hundred times slower.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.backends.utils import CursorWrapper

SCHEMA = "intake_staging"


def table(batch_id: UUID | str) -> str:
    return f'{SCHEMA}."b_{_hex(batch_id)}"'


def issues_table(batch_id: UUID | str) -> str:
    return f'{SCHEMA}."i_{_hex(batch_id)}"'


def create(cursor: CursorWrapper, batch_id: UUID, columns: Sequence[tuple[str, str]]) -> str:
    """Make the batch's tables anew; ``columns`` are (name, SQL type) pairs."""
    drop(cursor, batch_id)
    body = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns)
    # Filled once and hardly updated; autovacuum would only get in the way.
    cursor.execute(f"CREATE UNLOGGED TABLE {table(batch_id)} ({body}) WITH (autovacuum_enabled = off)")
    cursor.execute(
        f'CREATE UNLOGGED TABLE {issues_table(batch_id)} ("row" int, "column" text, code text, severity text, '
        "message text) WITH (autovacuum_enabled = off)"
    )
    return table(batch_id)


def copy_rows(
    cursor: CursorWrapper, batch_id: UUID, columns: Sequence[tuple[str, str]], payload: bytes | bytearray
) -> None:
    names = ", ".join(f'"{name}"' for name, _ in columns)
    _copy(cursor, f"COPY {table(batch_id)} ({names}) FROM STDIN", payload)


def copy_issues(cursor: CursorWrapper, batch_id: UUID, payload: bytes | bytearray) -> None:
    sql = f'COPY {issues_table(batch_id)} ("row", "column", code, severity, message) FROM STDIN'
    _copy(cursor, sql, payload)


def _copy(cursor: CursorWrapper, sql: str, payload: bytes | bytearray) -> None:
    # Django does not turn the driver's errors of a COPY into its own; a cut connection must be known as one.
    with cursor.db.wrap_database_errors, cursor.copy(sql) as copy:
        copy.write(payload)


def settle(cursor: CursorWrapper, batch_id: UUID) -> int:
    """Index and analyse what was copied; returns the count of rows."""
    name = table(batch_id)
    cursor.execute(f'CREATE UNIQUE INDEX ON {name} ("row")')
    # Of all columns only those that joins go by; a wide table costs more to sample than to read.
    cursor.execute(f'ANALYZE {name} ("row", bad, bidx)')
    cursor.execute(f"SELECT count(*) FROM {name}")
    return int(cursor.fetchone()[0])


def intact(cursor: CursorWrapper, batch_id: UUID, rows: int | None) -> bool:
    """Whether the staged rows are still all there."""
    if rows is None:
        return False
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table(batch_id)])
    if not cursor.fetchone()[0]:
        return False
    cursor.execute(f"SELECT count(*) FROM {table(batch_id)}")
    return bool(cursor.fetchone()[0] == rows)


def drop(cursor: CursorWrapper, batch_id: UUID) -> None:
    cursor.execute(f"DROP TABLE IF EXISTS {table(batch_id)}, {issues_table(batch_id)}")


def _hex(batch_id: UUID | str) -> str:
    return UUID(str(batch_id)).hex

"""Bring a reference table in line with rows from a file: COPY into a temporary table, then one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import sql

_STAGE = sql.Identifier("reference_rows")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows were new, changed, and already just so."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def total(self) -> int:
        return self.added + self.changed + self.unchanged


def upsert(
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    key: Sequence[str],
    keep: Sequence[str] = (),
    once: Sequence[str] = (),
) -> Counts:
    """Insert the rows that are missing and correct those that differ; rows not given stay as they are.

    `key` names the columns of a unique constraint. In the columns of `keep` a NULL of the file does not
    erase what the table holds: the file is silent there, an operator may have filled it in. Columns of
    `once` are written with a new row and never again. All or nothing, in one transaction; database errors
    pass through.
    """
    target = sql.Identifier(table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))

    def new(column: str) -> sql.Composable:
        value = sql.SQL("EXCLUDED.{}").format(sql.Identifier(column))
        if column not in keep:
            return value
        return sql.SQL("COALESCE({}, {}.{})").format(value, target, sql.Identifier(column))

    others = [column for column in columns if column not in key and column not in once]
    if not others:
        action: sql.Composable = sql.SQL("NOTHING")
    else:
        action = sql.SQL("UPDATE SET {sets} WHERE ({old}) IS DISTINCT FROM ({new})").format(
            sets=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(c), new(c)) for c in others),
            old=sql.SQL(", ").join(sql.SQL("{}.{}").format(target, sql.Identifier(c)) for c in others),
            new=sql.SQL(", ").join(new(c) for c in others),
        )
    parts = {"stage": _STAGE, "names": names, "target": target}
    with transaction.atomic(), connection.cursor() as cursor:
        create = sql.SQL("CREATE TEMP TABLE {stage} AS SELECT {names} FROM {target} WITH NO DATA")
        cursor.execute(create.format(**parts))
        total = 0
        with cursor.copy(sql.SQL("COPY {stage} ({names}) FROM STDIN").format(**parts)) as copy:
            for row in rows:
                copy.write_row(row)
                total += 1
        cursor.execute(
            # A row that this statement inserted has no xmax; one that it updated has.
            sql.SQL(
                "WITH done AS (INSERT INTO {target} ({names}) SELECT {names} FROM {stage}"
                " ON CONFLICT ({key}) DO {action} RETURNING xmax = 0 AS added)"
                " SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM done"
            ).format(key=sql.SQL(", ").join(map(sql.Identifier, key)), action=action, **parts)
        )
        added, changed = cursor.fetchone()
        cursor.execute(sql.SQL("DROP TABLE {stage}").format(**parts))
    return Counts(added, changed, total - added - changed)

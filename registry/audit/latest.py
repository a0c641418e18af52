"""What the newest manifest says of single rows, without reading the whole table again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from registry.audit.commitments import HASH_BYTES
from registry.audit.services import id_type, rows_function


def standing_otherwise(table_name: str, ids: Sequence[Any]) -> list[Any]:
    """Those of the rows that are not as the newest manifest naming them says; rows that none names are left out.

    For whoever is about to commit to rows anew, which must not cover a change up.
    """
    kind = id_type(table_name)
    column = "row_uuids" if kind == "uuid" else "row_ids"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT ON (u.id) u.id, m.canon,
                   substring(m.hashes FROM ((u.at - 1) * {HASH_BYTES} + 1)::int FOR {HASH_BYTES})
            FROM audit_manifest m, unnest(m.{column}) WITH ORDINALITY u(id, at)
            WHERE m.table_name = %s AND m.{column} && %s::{kind}[] AND u.id = ANY(%s::{kind}[])
            ORDER BY u.id, m.id DESC
            """,
            [table_name, list(ids), list(ids)],
        )
        said = {row: (canon, bytes(digest)) for row, canon, digest in cursor.fetchall()}
        wrong: list[Any] = []
        for canon in sorted({canon for canon, _digest in said.values()}):
            named = [row for row, (each, _digest) in said.items() if each == canon]
            cursor.execute(
                f"SELECT r.id, canon_hash(r.canon) FROM {rows_function(canon)}() r WHERE r.id = ANY(%s::{kind}[])",
                [named],
            )
            now = {row: bytes(digest) for row, digest in cursor.fetchall()}
            wrong += [row for row in named if now.get(row) != said[row][1]]
    return wrong

"""The record compared with itself: sealed bytes, leaves, order, commitments and checkpoints, each fault by its row.

Rows of the register are compared with their manifests in `verify.py`; here it is the tables of the record that are
doubted. What the database alone cannot show (a record rewritten whole, with leaves and checkpoints) is shown by
`scripts/verify_registry.py` against a checkpoint that somebody else kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection

from registry.audit import merkle
from registry.audit.notes import BadNote, Checkpoint, split

LogFault = Literal[
    "resealed", "unlogged", "lost", "replaced", "gap", "head", "erased", "orphaned", "unsealed", "trigger"
]


@dataclass(frozen=True, slots=True)
class LogDifference:
    """One row of the record that does not fit the rest.

    resealed: its columns say another thing than its sealed bytes; unlogged: neither in the log nor waiting for it;
    lost: in the log, but its row is gone; replaced: the leaf holds another hash than the row; gap: a leaf number is
    missing or the log is longer or shorter than it says; head: a checkpoint has another root than its leaves; erased:
    a detail was destroyed without an action that says so; orphaned: it belongs to an action that is not there;
    trigger: a trigger that guards a table is gone or switched off (the row is its name).
    """

    table_name: str
    row_id: int | str
    fault: LogFault


_ROWS: tuple[tuple[LogFault, str, str], ...] = (
    (
        "resealed",
        "audit_action",
        "SELECT id FROM audit_action r WHERE body <> convert_to(canon_action_v1(r), 'UTF8')",
    ),
    (
        "resealed",
        "audit_detail",
        "SELECT id FROM audit_detail r WHERE body <> convert_to(canon_detail_v1(r), 'UTF8')",
    ),
    (
        "resealed",
        "audit_manifest",
        "SELECT id FROM audit_manifest r WHERE body <> convert_to(canon_manifest_v1(r), 'UTF8')",
    ),
    (
        "orphaned",
        "audit_detail",
        "SELECT r.id FROM audit_detail r LEFT JOIN audit_action a ON a.id = r.action_id WHERE a.id IS NULL",
    ),
    (
        "orphaned",
        "audit_manifest",
        "SELECT r.id FROM audit_manifest r LEFT JOIN audit_action a ON a.id = r.action_id WHERE a.id IS NULL",
    ),
    (
        "erased",
        "audit_detail",
        """
        SELECT r.id FROM audit_detail r WHERE r.erased_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM audit_action a
            WHERE a.code = 'audit.erase' AND a.subject_type = 'person' AND a.subject_id = r.subject_person::text
              AND a.id > r.action_id
        ) AND r.subject_person NOT IN (
            SELECT gone.id FROM audit_action a JOIN audit_manifest m ON m.action_id = a.id, unnest(m.row_uuids) gone(id)
            WHERE a.code = 'rights.erase' AND m.table_name = 'people_person')
        """,
    ),
)
_ENTRIES = {"a": "audit_action", "d": "audit_detail", "m": "audit_manifest"}


def faults() -> Iterator[LogDifference]:
    """Everything that does not fit, table by table. Reads the record once for each question."""
    for fault, table, sql in _ROWS:
        yield from (LogDifference(table, row, fault) for (row,) in _select(f"{sql} ORDER BY 1"))
    for kind, table in _ENTRIES.items():
        yield from (
            LogDifference(table, row, "unlogged")
            for (row,) in _select(_UNLOGGED.format(table=table, kind=kind))
        )
        yield from (
            LogDifference(table, row, "lost") for (row,) in _select(_LOST.format(table=table, kind=kind))
        )
        yield from (
            LogDifference(table, row, "replaced")
            for (row,) in _select(_REPLACED.format(table=table, kind=kind))
        )
    yield from (LogDifference("audit_leaf", index, "gap") for (index,) in _select(_GAPS))
    yield from _heads()
    yield from (LogDifference(table, name, "trigger") for table, name in _select(_TRIGGERS))


def _select(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


_UNLOGGED = """
    SELECT r.id FROM {table} r
    WHERE NOT EXISTS (SELECT 1 FROM audit_leaf l WHERE l.kind = '{kind}' AND l.row_id = r.id)
      AND NOT EXISTS (SELECT 1 FROM audit_pending p WHERE p.kind = '{kind}' AND p.row_id = r.id)
    ORDER BY 1
"""
_LOST = """
    SELECT l.row_id FROM audit_leaf l LEFT JOIN {table} r ON r.id = l.row_id
    WHERE l.kind = '{kind}' AND r.id IS NULL ORDER BY 1
"""
_REPLACED = """
    SELECT l.row_id FROM audit_leaf l JOIN {table} r ON r.id = l.row_id
    WHERE l.kind = '{kind}' AND l.hash <> r.leaf_hash ORDER BY 1
"""
# The number that follows a gap; and the first number beyond what the log says of its size.
_GAPS = """
    SELECT idx FROM (SELECT idx, lag(idx, 1, -1::bigint) OVER (ORDER BY idx) AS before FROM audit_leaf) l
    WHERE idx <> before + 1
    UNION ALL
    SELECT greatest(s.size, l.n) FROM audit_log_state s, (SELECT coalesce(max(idx) + 1, 0) AS n FROM audit_leaf) l
    WHERE s.size <> l.n
    ORDER BY 1
"""
# Triggers that keep, seal, queue or watch. Which there must be is written here, so that a dropped one is missed.
_TRIGGERS = """
    SELECT wanted.table_name, wanted.name
    FROM (VALUES
        ('audit_action', 'audit_action_keep'), ('audit_action', 'audit_action_seal'),
        ('audit_action', 'audit_action_enqueue'), ('audit_action', 'audit_action_remember'),
        ('audit_detail', 'audit_detail_keep'), ('audit_detail', 'audit_detail_only_erase'),
        ('audit_detail', 'audit_detail_seal'), ('audit_detail', 'audit_detail_enqueue'),
        ('audit_manifest', 'audit_manifest_keep'), ('audit_manifest', 'audit_manifest_seal'),
        ('audit_manifest', 'audit_manifest_enqueue'), ('audit_leaf', 'audit_leaf_keep'),
        ('audit_checkpoint', 'audit_checkpoint_keep'), ('audit_touched', 'audit_touched_settle')
    ) wanted(table_name, name)
    LEFT JOIN pg_trigger t ON t.tgname = wanted.name AND t.tgrelid = to_regclass(wanted.table_name)
    WHERE t.oid IS NULL OR t.tgenabled = 'D'
    UNION ALL
    SELECT c.relname::text, t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgenabled = 'D' AND NOT t.tgisinternal AND t.tgname LIKE 'audit\\_watch\\_%'
    ORDER BY 1, 2
"""


def _heads() -> Iterator[LogDifference]:
    """Compare every checkpoint with the leaves, in one walk over them, and what is kept to go on from."""
    heads = {
        size: (bytes(root), note)
        for size, root, note in _select("SELECT size, root, note FROM audit_checkpoint")
    }
    frontier = merkle.Frontier()
    for size in sorted(heads):
        with connection.chunked_cursor() as cursor:
            cursor.execute(
                "SELECT hash FROM audit_leaf WHERE idx >= %s AND idx < %s ORDER BY idx", [frontier.size, size]
            )
            frontier.extend(bytes(leaf) for (leaf,) in cursor)
        root, note = heads[size]
        if frontier.size != size or frontier.root() != root or not _says(note, size, root):
            yield LogDifference("audit_checkpoint", size, "head")
        if frontier.size != size:
            return  # the leaves end here; gaps say the rest


def _says(note: str, size: int, root: bytes) -> bool:
    try:
        head = Checkpoint.parse(split(note)[0])
    except BadNote:
        return False
    return (head.size, head.root) == (size, root)

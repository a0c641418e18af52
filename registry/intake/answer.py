"""The answer of the contract: one JSON object per batch, the same from page, API and command line."""

from __future__ import annotations

from typing import Any

from django.db import connection

from registry.intake import kinds, staging
from registry.intake.models import Batch

ACCEPTED, SOME_REJECTED, REFUSED = 0, 1, 2
_SHEET = ("name", "header_row", "mapping", "ignored_columns", "skipped_rows")
NOT_WRITTEN = {"read": 0, "accepted": 0, "rejected": 0, "unchanged": 0}


def of(batch: Batch) -> dict[str, Any]:
    """What is known of the batch. Keys and meaning: the contract for spreadsheets, ``--json``."""
    kind = kinds.get(batch.kind)
    return {
        "batch": str(batch.id),
        "kind": batch.kind,
        "state": batch.state,
        "file": {
            "name": batch.file_name,
            "bytes": batch.file_bytes,
            "sha256": batch.file_sha256,
            "format": batch.file_format or None,
            "encoding": batch.file_encoding or None,
        },
        "file_error": batch.file_error,
        "sheet": {name: part for name, part in batch.sheet.items() if name in _SHEET} or None,
        "counts": {name: batch.counts.get(name, 0) for name in NOT_WRITTEN},
        "created": {name: batch.created.get(name, 0) for name in kind.created},
        "issues": [
            {"row": row, "column": column, "code": code, "severity": severity, "message": message}
            for row, column, code, severity, message in batch.issues.order_by("row", "id").values_list(
                "row", "column", "code", "severity", "message"
            )
        ],
    }


def rehearsed(batch: Batch) -> dict[str, Any]:
    """The same with ``accepted_rows`` and ``cleaned`` (row → cleaned name), while the rows are staged."""
    found = of(batch)
    found["accepted_rows"], found["cleaned"] = [], {}
    with connection.cursor() as cursor:
        if not staging.intact(cursor, batch.id, batch.staged_rows):
            return found
        cursor.execute(f'SELECT "row", bad, name FROM {staging.table(batch.id)} ORDER BY "row"')
        for row, bad, name in cursor.fetchall():
            if not bad:
                found["accepted_rows"].append(row)
            if name:
                found["cleaned"][str(row)] = name
    return found


def exit_code(batch: Batch) -> int:
    """0: every row accepted. 1: some rejected, or stopped on the way. 2: the file was refused."""
    if batch.state == Batch.State.REFUSED:
        return REFUSED
    done = batch.state in (Batch.State.REVIEW, Batch.State.COMMITTED)
    return ACCEPTED if done and not batch.counts.get("rejected", 0) else SOME_REJECTED

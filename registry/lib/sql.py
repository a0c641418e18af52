"""Hand-written SQL in migrations: the file lies in its room, the migration names it."""

from __future__ import annotations

from pathlib import Path

from django.db import migrations

_ROOT = Path(__file__).resolve().parents[2]


def sql_file(path: Path | str, reverse: str | None = None) -> migrations.RunSQL:
    """Run a whole SQL file as one batch; relative paths count from the project's folder.

    The file is read when the migration is loaded, and sent without parameters, so `%` and `$$` stand for
    themselves. Undoing does nothing unless `reverse` is given: triggers go with their tables.
    """
    text = (_ROOT / path).read_text(encoding="utf-8")
    # A list with a (sql, None) pair keeps Django from splitting the batch into statements.
    return migrations.RunSQL([(text, None)], reverse_sql=reverse or migrations.RunSQL.noop)

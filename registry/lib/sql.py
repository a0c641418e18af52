"""Hand-written SQL: in migrations, where the file lies in its room and the migration names it; and how it is run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from django.db import migrations
from django.db.backends.utils import CursorWrapper

_ROOT = Path(__file__).resolve().parents[2]


def sql_file(path: Path | str, reverse: str | None = None) -> migrations.RunSQL:
    """Run a whole SQL file as one batch; relative paths count from the project's folder.

    The file is read when the migration is loaded, and sent without parameters, so `%` and `$$` stand for
    themselves. Undoing does nothing unless `reverse` is given: triggers go with their tables.
    """
    text = (_ROOT / path).read_text(encoding="utf-8")
    # A list with a (sql, None) pair keeps Django from splitting the batch into statements.
    return migrations.RunSQL([(text, None)], reverse_sql=reverse or migrations.RunSQL.noop)


@contextmanager
def planned_without(cursor: CursorWrapper, way: Literal["seqscan", "nestloop"]) -> Iterator[None]:
    """Statements within a transaction that the planner must not answer in this way.

    Halfway through a first import it has no statistics of the rows that stand. It takes few for many, and would read
    whole tables again with every span of the sheet where an index finds the few rows in question (``seqscan``); or
    many for few, and probe row by row where two spans are best laid side by side (``nestloop``).
    """
    cursor.execute(f"SET LOCAL enable_{way} = off")
    yield
    # After an error the transaction is undone, and the setting with it.
    cursor.execute(f"SET LOCAL enable_{way} = on")

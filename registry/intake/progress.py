"""True progress, told on a connection of its own while the work itself is one uncommitted transaction."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

STAGES = ("read", "check", "match", "review", "commit")
LABELS = {
    "read": _("解析"),
    "check": _("校验"),
    "match": _("比对"),
    "review": _("人工处理"),
    "commit": _("入库"),
}

# Progress never goes backwards: a resumed batch catches up with what was shown before it shows more.
_TELL = """
UPDATE intake_progress p SET
    stage = CASE WHEN n.rank >= o.rank THEN n.stage ELSE p.stage END,
    done = CASE WHEN n.rank > o.rank THEN n.done WHEN n.rank = o.rank THEN greatest(p.done, n.done) ELSE p.done END,
    total = CASE WHEN n.rank >= o.rank THEN coalesce(n.total, p.total) ELSE p.total END,
    updated_at = now()
FROM (SELECT %(stage)s::text AS stage, %(done)s::int AS done, %(total)s::int AS total,
             array_position(%(stages)s::text[], %(stage)s::text) AS rank) n,
     LATERAL (SELECT coalesce(array_position(%(stages)s::text[], p2.stage::text), 0) AS rank
              FROM intake_progress p2 WHERE p2.batch_id = %(batch)s) o
WHERE p.batch_id = %(batch)s
RETURNING cancel_asked
"""


class Cancelled(Exception):
    """办理已按要求取消。"""


class Teller:
    """Tells how far a batch is, and hears whether somebody asked to stop it."""

    def __init__(self, batch_id: UUID) -> None:
        self._batch = batch_id
        self._connection = connection.copy()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._connection.close()

    def tell(self, stage: str, done: int, total: int | None = None) -> None:
        """``done`` of ``total`` rows (None: not known yet) through ``stage``. Raises Cancelled."""
        values: dict[str, Any] = {
            "stage": stage,
            "done": done,
            "total": total,
            "stages": list(STAGES),
            "batch": self._batch,
        }
        with self._connection.cursor() as cursor:
            cursor.execute(_TELL, values)
            row = cursor.fetchone()
        if row is not None and row[0]:
            raise Cancelled(str(self._batch))

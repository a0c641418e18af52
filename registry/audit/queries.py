"""Reading history: what was done, never the personal detail of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from registry.audit.models import Action, Detail
from registry.lib.scope import Scope


def history(scope: Scope, subject_type: str, subject_id: object) -> QuerySet[Action]:
    """What was done to one subject, newest first, as metadata.

    The caller has fetched the subject through the same scope, so whoever may see it may see its history.
    """
    if scope.sees_nothing:
        return Action.objects.none()
    return Action.objects.filter(subject_type=subject_type, subject_id=str(subject_id)).order_by("-id")


def about_person(scope: Scope, person_id: UUID) -> QuerySet[Action]:
    """Actions that touched or read a person's data, newest first; a trainee sees only their own."""
    if scope.sees_nothing or (scope.kind == "own" and scope.person_id != person_id):
        return Action.objects.none()
    ids = Detail.objects.filter(subject_person=person_id).values("action_id")
    return Action.objects.filter(id__in=ids).order_by("-id")


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How far the signed log is behind the record. Nothing of what it holds."""

    origin: str
    entries: int
    signed: int
    waiting: int
    settled_at: dt.datetime | None
    late: bool

    @property
    def healthy(self) -> bool:
        """False when an entry has waited longer than is promised."""
        return not self.late

    def as_dict(self) -> dict[str, Any]:
        settled = self.settled_at.isoformat() if self.settled_at else None
        return {**asdict(self), "settled_at": settled, "healthy": self.healthy}


# An entry is dated when it is written and may be committed minutes later, at the end of a long import. So it is late
# only if the notary has not settled everything since either.
_HEALTH = """
    SELECT coalesce(s.origin, ''), coalesce(s.size, 0), coalesce(c.size, 0), coalesce(w.n, 0), s.settled_at,
        coalesce(w.n, 0) > 0 AND coalesce(w.oldest, '-infinity') < now() - make_interval(secs => %(late)s)
            AND coalesce(s.settled_at, '-infinity') < now() - make_interval(secs => %(late)s)
    FROM (SELECT 1) one
    LEFT JOIN audit_log_state s ON true
    LEFT JOIN (SELECT max(size) AS size FROM audit_checkpoint) c ON true
    LEFT JOIN (
        SELECT count(*) AS n, min(a.at) AS oldest FROM audit_pending p
        LEFT JOIN audit_detail d ON p.kind = 'd' AND d.id = p.row_id
        LEFT JOIN audit_manifest m ON p.kind = 'm' AND m.id = p.row_id
        LEFT JOIN audit_action a
            ON a.id = CASE p.kind WHEN 'a' THEN p.row_id ELSE coalesce(d.action_id, m.action_id) END
    ) w ON true
"""


def log_health() -> LogHealth:
    """Whether everything that is committed gets into the signed log in time. Without a scope: it names nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_HEALTH, {"late": settings.LOG_LATE_SECONDS})
        return LogHealth(*cursor.fetchone())

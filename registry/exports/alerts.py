"""Reading that deserves a second look: very much of it, at night, or beyond what is one's own.

Counted from the record itself, by whom and never about whom, so that whoever audits accounts needs no business rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from registry.exports import rules
from registry.lib.scope import Scope

DAYS = 30

_SQL = """
WITH seen AS (
    SELECT a.actor_id, a.actor, a.actor_role, a.at, a.code, a.subject_id, a.after->>'why' AS why,
           a.code = 'people.reveal' AND a.reason <> 'self' AS revealed
    FROM audit_action a
    WHERE a.code IN ('people.reveal', 'people.reveal_refused') AND a.actor_id IS NOT NULL
      AND a.at > now() - make_interval(days => %(days)s)
), counted AS (
    SELECT s.*, count(*) FILTER (WHERE s.revealed) OVER (
               PARTITION BY s.actor_id ORDER BY s.at RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW) AS within_hour,
           extract(hour FROM s.at AT TIME ZONE %(zone)s) AS hour
    FROM seen s
), told AS (
    SELECT actor_id,
           (array_agg(actor ORDER BY at DESC))[1] AS name, (array_agg(actor_role ORDER BY at DESC))[1] AS role,
           count(*) FILTER (WHERE revealed) AS revealed,
           count(DISTINCT subject_id) FILTER (WHERE revealed) AS people,
           coalesce(max(within_hour), 0) AS within_hour,
           count(*) FILTER (WHERE revealed AND (hour >= %(night)s OR hour < %(morning)s)) AS at_night,
           count(*) FILTER (WHERE why IN ('scope', 'class', 'role')) AS beyond,
           count(*) FILTER (WHERE why = 'quota') AS over_quota,
           max(at) AS latest
    FROM counted GROUP BY actor_id
)
SELECT actor_id, name, role, revealed, people, within_hour, at_night, beyond, over_quota, latest FROM told
WHERE within_hour >= %(hourly)s OR at_night > 0 OR beyond > 0 OR over_quota > 0
ORDER BY over_quota + beyond + at_night DESC, within_hour DESC, actor_id
LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Reader:
    """One account: numbers revealed, of how many people, the most within an hour, and what stands out.

    ``beyond`` counts what was refused as out of scope, class or role, ``over_quota`` what was refused over the quota.
    """

    actor_id: int
    name: str
    role: str
    revealed: int
    people: int
    within_hour: int
    at_night: int
    beyond: int
    over_quota: int
    latest: object


def readers(scope: Scope, *, days: int = DAYS) -> list[Reader]:
    """Accounts of the last days that reached the limit of an hour, read at night, or asked beyond their own."""
    if not scope.sees_everything:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _SQL,
            {
                "days": days,
                "zone": settings.TIME_ZONE,
                "night": rules.limit("night_from_hour"),
                "morning": rules.limit("night_until_hour"),
                "hourly": rules.limit("alert_reveals_per_hour"),
            },
        )
        return [Reader(*row) for row in cursor.fetchall()]

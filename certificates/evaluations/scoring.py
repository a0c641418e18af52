"""What scores mean: total, parts kept from an earlier sitting, and the result, by the rule of the exam's day.

One statement for a set, whoever brings it: a page, a sheet, an approved change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.backends.utils import CursorWrapper

from registry.lib import figures

# ``source`` yields candidate_id, theory, practice, total, batch_id, row_no. A part that a resit does not take again is
# the one that was passed within the dated span, at the same body, in the same occupation and level; only a part that
# was itself sat for can be kept, so that keeping does not prolong itself.
_COMPUTED = """
SELECT q.candidate_id, q.theory, q.practice, q.total,
       CASE WHEN q.appointed THEN 'pass'
            WHEN q.absent THEN 'absent'
            WHEN q.theory >= q.least_theory AND q.practice >= q.least_practice AND coalesce(q.total, 0) >= q.least_total
                THEN 'pass'
            ELSE 'fail' END AS result,
       q.rule_id, q.kept_theory, q.kept_practice, %(actor)s::bigint AS actor, q.batch_id, q.row_no, now() AS at
FROM (
    SELECT p.*, coalesce(p.said_total, CASE WHEN p.theory IS NOT NULL AND p.practice IS NOT NULL THEN
                round((p.theory * p.theory_weight + p.practice * p.practice_weight) / 100, 1) END) AS total
    FROM (
        SELECT n.candidate_id, n.batch_id, n.row_no, n.total AS said_total,
               n.theory IS NULL AND n.practice IS NULL AND n.total IS NULL AS absent,
               e.route = 'appointment' AS appointed,
               coalesce(n.theory, kt.theory) AS theory, coalesce(n.practice, kp.practice) AS practice,
               CASE WHEN n.theory IS NULL THEN kt.id END AS kept_theory,
               CASE WHEN n.practice IS NULL THEN kp.id END AS kept_practice,
               r.id AS rule_id, r.theory AS least_theory, r.practice AS least_practice, r.total AS least_total,
               r.theory_weight, r.practice_weight
        FROM ({source}) n
        JOIN evaluations_candidate c ON c.id = n.candidate_id
        JOIN evaluations_exam e ON e.id = c.exam_id
        LEFT JOIN LATERAL (SELECT (evaluations_rule(e.level_id, e.exam_on)).*) r ON true
        LEFT JOIN LATERAL ({kept_theory}) kt ON c.attempt = 'resit' AND n.theory IS NULL
        LEFT JOIN LATERAL ({kept_practice}) kp ON c.attempt = 'resit' AND n.practice IS NULL
    ) p
) q
"""

_ENTER = """
INSERT INTO evaluations_score (candidate_id, theory, practice, total, result, rule_id, kept_theory_id, kept_practice_id,
    entered_by_id, batch_id, row_no, entered_at)
{computed}
ON CONFLICT (candidate_id) DO UPDATE SET theory = EXCLUDED.theory, practice = EXCLUDED.practice, total = EXCLUDED.total,
    result = EXCLUDED.result, rule_id = EXCLUDED.rule_id, kept_theory_id = EXCLUDED.kept_theory_id,
    kept_practice_id = EXCLUDED.kept_practice_id, entered_by_id = EXCLUDED.entered_by_id,
    batch_id = EXCLUDED.batch_id, row_no = EXCLUDED.row_no, entered_at = EXCLUDED.entered_at
"""

# Not an upsert: an INSERT, too, is refused once the batch is locked.
_CHANGE = """
UPDATE evaluations_score s SET theory = n.theory, practice = n.practice, total = n.total, result = n.result,
    rule_id = n.rule_id, kept_theory_id = n.kept_theory, kept_practice_id = n.kept_practice, entered_by_id = n.actor,
    entered_at = n.at
FROM ({computed}) n WHERE n.candidate_id = s.candidate_id
"""

_KEPT = """
    SELECT s.id, s.{part}
    FROM evaluations_candidate o
    JOIN evaluations_exam x ON x.id = o.exam_id AND x.state IN ('locked', 'closed')
    JOIN evaluations_score s ON s.candidate_id = o.id AND s.kept_{part}_id IS NULL
    JOIN evaluations_passrule w ON w.id = s.rule_id AND s.{part} >= w.{part}
    WHERE o.person_id = c.person_id AND o.id <> c.id AND x.body_id = e.body_id AND x.occupation_id = e.occupation_id
      AND x.level_id = e.level_id AND x.direction = e.direction
      AND x.exam_on BETWEEN e.exam_on - %(keep_days)s::int AND e.exam_on
    ORDER BY x.exam_on DESC, s.id DESC LIMIT 1
"""


def enter(cursor: CursorWrapper, source: str, params: Mapping[str, Any], *, actor_id: int | None) -> int:
    """Write or overwrite scores of batches that take them; returns how many. The database refuses others."""
    return _run(cursor, _ENTER, source, params, actor_id)


def change(cursor: CursorWrapper, source: str, params: Mapping[str, Any], *, actor_id: int | None) -> int:
    """The same for locked scores, once a change of theirs was agreed to."""
    return _run(cursor, _CHANGE, source, params, actor_id)


def _run(
    cursor: CursorWrapper, statement: str, source: str, params: Mapping[str, Any], actor_id: int | None
) -> int:
    statement = (
        statement.replace("{computed}", _COMPUTED)
        .replace("{source}", source)
        .replace("{kept_theory}", _KEPT.replace("{part}", "theory"))
        .replace("{kept_practice}", _KEPT.replace("{part}", "practice"))
    )
    cursor.execute(
        statement, {**params, "actor": actor_id, "keep_days": figures.number("evaluations.keep_days")}
    )
    return int(cursor.rowcount)

"""A sheet of scores: whose each row is in the batch, the rules on it, and writing it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from certificates.evaluations import scoring
from registry.intake.kinds import Check, Work

# A row names its person by identity number, or by ticket where the sheet has no numbers. One statement looks both
# further up in the file and in the batch.
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*, first_value(m."row") OVER (PARTITION BY coalesce(m.candidate_id, -m."row") ORDER BY m."row") AS first_row,
       CASE WHEN m.score_id IS NULL THEN 'new' WHEN m.facts_agree THEN 'same' ELSE 'new' END AS mode
FROM (
    SELECT s."row", s.bad, s.name_key, s.absent, s.resit, c.id AS candidate_id, c.attempt, w.name_key AS known_name_key,
           w.id AS known_id, z.id AS score_id, s.bidx IS NOT NULL OR s.ticket IS NOT NULL AS is_named,
           (CASE WHEN s.absent THEN z.result = 'absent'
                 ELSE s.theory::numeric(4, 1) IS NOT DISTINCT FROM
                          CASE WHEN z.kept_theory_id IS NULL THEN z.theory END
                  AND s.practice::numeric(4, 1) IS NOT DISTINCT FROM
                          CASE WHEN z.kept_practice_id IS NULL THEN z.practice END
                  AND coalesce(s.total::numeric(4, 1), z.total) IS NOT DISTINCT FROM z.total END) AS facts_agree
    FROM {s} s
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN evaluations_candidate c ON c.exam_id = %(exam)s AND c.state = 'registered'
        AND CASE WHEN s.bidx IS NOT NULL THEN c.person_id = d.person_id ELSE c.ticket = s.ticket END
    LEFT JOIN people_person w ON w.id = c.person_id
    LEFT JOIN evaluations_score z ON z.candidate_id = c.id
) m
"""

_SCORES = """
SELECT r.candidate_id, s.theory::numeric(4, 1) AS theory, s.practice::numeric(4, 1) AS practice,
       s.total::numeric(4, 1) AS total, %(batch)s::uuid AS batch_id, s."row" AS row_no
FROM {s} s JOIN {r} r USING ("row")
WHERE NOT s.bad AND r.mode = 'new' AND s."row" BETWEEN %(low)s AND %(high)s
"""


def resolve(work: Work) -> None:
    """Make ``t_resolved`` and the one-row ``t_exam`` anew, holding the batch so that nobody locks it meanwhile."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_resolved, t_exam")
    exam = work.context.get("exam")
    cursor.execute("SELECT 1 FROM evaluations_exam WHERE id = %s FOR NO KEY UPDATE", [exam])
    work.params["exam"] = exam
    work.run("CREATE TEMP TABLE t_exam ON COMMIT DROP AS SELECT * FROM evaluations_exam WHERE id = %(exam)s")
    work.run(_RESOLVED)
    cursor.execute('CREATE UNIQUE INDEX ON t_resolved ("row")')


def begin(work: Work) -> dict[str, int]:
    return {}


def commit(work: Work, low: int, high: int) -> dict[str, int]:
    """Write the rows of one span; whoever handed the sheet in stands as the one who entered them."""
    written = scoring.enter(
        work.cursor,
        work.text(_SCORES),
        {**work.params, "low": low, "high": high},
        actor_id=None if work.actor is None else work.actor.pk,
    )
    return {"scores": written}


def finish(work: Work) -> None:
    """Whether the batch is complete now, a person says."""


not_a_candidate = Check(
    code="NOT_ENROLLED",
    column="id_number",
    message=_("该人不是本批次的考生。请核对证件号码或准考证号,或先报入考生名单。"),
    sql="""
        SELECT r."row" FROM {r} r, t_exam e WHERE r.candidate_id IS NULL AND r.is_named
    """,
)

nobody_is_named = Check(
    code="ID_MISSING",
    column="ticket",
    message=_("这一行既没有证件号码,也没有准考证号。请补填其一。"),
    sql='SELECT r."row" FROM {r} r WHERE NOT r.is_named',
)

stands_above = Check(
    code="ID_DUPLICATE_IN_FILE",
    column="id_number",
    message=_("与第 %s 行是同一名考生。只登记先出现的一行,请删除本行或更正号码。"),
    sql='SELECT "row", first_row AS detail FROM {r} WHERE first_row < "row"',
    takes_detail=True,
)

another_name = Check(
    code="ID_NAME_CONFLICT",
    column="name",
    message=_("姓名与名单中的考生不符。请对照准考证核对姓名和号码。"),
    sql="""
        SELECT r."row" FROM {r} r
        WHERE r.name_key <> '' AND r.known_name_key <> r.name_key
          AND (SELECT 1 FROM people_person a
               WHERE a.merged_into_id = r.known_id AND a.name_key = r.name_key LIMIT 1) IS NULL
    """,
)

takes_no_scores = Check(
    code="EXAM_CLOSED",
    column="theory",
    message=_("该批次尚未考试,或成绩已锁定,不能登记成绩。锁定后的更改须说明理由,由另一人批准。"),
    sql="""
        SELECT r."row" FROM {r} r, t_exam e WHERE e.state NOT IN ('examined', 'scored') AND r.mode <> 'same'
    """,
)

attempt_differs = Check(
    code="EXAM_MISMATCH",
    column="resit",
    message=_("补考一列与考生名单的考试类型不符。请核对。"),
    sql="""
        SELECT r."row" FROM {r} r WHERE r.resit IS NOT NULL AND r.candidate_id IS NOT NULL AND r.resit <> r.attempt
    """,
)

CHECKS: tuple[Check, ...] = (
    nobody_is_named,
    not_a_candidate,
    stands_above,
    another_name,
    takes_no_scores,
    attempt_differs,
)

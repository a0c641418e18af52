"""What each staged candidate means here: who they are, whether the batch holds them, and which path admits them."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from certificates.evaluations import admission, held
from certificates.evaluations.models import Exam
from registry.intake.kinds import Work
from registry.occupations import queries as occupations

# One statement looks for the person both above in this file (``first_row``) and in the batch (``candidate_id``).
_RESOLVED = """
CREATE TEMP TABLE t_resolved ON COMMIT DROP AS
SELECT m.*, a.path_id, a.unmet, a.lacking, a.declared, a.stranger, a.held_unknown,
       CASE WHEN m.candidate_id IS NULL THEN 'new'
            WHEN m.candidate_state = 'registered' AND m.held_attempt = m.attempt THEN 'same'
            ELSE 'differs' END AS mode
FROM (
    SELECT s."row", s.bad, s.bidx, s.name_key, d.person_id AS known_id, w.name_key AS known_name_key,
           c.id AS candidate_id, c.state AS candidate_state, c.attempt AS held_attempt,
           coalesce(s.attempt, 'first') AS attempt,
           first_value(s."row") OVER same_person AS first_row
    FROM {s} s
    LEFT JOIN people_document d ON d.blind_index = s.bidx
    LEFT JOIN people_person w ON w.id = d.person_id
    LEFT JOIN evaluations_candidate c ON c.person_id = d.person_id AND c.exam_id = %(exam)s
    WINDOW same_person AS (PARTITION BY coalesce(s.bidx, int4send(s."row")) ORDER BY s."row")
) m
LEFT JOIN t_admitted a ON a."row" = m."row"
"""

_APPLIED = """
SELECT s."row", d.person_id, s.birth, s.path, s.work_from, s.work_years, s.held_level, s.held_no, s.held_on, s.diploma,
       s.title, s.title_on, s.evidence
FROM {s} s LEFT JOIN people_document d ON d.blind_index = s.bidx
"""

_ADMITTED = """
CREATE TEMP TABLE t_admitted ON COMMIT DROP AS
SELECT * FROM unnest(%(rows)s::int[], %(paths)s::bigint[], %(unmet)s::text[], %(lacking)s::text[],
                     %(declared)s::jsonb[], %(strangers)s::boolean[], %(unknown)s::boolean[])
    AS a("row", path_id, unmet, lacking, declared, stranger, held_unknown)
"""

# Wordings of the occupation that mean the batch's own.
_OCCUPATIONS = """
CREATE TEMP TABLE t_occupation ON COMMIT DROP AS
SELECT * FROM unnest(%(texts)s::text[], %(ids)s::bigint[]) AS o(occupation, occupation_id)
"""


def resolve(work: Work) -> None:
    """Make ``t_resolved`` and what it stands on anew, holding the batch so that nobody closes it meanwhile."""
    cursor = work.cursor
    cursor.execute("DROP TABLE IF EXISTS t_resolved, t_admitted, t_occupation, t_exam")
    exam_id = work.context.get("exam")
    cursor.execute("SELECT 1 FROM evaluations_exam WHERE id = %s FOR NO KEY UPDATE", [exam_id])
    work.params["exam"] = exam_id
    work.run("CREATE TEMP TABLE t_exam ON COMMIT DROP AS SELECT * FROM evaluations_exam WHERE id = %(exam)s")
    exam = Exam.objects.filter(pk=exam_id or 0).first()
    texts = [
        text for (text,) in work.rows("SELECT DISTINCT occupation FROM {s} WHERE occupation IS NOT NULL")
    ]
    known = occupations.resolve(texts, institution_id=exam.institution_id if exam else None)
    work.run(_OCCUPATIONS, texts=list(known), ids=list(known.values()))
    _admit(work, exam)
    work.run(_RESOLVED)
    cursor.execute('CREATE UNIQUE INDEX ON t_resolved ("row")')


def _admit(work: Work, exam: Exam | None) -> None:
    rows = work.rows(_APPLIED) if exam is not None else []
    standing = work.rows(
        held.source(),
        people=list({row[1] for row in rows if row[1] is not None}),
        numbers=list({row[7] for row in rows if row[7]}),
    )
    holders = {number: person for number, person, _rank, _since in standing}
    own = admission.held_by(standing)
    open_paths = admission.paths(exam) if exam is not None else []
    found: list[tuple[Any, ...]] = []
    for (
        number,
        person,
        birth,
        path,
        start,
        years,
        rank,
        held_no,
        held_on,
        diploma,
        title,
        title_on,
        papers,
    ) in rows:
        assert exam is not None
        said = ((rank, held_on),) if rank is not None and held_no not in holders else ()
        applied = admission.Applied(
            path=path or "",
            birth=birth,
            work_from=start,
            work_years=None if years is None else float(years),
            held=(*own.get(person, ()), *said),
            diploma=diploma or "",
            title=title or "",
            title_on=title_on,
            evidence=tuple(filter(None, (papers or "").split(","))),
        )
        answer = admission.admit(exam, open_paths, applied)
        found.append(
            (
                number,
                answer.path_id,
                answer.unmet[:200],
                admission.papers(answer.lacking),
                Jsonb(answer.facts.as_json()),
                held_no in holders and holders[held_no] != person,
                held_no is not None and held_no not in holders,
            )
        )
    columns = [list(column) for column in zip(*found, strict=True)] or [[] for _ in range(7)]
    names = ("rows", "paths", "unmet", "lacking", "declared", "strangers", "unknown")
    work.run(_ADMITTED, **dict(zip(names, columns, strict=True)))

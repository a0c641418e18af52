"""Enrolling and ending: a form is a set of one, a roster a set of a hundred thousand; the statements are the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import OperationalError
from django.db.backends.utils import CursorWrapper

# Which marks of the rows about to be written are taken already: by rows that stand (all of them come first), or by
# rows above in the same set. People with a single row and no history ("fresh") need no look at anything.
_FIRSTS = """
CREATE TEMP TABLE t_firsts ON COMMIT DROP AS
WITH wanted AS MATERIALIZED (
    SELECT id, row_no, person_id, institution_id, region_code, extract(year FROM finished_on)::int AS year,
           funding = 'subsidised' AS subsidised
    FROM t_enrol WHERE NOT fresh AND finished_on IS NOT NULL
), people AS MATERIALIZED (
    SELECT DISTINCT person_id FROM wanted
), before AS MATERIALIZED (
    -- Person by person, for within a first import the database has no statistics of what it has just been given.
    SELECT people.person_id, -1 AS row_no, k.institution_id, e.region_code, e.year, e.subsidised
    FROM people
    CROSS JOIN LATERAL (
        SELECT e.klass_id, e.region_code, extract(year FROM e.finished_on)::int AS year,
               e.funding = 'subsidised' AS subsidised
        FROM enrolments_enrolment e
        WHERE e.person_id = people.person_id AND e.finished_on IS NOT NULL OFFSET 0) e
    CROSS JOIN LATERAL (
        SELECT k.institution_id FROM classes_trainingclass k WHERE k.id = e.klass_id OFFSET 0) k
    UNION ALL
    SELECT t.person_id, t.row_no, t.institution_id, t.region_code, extract(year FROM t.finished_on)::int,
           t.funding = 'subsidised'
    FROM people JOIN t_enrol t USING (person_id)
    WHERE t.finished_on IS NOT NULL
), node AS MATERIALIZED (
    -- Asked place by place, for the view goes through all divisions of the country.
    SELECT n.* FROM (SELECT DISTINCT region_code FROM before) place
    CROSS JOIN LATERAL (SELECT * FROM enrolments_node x WHERE x.region_code = place.region_code OFFSET 0) n
)
SELECT w.id, bit_or(enrolments_taken(
           b.year = w.year, (b.year - 1) / 5 = (w.year - 1) / 5, b.institution_id = w.institution_id,
           b.region_code = w.region_code, there.prefecture = here.prefecture, there.province = here.province,
           b.subsidised AND w.subsidised)) AS taken
FROM wanted w
JOIN node here ON here.region_code = w.region_code
JOIN before b ON b.person_id = w.person_id AND b.row_no < w.row_no
JOIN node there ON there.region_code = b.region_code
GROUP BY w.id
"""

_INSERT = """
INSERT INTO enrolments_enrolment (id, person_id, klass_id, state, category, hours, score, result, started_on,
    finished_on, region_code, funding, training_type, firsts, batch_id, row_no)
SELECT t.id, t.person_id, t.klass_id, t.state, t.category, t.hours, t.score, t.result, t.started_on,
       t.finished_on, t.region_code, t.funding, t.training_type,
       CASE WHEN t.finished_on IS NULL THEN 0
            ELSE CASE WHEN t.funding = 'subsidised' THEN 65535 ELSE 255 END & ~coalesce(f.taken, 0) END,
       t.batch_id, t.row_no
FROM t_enrol t LEFT JOIN t_firsts f USING (id)
"""

NEXT_ID = "nextval('enrolments_enrolment_id_seq')"

# Of a row ``e``: the class has not ended for this person yet.
OPEN = "e.state IN ('enrolled', 'studying') AND e.finished_on IS NULL AND e.result = ''"

# ``source`` yields: enrolment_id (each once), state, category, hours, score, result, started_on, finished_on, batch_id,
# row_no. Lowest id first, and only what is still open once it is held. Row by row over the index: few of all rows are
# open, and plans that begin with them go through all there are.
_FINISH = f"""
WITH held AS MATERIALIZED (
    SELECT n.* FROM (SELECT * FROM ({{source}}) each ORDER BY enrolment_id) n
    CROSS JOIN LATERAL (
        SELECT e.id FROM enrolments_enrolment e WHERE e.id = n.enrolment_id AND {OPEN} FOR NO KEY UPDATE) still
)
UPDATE enrolments_enrolment e
SET state = n.state, category = n.category, hours = n.hours, score = n.score, result = n.result,
    started_on = n.started_on, finished_on = n.finished_on, result_batch_id = n.batch_id, result_row_no = n.row_no
FROM held n
WHERE e.id = n.enrolment_id
"""


class EndedMeanwhile(OperationalError):
    """One of the enrolments was just ended by somebody else: whoever looked them up must look again."""


def enrol(cursor: CursorWrapper) -> int:
    """Write the enrolments that stand in the temporary table ``t_enrol``; returns how many.

    Columns: id, person_id, klass_id, institution_id, state, category, hours, score, result, started_on, finished_on,
    region_code, funding, training_type, batch_id, row_no (order within the set), fresh (the person's only row so far).
    The people concerned must be held (people.services.hold) when any of them is not new. A person who is in the class
    already raises IntegrityError.
    """
    cursor.execute("DROP TABLE IF EXISTS t_firsts")
    # Only what the joins below go by: the table may carry forty columns, and each would be sampled.
    cursor.execute("ANALYZE t_enrol (id, person_id, region_code, row_no, fresh, finished_on)")
    cursor.execute(_FIRSTS)
    cursor.execute(_INSERT)
    return int(cursor.rowcount)


def finish(cursor: CursorWrapper, source: str, params: Mapping[str, Any], expected: int) -> None:
    """End ``expected`` open enrolments with the result that another sheet reports, all of them or none.

    The people concerned must be held (people.services.hold). Marks and sums follow by trigger. Raises EndedMeanwhile.
    """
    cursor.execute(_FINISH.replace("{source}", source), params)
    if cursor.rowcount != expected:
        raise EndedMeanwhile(f"{expected - cursor.rowcount} enrolments")

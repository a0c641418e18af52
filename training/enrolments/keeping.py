"""How long enrolments are kept, and which rows of sheets speak of the person enrolled."""

from __future__ import annotations

from registry.rights.keepers import Keeper

TRAININGS = Keeper(
    "trainings",
    "training",
    events="""
        SELECT e.person_id, max(k.ends_on)
        FROM enrolments_enrolment e JOIN classes_trainingclass k ON k.id = e.klass_id
        WHERE e.person_id = ANY(%(people)s) GROUP BY e.person_id
    """,
    sheet_rows="""
        SELECT batch_id, row_no FROM enrolments_enrolment
        WHERE person_id = ANY(%(people)s) AND batch_id IS NOT NULL AND row_no IS NOT NULL
        UNION
        SELECT result_batch_id, result_row_no FROM enrolments_enrolment
        WHERE person_id = ANY(%(people)s) AND result_batch_id IS NOT NULL AND result_row_no IS NOT NULL
    """,
)

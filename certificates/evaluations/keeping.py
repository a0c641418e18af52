"""How long exams are kept, which rows of sheets speak of candidates, and what of a candidate is destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from certificates.evaluations.models import Avoidance, Candidate, Photo
from registry.audit.models import Action
from registry.rights.keepers import Keeper


def _forget(action: Action, people: Sequence[UUID]) -> int:
    """The portrait, relations to assessors, and what was declared. That somebody passed stays, as of nobody.

    The watched rows commit to their new form by themselves, in the caller's transaction.
    """
    gone = Photo.objects.filter(person__in=people).delete()[0]
    gone += Avoidance.objects.filter(person__in=people).delete()[0]
    told = Candidate.objects.filter(person__in=people)
    return gone + told.update(declared={}, evidence=[], source="", employer="")


EXAMS = Keeper(
    "exams",
    "certificate",
    events="""
        SELECT c.person_id, max(e.exam_on) FROM evaluations_candidate c JOIN evaluations_exam e ON e.id = c.exam_id
        WHERE c.person_id = ANY(%(people)s) GROUP BY c.person_id
    """,
    sheet_rows="""
        SELECT batch_id, row_no FROM evaluations_candidate
        WHERE person_id = ANY(%(people)s) AND batch_id IS NOT NULL AND row_no IS NOT NULL
        UNION
        SELECT s.batch_id, s.row_no FROM evaluations_score s JOIN evaluations_candidate c ON c.id = s.candidate_id
        WHERE c.person_id = ANY(%(people)s) AND s.batch_id IS NOT NULL AND s.row_no IS NOT NULL
    """,
    forget=_forget,
)

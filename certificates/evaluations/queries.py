"""Nouns of evaluations, within a reader's scope; and for the room that issues: who passed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from certificates.evaluations import photos
from certificates.evaluations.models import Assessor, Body, Candidate, Duty, Exam, Score, Site
from registry.accounts.scopes import within
from registry.lib.scope import Scope

_WITHIN = {"region_field": "region_code", "institution_field": "institution_id"}


@dataclass(frozen=True, slots=True)
class Passed:
    """One candidate with a result, as far as a certificate says it. `rank` is that of SkillLevel (1 to 8).

    `prefix` are the thirteen characters of the body or its site; `body_name` is the name as filed. `score` is the total
    of a hundred; None for an appointment. `employer` is what the candidate declared.
    """

    candidate_id: int
    person_id: UUID
    occupation_code: str
    occupation_name: str
    direction: str
    rank: int
    prefix: str
    body_id: int
    body_name: str
    institution_id: int
    region_code: str
    exam_id: int
    exam_on: date
    route: str
    theory: Decimal | None
    practice: Decimal | None
    score: Decimal | None
    result: str
    state: str
    employer: str = ""
    enrolment_id: int | None = None


def exams(scope: Scope) -> QuerySet[Exam]:
    """Batches, the latest exam first."""
    return (
        Exam.objects.filter(within(scope, **_WITHIN))
        .select_related("body", "institution", "site__body", "occupation", "level")
        .order_by("-exam_on", "-id")
    )


def counted(found: QuerySet[Exam]) -> QuerySet[Exam]:
    """With the numbers of people: `people`, `with_result`, `passed`."""
    registered = Q(candidates__state=Candidate.State.REGISTERED)
    return found.annotate(
        people=Count("candidates", filter=registered),
        with_result=Count("candidates__score", filter=registered),
        passed=Count("candidates", filter=registered & Q(candidates__score__result=Score.Result.PASS)),
    )


def exam(scope: Scope, exam_id: int) -> Exam | None:
    """One batch with its numbers of people; None outside the scope."""
    return counted(exams(scope)).filter(pk=exam_id).first()


def closed(scope: Scope) -> QuerySet[Exam]:
    """Batches from which certificates may be issued."""
    return exams(scope).filter(state=Exam.State.CLOSED)


def candidates(scope: Scope, exam_id: int | None = None) -> QuerySet[Candidate]:
    """Candidates with person and score, in the order in which they were registered; of one batch if named."""
    seen = within(
        scope,
        region_field="exam__region_code",
        institution_field="exam__institution_id",
        person_field="person_id",
    )
    found = Candidate.objects.filter(seen).select_related("person", "score", "path").order_by("id")
    return found if exam_id is None else found.filter(exam_id=exam_id)


def examined_at(institution_id: int) -> QuerySet[Candidate, Any]:
    """Ids of the people who stand in a batch of an institution. For the program's own use: no scope."""
    found = Candidate.objects.filter(exam__institution_id=institution_id, state=Candidate.State.REGISTERED)
    return found.order_by().values("person_id")


def registered(scope: Scope, exam_id: int) -> QuerySet[Candidate]:
    """Those of a batch who have not left it."""
    return candidates(scope, exam_id).filter(state=Candidate.State.REGISTERED)


def results(scope: Scope, batch_id: int) -> list[Passed]:
    """Every registered candidate of a batch that has a result, passed or not, in order of registration.

    Empty outside the scope. `state` is the batch's: only a closed one may be issued from.
    """
    held = exams(scope).filter(pk=batch_id).first()
    if held is None:
        return []
    found = Candidate.objects.filter(
        exam_id=batch_id, state=Candidate.State.REGISTERED, score__isnull=False
    ).select_related("score")
    return [_passed(held, one) for one in found.order_by("id").iterator(chunk_size=5_000)]


def passed(scope: Scope, batch_id: int) -> list[Passed]:
    """Those among them who passed."""
    return [one for one in results(scope, batch_id) if one.result == Score.Result.PASS]


def _passed(held: Exam, one: Candidate) -> Passed:
    score = one.score
    return Passed(
        candidate_id=one.pk,
        person_id=one.person_id,
        occupation_code=held.occupation.code,
        occupation_name=held.occupation.name,
        direction=held.direction,
        rank=held.level_id,
        prefix=held.site.prefix,
        body_id=held.body_id,
        body_name=held.body.filed_name,
        institution_id=held.institution_id,
        region_code=held.region_code,
        exam_id=held.pk,
        exam_on=held.exam_on,
        route=held.route,
        theory=score.theory,
        practice=score.practice,
        score=score.total,
        result=score.result,
        state=held.state,
        employer=one.employer,
        enrolment_id=one.enrolment_id,
    )


def bodies(scope: Scope) -> QuerySet[Body]:
    """Assessment bodies of the reader's institution or division, by name."""
    seen = within(scope, region_field="institution__region_id", institution_field="institution_id")
    return Body.objects.filter(seen).select_related("institution").order_by("filed_name", "id")


def sites(scope: Scope) -> QuerySet[Site]:
    """Their places."""
    return Site.objects.filter(body__in=bodies(scope)).select_related("body", "region").order_by("name", "id")


def assessors(scope: Scope) -> QuerySet[Assessor]:
    """Examiners and invigilators that the reader's institution registered."""
    seen = within(scope, region_field="institution__region_id", institution_field="institution_id")
    return Assessor.objects.filter(seen).select_related("occupation").order_by("name", "id")


def filtered(found: QuerySet[Exam], *, q: str = "", state: str = "", route: str = "") -> QuerySet[Exam]:
    """Those that the filter row asks for. `q` is the beginning of a number, or part of an occupation or body."""
    if q:
        found = found.filter(
            Q(number__istartswith=q) | Q(occupation__name__icontains=q) | Q(body__filed_name__icontains=q)
        )
    if state:
        found = found.filter(state=state)
    if route:
        found = found.filter(route=route)
    return found


def head_counts(exam_ids: Sequence[int]) -> dict[int, int]:
    """Batch → registered candidates."""
    found = Candidate.objects.filter(exam_id__in=exam_ids, state=Candidate.State.REGISTERED)
    return dict(found.values_list("exam_id").annotate(n=Count("id")))


def result_counts(exam_id: int) -> dict[str, int]:
    """`pass`, `fail`, `absent` → how many of a batch."""
    found = Score.objects.filter(candidate__exam_id=exam_id, candidate__state=Candidate.State.REGISTERED)
    return {
        **dict.fromkeys(Score.Result.values, 0),
        **dict(found.values_list("result").annotate(n=Count("id"))),
    }


def duties(exam_id: int) -> QuerySet[Duty]:
    """Who works in a batch."""
    return Duty.objects.filter(exam_id=exam_id).select_related("assessor").order_by("role", "id")


def with_photo(person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the people who have a portrait."""
    return photos.with_photo(person_ids)


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Candidate]:
    """One person's candidacies, the latest exam first; scores that are not locked yet are for the body alone."""
    found = candidates(scope).filter(person_id=person_id)
    if scope.kind == "own":
        found = found.filter(exam__state__in=(*Exam.FIXED, Exam.State.PUBLISHED))
    return found.select_related("exam__body", "exam__occupation", "exam__level").order_by(
        "-exam__exam_on", "-id"
    )

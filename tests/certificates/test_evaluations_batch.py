"""One batch from draft to closed: who may, who must be avoided, what passes, who locks, and what changes afterwards."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from certificates.evaluations import changes, queries, services
from certificates.evaluations.models import (
    Avoidance,
    Body,
    Candidate,
    ConditionPath,
    Exam,
    Score,
)
from certificates.evaluations.services import NotAllowed
from registry.accounts.models import Role
from registry.audit.verify import Report, verify_table
from registry.lib.scope import Scope
from registry.occupations.models import SkillLevel
from registry.people.models import Document
from registry.review import services as review
from registry.review.errors import SamePerson
from registry.review.models import Case
from tests.exams import DAY, D, World
from tests.registry.places import SINCE, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Any:
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


def _results(exam: Exam) -> list[str]:
    return list(
        Score.objects.filter(candidate__exam=exam).order_by("candidate_id").values_list("result", flat=True)
    )


def _stands(*tables: str) -> None:
    """Every row is as the record says."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in tables:
        report = Report()
        verify_table(Scope.all(), table, report)
        assert report.ok and report.rows, (table, report.differences)


def test_a_batch_from_draft_to_closed(world: World) -> None:
    exam = world.exam([world.person(n) for n in range(4)])
    assert exam.number == "20260314-01"
    exam = world.locked(exam, (D(60), D(60)), (D("59.5"), D(99)), (D(80), None), (None, None))
    assert _results(exam) == ["pass", "fail", "fail", "absent"]
    assert not queries.closed(Scope.all())
    exam = services.close(exam.pk, actor=world.signer)
    scope = Scope.institution(world.school.pk)
    (one,) = queries.passed(scope, exam.pk)
    assert (one.prefix, one.rank, one.score, one.state) == ("S000065000123", 3, D("60.0"), "closed")
    assert (one.occupation_code, one.body_name) == (world.town.welding.code, world.school.name)
    assert len(queries.results(scope, exam.pk)) == 4
    assert queries.passed(Scope.institution(world.school.pk + 999), exam.pk) == []
    with pytest.raises(NotAllowed):
        services.cancel(exam.pk, actor=world.clerk, reason="误")
    _stands("evaluations_exam", "evaluations_score", "evaluations_candidate", "evaluations_duty")


def test_who_may_not(world: World) -> None:
    """The body's filing, its places and its days; the route of the level; those who must be avoided; too few."""
    for wrong in (
        {"occupation_id": world.town.welding.pk + 1},
        {"exam_on": SINCE - dt.timedelta(days=1)},
        {"site_id": 0},
        {"level": 7},
        {"route": Exam.Route.APPOINTMENT, "document_no": "聘〔2026〕1号", "committee": "评审会"},
    ):
        with pytest.raises(NotAllowed):
            services.arrange(world.plan(**wrong), actor=world.clerk)
    exam = world.exam([world.person(1)])
    for spoil, mend in (
        (
            lambda: Avoidance.objects.create(
                assessor=world.assessors[1], person=exam.candidates.get().person, relation="relative"
            ),
            lambda: Avoidance.objects.all().delete(),
        ),
        (lambda: exam.candidates.update(employer="某厂"), lambda: exam.candidates.update(employer="")),
        (
            lambda: Document.objects.filter(person__candidacies__exam=exam).update(
                blind_index=bytes([2]) * 32
            ),
            lambda: Document.objects.filter(person__candidacies__exam=exam).update(
                blind_index=bytes([101]) * 32
            ),
        ),
        (lambda: exam.duties.update(declared_free=False), lambda: exam.duties.update(declared_free=True)),
        (lambda: exam.duties.filter(assessor=world.assessors[0]).update(role="supervisor"), lambda: None),
    ):
        spoil()
        with pytest.raises(NotAllowed):
            services.examined(exam.pk, actor=world.clerk)
        mend()
    exam.duties.filter(role="supervisor").update(role="examiner")
    services.examined(exam.pk, actor=world.clerk)
    with pytest.raises(NotAllowed):  # somebody has no result
        services.scored(exam.pk, actor=world.clerk)


def _refused(rule: str, act: Any) -> None:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        act()
    assert caught.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]


def test_nobody_locks_what_they_entered_and_a_locked_score_needs_two(world: World) -> None:
    exam = world.exam([world.person(1), world.person(2)])
    services.examined(exam.pk, actor=world.clerk)
    rows = [(one.pk, D(70), D(50), None) for one in exam.candidates.all()]
    services.enter_scores(exam.pk, rows, actor=world.signer)
    services.scored(exam.pk, actor=world.clerk)
    with pytest.raises(NotAllowed):
        services.lock(exam.pk, actor=world.signer)
    _refused(
        "evaluations_lock_by_another",
        lambda: Exam.objects.filter(pk=exam.pk).update(state="locked", locked_by=world.signer),
    )
    services.reopen(exam.pk, actor=world.clerk)
    services.enter_scores(exam.pk, rows, actor=world.clerk)
    services.scored(exam.pk, actor=world.clerk)
    services.lock(exam.pk, actor=world.signer)
    score = Score.objects.filter(candidate__exam=exam).earliest("pk")
    _refused("evaluations_score_locked", lambda: Score.objects.filter(pk=score.pk).update(practice=90))
    _refused(
        "evaluations_candidates_settled",
        lambda: Candidate.objects.filter(exam=exam).update(state="withdrawn"),
    )
    _refused("evaluations_exam_route", lambda: Exam.objects.filter(pk=exam.pk).update(state="examined"))
    with pytest.raises(NotAllowed):
        changes.ask(score.pk, theory=D(70), practice=D(90), total=None, reason=" ", actor=world.signer)
    change = changes.ask(
        score.pk, theory=D(70), practice=D(90), total=None, reason="登分错行", actor=world.signer
    )
    with pytest.raises(NotAllowed):
        services.close(exam.pk, actor=world.signer)
    _refused(
        "evaluations_scorechange_agreed",
        lambda: type(change).objects.filter(pk=change.pk).update(state="applied"),
    )
    case = Case.objects.get(pk=change.case_id)
    with pytest.raises(SamePerson):
        review.decide(
            case_id=case.pk, step="approve", outcome="approve", actor=world.signer, version=case.row_version
        )
    second = make_user("es-2", Role.ES, institution=world.school)
    review.decide(case_id=case.pk, step="approve", outcome="approve", actor=second, version=case.row_version)
    score.refresh_from_db()
    assert (score.practice, score.total, score.result, score.entered_by) == (
        D("90.0"),
        D("80.0"),
        "pass",
        world.signer,
    )
    assert _results(exam) == ["pass", "fail"]
    services.close(exam.pk, actor=world.signer)
    _stands("evaluations_score", "evaluations_scorechange")


def test_a_resit_keeps_what_was_passed_for_a_time(world: World) -> None:
    people = [world.person(n) for n in range(2)]
    world.locked(world.exam(people), (D(75), D(50)), (D(40), D(88)))
    again = world.exam(people, attempt="resit", exam_on=DAY + dt.timedelta(days=90))
    again = world.locked(again, (None, D(66)), (D(59), None))
    assert _results(again) == ["pass", "fail"]
    first, second = Score.objects.filter(candidate__exam=again).order_by("candidate_id")
    assert (first.theory, first.total) == (D("75.0"), D("70.5"))
    assert first.kept_theory is not None and second.kept_practice is not None
    # A kept part is not kept on: two years after it was sat for it is over.
    late = world.exam(people[1:], attempt="resit", exam_on=DAY + dt.timedelta(days=800))
    late = world.locked(late, (D(90), None))
    assert _results(late) == ["fail"]


def test_an_appointment_has_no_scores(world: World) -> None:
    Body.objects.filter(pk=world.body.pk).update(kind=Body.Kind.EMPLOYER, letter="Y")
    made = {
        "level": 7,
        "route": Exam.Route.APPOINTMENT,
        "document_no": "聘〔2026〕1号",
        "committee": "评审委员会",
    }
    exam = world.exam([world.person(1)], **made)
    services.examined(exam.pk, actor=world.clerk)
    assert services.appoint(exam.pk, actor=world.clerk) == 1
    services.scored(exam.pk, actor=world.clerk)
    services.lock(exam.pk, actor=world.signer)
    services.close(exam.pk, actor=world.signer)
    (one,) = queries.passed(Scope.all(), exam.pk)
    assert (one.score, one.route, one.rank) == (None, "appointment", 7)


def test_every_shipped_path_is_on_record(world: World) -> None:
    for level in SkillLevel.objects.filter(rank__gte=2):
        assert ConditionPath.objects.filter(level=level).exists(), level

"""Verbs of evaluations: arrange a batch, take it from step to step, enter and lock scores. Each leaves an action.

A batch moves by one conditional UPDATE whose count is looked at; what its people, its body and its assessors must be
like is asked here, so that whoever is refused learns why, and once more by triggers (sql/evaluations.sql).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from certificates.evaluations import scoring
from certificates.evaluations.models import Body, Candidate, Duty, Exam, Score, ScoreChange, Site
from registry.accounts.models import User
from registry.audit import services as audit
from registry.institutions import queries as institutions
from registry.institutions.models import FilingPurpose
from registry.lib import figures
from registry.lib.dated import in_force
from registry.regions.models import RegionLevel
from registry.regions.queries import ancestor_at

State = Exam.State


class NotAllowed(Exception):
    """The batch cannot be taken on like this; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch is arranged as. `level` is a rank; an appointment names its document and committee."""

    body_id: int
    site_id: int
    occupation_id: int
    level: int
    exam_on: date
    direction: str = ""
    number: str = ""
    route: str = Exam.Route.EXAM
    document_no: str = ""
    committee: str = ""


@transaction.atomic
def arrange(plan: Plan, *, actor: User | None) -> Exam:
    """Make a draft. A batch without a number gets the day's next one. Raises NotAllowed, Body.DoesNotExist."""
    body = Body.objects.select_for_update().select_related("institution").get(pk=plan.body_id)
    site = Site.objects.filter(pk=plan.site_id, body=body).first()
    if site is None:
        raise NotAllowed(_("考点不属于这一评价机构，请重新选择。"))
    _ask_scope(plan, body, site)
    exam = Exam(
        body=body,
        institution_id=body.institution_id,
        number=plan.number or _next_number(body, plan.exam_on),
        site=site,
        region_code=_county(site.region_id),
        occupation_id=plan.occupation_id,
        direction=plan.direction,
        level_id=plan.level,
        exam_on=plan.exam_on,
        route=plan.route,
        document_no=plan.document_no,
        committee=plan.committee,
        made_by=actor,
    )
    try:
        with transaction.atomic():
            exam.save(force_insert=True)
    except IntegrityError as error:
        raise NotAllowed(_("批次编号已被使用，或评聘没有写明聘任文号和评审组织。")) from error
    exam.refresh_from_db()
    _record("evaluations.arrange", exam, actor)
    return exam


def _ask_scope(plan: Plan, body: Body, site: Site) -> None:
    """On the day the body is in force, filed for occupation and level, and at home in the place; and the route fits."""
    day = plan.exam_on
    if not Body.objects.filter(in_force(day), pk=body.pk).exists():
        raise NotAllowed(_("评价机构的备案在考试当日不在有效期内。"))
    if not Site.objects.filter(in_force(day), pk=site.pk).exists():
        raise NotAllowed(_("考点在考试当日不在有效期内。"))
    if not institutions.covers(
        body.institution_id, plan.occupation_id, plan.level, day, FilingPurpose.ASSESS
    ):
        raise NotAllowed(_("评价机构在考试当日没有该职业和等级的评价备案。"))
    appointed_from = figures.number("evaluations.appointed_from", day)
    if plan.route == Exam.Route.APPOINTMENT:
        if body.kind != Body.Kind.EMPLOYER:
            raise NotAllowed(_("评聘只由用人单位对本单位职工进行。"))
        if plan.level < appointed_from:
            raise NotAllowed(_("评聘只用于特级技师和首席技师；其他等级须经考试。"))
    elif plan.level >= appointed_from:
        raise NotAllowed(_("特级技师和首席技师由用人单位评聘，不设考试。"))


def _next_number(body: Body, day: date) -> str:
    """The body's row is locked, so two that ask at once get two numbers."""
    stem = f"{day:%Y%m%d}-"
    taken = set(Exam.objects.filter(body=body, number__startswith=stem).values_list("number", flat=True))
    return next(number for n in range(1, len(taken) + 2) if (number := f"{stem}{n:02d}") not in taken)


def _county(region: str) -> str:
    return ancestor_at([region], RegionLevel.COUNTY).get(region) or region


# --- from step to step ------------------------------------------------------------------------------------


def publish(exam_id: int, *, actor: User | None) -> Exam:
    """Candidates and the public may know of it. Asks anew whether the body may."""
    return _move(exam_id, State.DRAFT, State.PUBLISHED, actor, _ask_publishable)


def take_back(exam_id: int, *, actor: User | None) -> Exam:
    """A published batch is a draft again."""
    return _move(exam_id, State.PUBLISHED, State.DRAFT, actor)


def cancel(exam_id: int, *, actor: User | None, reason: str) -> Exam:
    """Before its exam; why is on record."""
    exam = Exam.objects.get(pk=exam_id)
    return _move(exam_id, exam.state, State.CANCELLED, actor, reason=reason)


def examined(exam_id: int, *, actor: User | None) -> Exam:
    """The exam has been held (or the committee has met); who was a candidate is settled from now on."""
    return _move(exam_id, State.PUBLISHED, State.EXAMINED, actor, _ask_examinable)


def scored(exam_id: int, *, actor: User | None) -> Exam:
    """Everybody has a result."""
    return _move(exam_id, State.EXAMINED, State.SCORED, actor, _ask_complete)


def reopen(exam_id: int, *, actor: User | None) -> Exam:
    """Scores that were said to be complete are worked on again, as long as nobody locked them."""
    return _move(exam_id, State.SCORED, State.EXAMINED, actor)


def lock(exam_id: int, *, actor: User) -> Exam:
    """By another natural person than anybody who entered a score. From now on a change needs two."""
    return _move(
        exam_id, State.SCORED, State.LOCKED, actor, _ask_other_person, locked_by=actor, locked_at=Now()
    )


def close(exam_id: int, *, actor: User | None) -> Exam:
    """Ready for certificates. No change of a score may be under way."""
    return _move(exam_id, State.LOCKED, State.CLOSED, actor, _ask_no_change, closed_at=Now())


@transaction.atomic
def _move(
    exam_id: int,
    before: str,
    after: str,
    actor: User | None,
    ask: Any = None,
    *,
    reason: str = "",
    **more: Any,
) -> Exam:
    exam = Exam.objects.select_for_update(of=("self",)).select_related("body", "site").get(pk=exam_id)
    if exam.state != before:
        raise NotAllowed(_("批次现在是“%(state)s”，不能这样办理。") % {"state": exam.get_state_display()})
    if ask is not None:
        ask(exam, actor)
    try:
        with transaction.atomic():
            moved = Exam.objects.filter(pk=exam_id, state=before).update(state=after, **more)
    except IntegrityError as error:
        raise NotAllowed(_why(error, exam)) from error
    if not moved:
        raise NotAllowed(_("批次刚由他人办理，请刷新后再试。"))
    exam.refresh_from_db()
    _record(f"evaluations.{after}", exam, actor, before={"state": before}, reason=reason)
    return exam


def _why(error: IntegrityError, exam: Exam) -> str:
    rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if rule in ("evaluations_lock_by_another", "review_person_unknown"):
        return _("锁定成绩须由没有录入过本批成绩的另一人办理。")
    return _("批次现在是“%(state)s”，不能这样办理。") % {"state": exam.get_state_display()}


def _ask_publishable(exam: Exam, actor: User | None) -> None:
    _ask_scope(
        Plan(
            body_id=exam.body_id,
            site_id=exam.site_id,
            occupation_id=exam.occupation_id,
            level=exam.level_id,
            exam_on=exam.exam_on,
            route=exam.route,
        ),
        exam.body,
        exam.site,
    )


def _ask_examinable(exam: Exam, actor: User | None) -> None:
    """People came, enough of them watched, and none of these must be avoided."""
    if not exam.candidates.filter(state=Candidate.State.REGISTERED).exists():
        raise NotAllowed(_("批次没有考生。"))
    for role, figure, name in (
        (Duty.Role.EXAMINER, "evaluations.examiners", _("考评员")),
        (Duty.Role.INVIGILATOR, "evaluations.invigilators", _("监考员")),
    ):
        if exam.route == Exam.Route.APPOINTMENT and role == Duty.Role.INVIGILATOR:
            continue
        least = figures.number(figure, exam.exam_on)
        found = exam.duties.filter(role=role).count()
        if found < least:
            raise NotAllowed(
                _("%(name)s至少 %(least)s 人，现有 %(found)s 人。")
                % {"name": name, "least": least, "found": found}
            )
    if exam.duties.filter(declared_free=False).exists():
        raise NotAllowed(_("还有考务人员没有作出回避声明。"))
    if conflicts(exam.pk):
        raise NotAllowed(_("有考务人员须回避本批考生，请先更换。"))


def _ask_complete(exam: Exam, actor: User | None) -> None:
    left = exam.candidates.filter(state=Candidate.State.REGISTERED, score=None).count()
    if left:
        raise NotAllowed(_("还有 %(n)s 名考生没有成绩；缺考的也须登记。") % {"n": left})


def _ask_other_person(exam: Exam, actor: User | None) -> None:
    if actor is None or actor.holder_id is None:
        raise NotAllowed(_("您的账号还没有登记对应的自然人，不能锁定成绩。"))
    entered = Score.objects.filter(candidate__exam=exam).values_list("entered_by__holder_id", flat=True)
    if actor.holder_id in set(entered):
        raise NotAllowed(_("锁定成绩须由没有录入过本批成绩的另一人办理。"))


def _ask_no_change(exam: Exam, actor: User | None) -> None:
    if ScoreChange.objects.filter(score__candidate__exam=exam, state=ScoreChange.State.ASKED).exists():
        raise NotAllowed(_("还有成绩更改在办理，办完后再办结。"))


def conflicts(exam_id: int) -> list[tuple[int, int, str]]:
    """(assessor, candidate, why) of everybody at work who must not be; why is `candidate` or a relation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM evaluations_conflicts(%s)", [exam_id])
        return [(assessor, candidate, why) for assessor, candidate, why in cursor.fetchall()]


# --- scores -----------------------------------------------------------------------------------------------

Marks = tuple[int, Decimal | None, Decimal | None, Decimal | None]

_TYPED = """
SELECT * FROM unnest(%(candidates)s::bigint[], %(theories)s::numeric[], %(practices)s::numeric[], %(totals)s::numeric[],
                     %(batches)s::uuid[], %(rows)s::int[])
    AS n(candidate_id, theory, practice, total, batch_id, row_no)
"""


@transaction.atomic
def enter_scores(exam_id: int, marks: Iterable[Marks], *, actor: User | None) -> int:
    """Scores (candidate, theory, practice, total) as typed; none at all is an absence. Returns how many.

    Raises NotAllowed where the batch takes none just now, or a candidate is not of it.
    """
    exam = Exam.objects.select_for_update(of=("self",)).get(pk=exam_id)
    if exam.state not in Exam.TAKES_SCORES:
        raise NotAllowed(_("批次现在是“%(state)s”，不能录入成绩。") % {"state": exam.get_state_display()})
    rows = list(marks)
    own = set(
        exam.candidates.filter(state=Candidate.State.REGISTERED, pk__in=[row[0] for row in rows]).values_list(
            "pk", flat=True
        )
    )
    if {row[0] for row in rows} - own:
        raise NotAllowed(_("有考生不在本批次中。"))
    if not rows:
        return 0
    columns = list(zip(*rows, strict=True))
    params = {
        "candidates": list(columns[0]),
        "theories": list(columns[1]),
        "practices": list(columns[2]),
        "totals": list(columns[3]),
        "batches": [None] * len(rows),
        "rows": [None] * len(rows),
    }
    # The watched rows belong to the action, so it is written first.
    _record("evaluations.enter_scores", exam, actor, n=len(rows))
    with connection.cursor() as cursor:
        return scoring.enter(cursor, _TYPED, params, actor_id=None if actor is None else actor.pk)


@transaction.atomic
def appoint(exam_id: int, *, actor: User | None) -> int:
    """Everybody whom the committee put forward is appointed; whoever was not has been withdrawn before. By document."""
    exam = Exam.objects.select_for_update(of=("self",)).get(pk=exam_id)
    if exam.route != Exam.Route.APPOINTMENT:
        raise NotAllowed(_("只有评聘批次按聘任文件登记结果。"))
    left = exam.candidates.filter(state=Candidate.State.REGISTERED, score=None)
    marks: list[Marks] = [(pk, None, None, None) for pk in left.values_list("pk", flat=True)]
    return enter_scores(exam_id, marks, actor=actor)


def _record(
    code: str,
    exam: Exam,
    actor: User | None,
    *,
    n: int = 1,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="exam",
        subject_id=exam.pk,
        n=n,
        reason=reason,
        before=before,
        after={"number": exam.number, "state": exam.state},
    )

"""Changing a locked score: with a reason, and only when a second person agrees (review)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations import scoring
from certificates.evaluations.models import Exam, Score, ScoreChange
from certificates.evaluations.services import NotAllowed
from registry.accounts.models import User
from registry.audit import services as audit
from registry.review import services as review
from registry.review.models import Case
from registry.review.procedures import Procedure, Step

KIND = "evaluations.score_change"
State = ScoreChange.State

# A part that was kept from an earlier sitting and is not changed stays kept.
_CHANGED = """
SELECT s.candidate_id, CASE WHEN s.kept_theory_id IS NULL OR h.theory <> s.theory THEN h.theory END AS theory,
       CASE WHEN s.kept_practice_id IS NULL OR h.practice <> s.practice THEN h.practice END AS practice,
       h.total, s.batch_id, s.row_no
FROM evaluations_scorechange h JOIN evaluations_score s ON s.id = h.score_id WHERE h.id = %(change)s
"""


@transaction.atomic
def ask(
    score_id: int,
    *,
    theory: Decimal | None,
    practice: Decimal | None,
    total: Decimal | None,
    reason: str,
    actor: User,
) -> ScoreChange:
    """Hand a change in for review. Without a total it is computed anew from the parts. Raises NotAllowed,
    and what the review says of who asks."""
    score = Score.objects.select_for_update(of=("self",)).select_related("candidate__exam").get(pk=score_id)
    exam = score.candidate.exam
    _look(
        score,
        reason,
        changed=(theory, practice) != (score.theory, score.practice) or total not in (None, score.total),
    )
    change = ScoreChange.objects.create(
        score=score,
        theory=theory,
        practice=practice,
        total=_total(score, theory, practice) if total is None else total,
        was={
            name: None if (value := getattr(score, name)) is None else str(value)
            for name in ("theory", "practice", "total", "result")
        },
        reason=reason.strip(),
        asked_by=actor,
    )
    audit.record(
        code="evaluations.ask_score_change",
        actor=actor,
        subject_type="score",
        subject_id=score.pk,
        reason=change.reason,
        person_id=score.candidate.person_id,
        personal={"was": change.was, "to": [str(theory), str(practice), str(change.total)]},
    )
    case = review.open_case(
        kind=KIND,
        subject_type="score_change",
        subject_id=change.pk,
        summary=_t("批次 %(number)s 更改一名考生的成绩") % {"number": exam.number},
        payload={"exam": exam.pk, "change": change.pk},
        maker=actor,
        region_code=exam.region_code,
        institution_id=exam.institution_id,
    )
    change.case_id = case.pk
    change.save(update_fields=["case_id"])
    return change


def _look(score: Score, reason: str, *, changed: bool) -> None:
    """Raise NotAllowed for what cannot be handed in."""
    exam = score.candidate.exam
    if exam.state not in Exam.FIXED:
        raise NotAllowed(_t("成绩还没有锁定，可以直接更正。"))
    if exam.route == Exam.Route.APPOINTMENT:
        raise NotAllowed(_t("评聘的结果以聘任文件为准，没有成绩可改。"))
    if not reason.strip():
        raise NotAllowed(_t("更改成绩须写明理由。"))
    if not changed:
        raise NotAllowed(_t("没有改动。"))
    if ScoreChange.objects.filter(score=score, state=State.ASKED).exists():
        raise NotAllowed(_t("该成绩已有一项更改在办理。"))


def _total(score: Score, theory: Decimal | None, practice: Decimal | None) -> Decimal | None:
    if theory is None or practice is None or score.rule is None:
        return None
    weighted = theory * score.rule.theory_weight + practice * score.rule.practice_weight
    return (weighted / 100).quantize(Decimal("0.1"), rounding="ROUND_HALF_UP")


def _apply(case: Case, actor: User) -> None:
    """The last decision does it, in one transaction: the change is marked, and the score follows."""
    change = ScoreChange.objects.select_for_update(of=("self",)).get(pk=int(case.subject_id))
    audit.record(
        code="evaluations.change_score",
        actor=actor,
        subject_type="score",
        subject_id=change.score_id,
        reason=change.reason,
        after={"change": change.pk},
    )
    change.state = State.APPLIED
    change.save(update_fields=["state"])
    with connection.cursor() as cursor:
        scoring.change(cursor, _CHANGED, {"change": change.pk}, actor_id=change.asked_by_id)


def _refuse(case: Case, actor: User) -> None:
    ScoreChange.objects.filter(pk=int(case.subject_id), state=State.ASKED).update(state=State.REFUSED)


def _facts(case: Case) -> Sequence[tuple[str, str]]:
    change = (
        ScoreChange.objects.select_related("score__candidate__person", "score__candidate__exam")
        .filter(pk=int(case.subject_id))
        .first()
    )
    if change is None:
        return []
    candidate = change.score.candidate

    def said(theory: object, practice: object, total: object) -> str:
        return _t("理论 %(theory)s，实操 %(practice)s，综合 %(total)s") % {
            "theory": "—" if theory is None else theory,
            "practice": "—" if practice is None else practice,
            "total": "—" if total is None else total,
        }

    return [
        (_t("批次"), candidate.exam.number),
        (_t("考生"), candidate.person.called),
        (_t("原成绩"), said(change.was.get("theory"), change.was.get("practice"), change.was.get("total"))),
        (_t("改为"), said(change.theory, change.practice, change.total)),
        (_t("理由"), change.reason),
    ]


SCORE_CHANGE = Procedure(
    kind=KIND,
    label=_("更改成绩"),
    steps=(Step("approve", action="score.change_approve"),),
    on_approved=_apply,
    on_refused=_refuse,
    effect=_("通过后成绩和结果立即更改；已据原成绩颁发的证书须另行撤销或更正。"),
    facts=_facts,
)

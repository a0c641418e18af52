"""Verbs about the people of a batch: candidates who leave or show papers, assessors, their duties, whom they avoid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from certificates.evaluations.conditions import EVIDENCE
from certificates.evaluations.models import Assessor, Avoidance, Candidate, Duty, Exam
from certificates.evaluations.services import NotAllowed, conflicts
from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from registry.identity.masking import mask_id_number
from registry.lib.dated import in_force
from registry.people.models import Document


@transaction.atomic
def register_assessor(*, institution_id: int, id_number: str, actor: User | None, **facts: Any) -> Assessor:
    """An examiner or invigilator of an institution, known by a right identity number. Raises NotAllowed."""
    audit.record(
        code="evaluations.register_assessor",
        actor=actor,
        subject_type="institution",
        subject_id=institution_id,
    )
    try:
        with transaction.atomic():
            return Assessor.objects.create(
                institution_id=institution_id,
                blind_index=keyring().blind_index(id_number, IDNO),
                mask=mask_id_number(id_number),
                **facts,
            )
    except IntegrityError as error:
        raise NotAllowed(_("该机构已登记这名考务人员，或聘用截止日期早于生效日期。")) from error


@transaction.atomic
def avoid(assessor: Assessor, id_number: str, relation: str, *, actor: User | None) -> Avoidance:
    """An assessor declares whom they must avoid. Raises NotAllowed for somebody who is not on record."""
    indexes = keyring().blind_indexes(id_number, IDNO)
    document = Document.objects.filter(blind_index__in=indexes).first()
    if document is None:
        raise NotAllowed(_("没有登记过持这一号码的人员；报名以后再声明。"))
    audit.record(
        code="evaluations.avoid",
        actor=actor,
        subject_type="assessor",
        subject_id=assessor.pk,
        person_id=document.person_id,
        personal={"relation": relation},
    )
    made, _new = Avoidance.objects.update_or_create(
        assessor=assessor, person_id=document.person_id, defaults={"relation": relation}
    )
    return made


@transaction.atomic
def assign(exam_id: int, assessor: Assessor, role: str, *, declared_free: bool, actor: User | None) -> Duty:
    """Put an assessor to work in a batch, or change what they do there. Raises NotAllowed."""
    exam = _open(exam_id)
    if assessor.institution_id != exam.institution_id:
        raise NotAllowed(_("考务人员须由本机构聘用。"))
    if not Assessor.objects.filter(in_force(exam.exam_on), pk=assessor.pk).exists():
        raise NotAllowed(_("该考务人员的聘用期不含考试当日。"))
    if role == Duty.Role.EXAMINER and (
        not assessor.may_examine or assessor.occupation_id not in (None, exam.occupation_id)
    ):
        raise NotAllowed(_("该人没有本职业的考评员证卡，不能任考评员。"))
    _record("evaluations.assign", exam, actor, {"assessor": assessor.pk, "role": role})
    duty, _new = Duty.objects.update_or_create(
        exam=exam, assessor=assessor, defaults={"role": role, "declared_free": declared_free}
    )
    if any(one == assessor.pk for one, _candidate, _why in conflicts(exam.pk)):
        raise NotAllowed(_("该人须回避本批次的考生，不能安排。"))
    return duty


@transaction.atomic
def release(exam_id: int, duty_id: int, *, actor: User | None) -> None:
    """Take an assessor off a batch. Raises NotAllowed, Duty.DoesNotExist."""
    exam = _open(exam_id)
    duty = Duty.objects.get(pk=duty_id, exam=exam)
    _record("evaluations.release", exam, actor, {"assessor": duty.assessor_id})
    duty.delete()


@transaction.atomic
def withdraw(candidate_id: int, *, actor: User | None, reason: str) -> Candidate:
    """A candidate leaves before the exam; the row stays. Raises NotAllowed, Candidate.DoesNotExist."""
    candidate = Candidate.objects.select_related("exam").get(pk=candidate_id)
    exam = _open(candidate.exam_id)
    if not reason.strip():
        raise NotAllowed(_("请写明退出的原因。"))
    _record("evaluations.withdraw", exam, actor, {"candidate": candidate_id}, reason=reason)
    moved = Candidate.objects.filter(pk=candidate_id, state=Candidate.State.REGISTERED).update(
        state=Candidate.State.WITHDRAWN
    )
    if not moved:
        raise NotAllowed(_("该考生已退出。"))
    candidate.refresh_from_db()
    return candidate


@transaction.atomic
def show_papers(candidate_id: int, evidence: Sequence[str], *, actor: User | None) -> Candidate:
    """Which papers were looked at. Raises NotAllowed for a batch that was locked."""
    candidate = Candidate.objects.select_related("exam").get(pk=candidate_id)
    if candidate.exam.state in (*Exam.FIXED, Exam.State.CANCELLED):
        raise NotAllowed(_("成绩已锁定，申报材料不能再改。"))
    _record("evaluations.show_papers", candidate.exam, actor, {"candidate": candidate_id})
    candidate.evidence = [code for code in EVIDENCE if code in evidence]
    candidate.save(update_fields=["evidence"])
    return candidate


def _open(exam_id: int) -> Exam:
    """Held, so that nobody holds its exam meanwhile."""
    exam = Exam.objects.select_for_update(of=("self",)).get(pk=exam_id)
    if exam.state not in Exam.TAKES_CANDIDATES:
        raise NotAllowed(_("批次现在是“%(state)s”，不能这样办理。") % {"state": exam.get_state_display()})
    return exam


def _record(code: str, exam: Exam, actor: User | None, after: dict[str, Any], *, reason: str = "") -> None:
    audit.record(code=code, actor=actor, subject_type="exam", subject_id=exam.pk, reason=reason, after=after)

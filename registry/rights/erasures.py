"""The verbs around erasing: ask, take back, put before two persons, refuse; and holding a record that may not go.

While a retention period runs a record is only kept (停止除存储和采取必要的安全保护措施之外的处理). Otherwise one
supervisor puts the case before another one; who is the person in question may be neither.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.accounts.models import User
from registry.accounts.scopes import within
from registry.audit import services as audit
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.review import services as review
from registry.review.models import Case
from registry.rights import queries, retention, tasks, terms
from registry.rights.corrections import SamePerson, is_person
from registry.rights.models import Erasure, Hold

State, Basis = Erasure.State, Erasure.Basis
KIND = "rights.erase"


class AlreadyAsked(ValidationError):
    """The record is to be erased already."""


class NotNow(ValidationError):
    """The case does not stand where this could be done."""


def erasures(scope: Scope) -> QuerySet[Erasure]:
    """Cases in view, those that wait longest first; a case without a division is for every division."""
    seen = within(scope, region_field="region_code", person_field="person_id")
    if scope.kind == "region":
        seen |= Q(region_code="")
    return Erasure.objects.filter(seen).select_related("person").order_by("asked_at", "id")


def waiting(scope: Scope) -> QuerySet[Erasure]:
    """Cases that nobody has put before a second person yet."""
    return erasures(scope).filter(state=State.WAITING, review_case="")


def of_person(scope: Scope, person_id: UUID) -> QuerySet[Erasure]:
    """One person's cases, newest first."""
    return erasures(scope).filter(person_id=person_id).order_by("-asked_at", "-id")


def ask(person: Person, *, actor: User | None, basis: str = Basis.ASKED) -> Erasure:
    """Somebody wants their record gone: restricted at once, and put up for erasing unless a period runs.

    Raises AlreadyAsked, NoTerm, and NoRule where it is not said how long a class of records is kept.
    """
    today = timezone.localdate()
    until = _kept_until(person.pk, today)
    try:
        with transaction.atomic():
            case = Erasure.objects.create(
                person=person,
                basis=basis,
                state=State.RESTRICTED if until else State.WAITING,
                region_code=queries.region_of(person),
                kept_until=until,
                asked_by=actor,
                due_on=terms.due("erasure", today),
            )
            Person.objects.filter(pk=person.pk, restricted_at=None).update(restricted_at=Now())
            _record("rights.erasure_asked", case, actor, until=until.isoformat() if until else None)
    except IntegrityError as error:
        raise AlreadyAsked(_("您的删除申请正在办理。")) from error
    case.refresh_from_db()
    return case


def take_back(case_id: int, *, actor: User, scope: Scope) -> Erasure:
    """The person changes their mind while nobody has agreed: the record is used again. Raises NotNow."""
    with transaction.atomic():
        case = erasures(scope).select_for_update(of=("self",)).get(pk=case_id)
        if case.state not in Erasure.OPEN or case.review_case:
            raise NotNow(_("这件申请已在审批或已办结，不能撤回。"))
        _close(case, State.TAKEN_BACK, actor, "")
    return case


def propose(case_id: int, *, actor: User, scope: Scope) -> Erasure:
    """One supervisor puts a case before another one. Raises NotNow, SamePerson, and what the review room raises."""
    with transaction.atomic():
        case = erasures(scope).select_for_update(of=("self",)).get(pk=case_id)
        if case.state != State.WAITING or case.review_case:
            raise NotNow(_("这件申请不在待提请的状态。"))
        _another(actor, case)
        if Hold.objects.filter(person_id=case.person_id, lifted_at=None).exists():
            raise NotNow(_("该人员登记为暂不得删除，须先解除。"))
        opened = review.open_case(
            kind=KIND,
            subject_type="erasure",
            subject_id=case.pk,
            summary=_("删除一人的个人信息（%(number)s）") % {"number": case.number},
            maker=actor,
            payload={"erasure": case.pk, "basis": case.basis},
            region_code=case.region_code or actor_region(scope),
        )
        case.review_case = str(opened.pk)
        Erasure.objects.filter(pk=case.pk).update(review_case=case.review_case)
    return case


def refuse(case_id: int, *, actor: User, scope: Scope, answer: str) -> Erasure:
    """Say no, with the reason that the person reads; the record is used again. Raises NotNow, SamePerson."""
    with transaction.atomic():
        case = erasures(scope).select_for_update(of=("self",)).get(pk=case_id)
        if case.state not in Erasure.OPEN or case.review_case:
            raise NotNow(_("这件申请已在审批或已办结。"))
        _another(actor, case)
        _close(case, State.REFUSED, actor, answer)
    return case


def place_hold(person: Person, *, reason: str, actor: User) -> Hold:
    """Nobody may erase this record until the hold is lifted; twice is once."""
    with transaction.atomic():
        hold, new = Hold.objects.get_or_create(
            person=person, lifted_at=None, defaults={"reason": reason, "placed_by": actor}
        )
        if new:
            _record_about("rights.hold", person.pk, actor, reason=reason)
    return hold


def lift_hold(hold_id: int, *, actor: User) -> None:
    """The record may be erased again. Lifting twice is lifting once."""
    with transaction.atomic():
        hold = Hold.objects.select_for_update().get(pk=hold_id)
        if hold.lifted_at is None:
            Hold.objects.filter(pk=hold_id).update(lifted_at=Now(), lifted_by=actor)
            _record_about("rights.hold_lifted", hold.person_id, actor)


def actor_region(scope: Scope) -> str:
    """The division in whose name a case without one is put up."""
    return scope.region_code or ""


def _kept_until(person_id: UUID, today: date) -> date | None:
    until = retention.kept([person_id], today).get(person_id)
    return until.until if until and until.until >= today else None


def _another(actor: User, case: Erasure) -> None:
    if case.asked_by_id == actor.pk or is_person(actor, case.person_id):
        raise SamePerson(_("这是有关您本人的申请，须由另一人办理。"))


def _close(case: Erasure, state: str, actor: User | None, answer: str) -> None:
    Erasure.objects.filter(pk=case.pk).update(state=state, answer=answer, answered_at=Now())
    Person.objects.filter(pk=case.person_id).update(restricted_at=None)
    case.state, case.answer = state, answer
    _record(f"rights.erasure_{state}", case, actor)


def _record(code: str, case: Erasure, actor: User | None, **after: Any) -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="erasure",
        subject_id=case.pk,
        after={"state": str(case.state), "basis": case.basis, **after},
        person_id=case.person_id,
    )


def _record_about(code: str, person_id: UUID, actor: User, reason: str = "") -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="person",
        subject_id=person_id,
        reason=reason,
        person_id=person_id,
    )


# --- what the review room calls -------------------------------------------------------------------------


def _approved(case: Case, actor: User) -> None:
    erasure = Erasure.objects.get(pk=case.payload["erasure"])
    _another(actor, erasure)
    _record("rights.erasure_approved", erasure, actor)
    transaction.on_commit(tasks.enqueue)


def _refused(case: Case, actor: User) -> None:
    erasure = Erasure.objects.get(pk=case.payload["erasure"])
    Erasure.objects.filter(pk=erasure.pk).update(review_case="")
    if case.state == Case.State.REFUSED:
        last = case.decisions.order_by("-row_version").first()
        _close(erasure, State.REFUSED, actor, last.reason if last else "")


def register() -> None:
    """Make the kind of matter known to the review room."""
    review.register(
        review.Procedure(
            kind=KIND,
            label=gettext_lazy("删除个人信息"),
            steps=(review.Step("approve", action="person.erase"),),
            on_approved=_approved,
            on_refused=_refused,
            effect=gettext_lazy(
                "通过后，姓名、号码、电话、账号等全部销毁，不能恢复；培训、证书和金额以无名编号保留。"
            ),
        )
    )

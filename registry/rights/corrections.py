"""The verbs of correction: ask, answer within the term, take back.

Nobody answers for a person whom they are themselves, from whichever account: neither the one who asked nor the one
the fact is about.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.uuid7 import uuid7
from registry.lib.scope import Scope
from registry.people import amending
from registry.people.models import Person
from registry.rights import queries, terms
from registry.rights.models import Correction
from registry.rights.sealing import sealed

State = Correction.State

#: Facts that the program itself sets right when the answer is yes; of others somebody corrects the record by hand.
AMENDED = {
    Correction.Fact.NAME: amending.NAME,
    Correction.Fact.ID_NUMBER: amending.ID_NUMBER,
    Correction.Fact.SEX: amending.SEX,
    Correction.Fact.PHONE: amending.PHONE_NUMBER,
    Correction.Fact.EDUCATION: amending.EDUCATION,
}


class AlreadyAsked(ValidationError):
    """The same fact is being looked at already."""


class AlreadyAnswered(ValidationError):
    """Somebody else was first, or the asker took it back."""


class SamePerson(PermissionDenied):
    """Who answers must be another natural person than who asked and than who it is about."""


def ask(
    person: Person,
    *,
    fact: str,
    proposed: str,
    why: str,
    actor: User | None,
    record: str = "",
    region_code: str = "",
    institution_id: int | None = None,
) -> Correction:
    """Open a case. Raises ValidationError for a value that could not stand, AlreadyAsked, and NoTerm.

    `region_code` answers; without one it is where the person was last enrolled, or registered.
    """
    if fact in AMENDED:
        proposed = amending.checked(AMENDED[Correction.Fact(fact)], proposed)
    seal_id = uuid7()
    try:
        with transaction.atomic():
            case = Correction.objects.create(
                person=person,
                fact=fact,
                record=record,
                seal_id=seal_id,
                said=sealed({"proposed": proposed, "why": why}, seal_id),
                region_code=region_code or queries.region_of(person),
                institution_id=institution_id,
                asked_by=actor,
                due_on=terms.due("correction", timezone.localdate()),
            )
            audit.record(
                code="rights.correction_asked",
                actor=actor,
                subject_type="correction",
                subject_id=case.pk,
                after={"fact": fact, "record": record, "due_on": case.due_on.isoformat()},
                person_id=person.pk,
            )
    except IntegrityError as error:
        raise AlreadyAsked(_("这项内容的更正申请正在办理，请等候答复。")) from error
    case.refresh_from_db()
    return case


def answer(case_id: int, *, approve: bool, text: str, actor: User, scope: Scope) -> Correction:
    """Close a case with an answer; a yes changes the person's fact in the same transaction.

    Raises Correction.DoesNotExist beyond the scope, AlreadyAnswered, SamePerson, and ValidationError where the value
    cannot stand after all.
    """
    with transaction.atomic():
        case = queries.corrections(scope).select_for_update(of=("self",)).get(pk=case_id)
        _another_person(case, actor)
        if case.state != State.OPEN:
            raise AlreadyAnswered(_already(case))
        if approve and case.fact in AMENDED:
            said = queries.said(case) or {}
            amending.amend(
                case.person_id,
                AMENDED[Correction.Fact(case.fact)],
                said.get("proposed", ""),
                actor=actor,
                because=case.number,
            )
        _close(case, State.APPROVED if approve else State.REFUSED, actor, text)
    return case


def withdraw(case_id: int, *, actor: User, scope: Scope) -> Correction:
    """The asker's side takes an open case back. Raises Correction.DoesNotExist, AlreadyAnswered."""
    with transaction.atomic():
        case = queries.corrections(scope).select_for_update(of=("self",)).get(pk=case_id)
        if case.state != State.OPEN:
            raise AlreadyAnswered(_already(case))
        _close(case, State.WITHDRAWN, actor, "")
    return case


def _close(case: Correction, state: str, actor: User, text: str) -> None:
    case.state, case.answered_by = state, actor
    case.answer = sealed(text, case.seal_id) if text else None
    Correction.objects.filter(pk=case.pk).update(
        state=state, answered_by=actor, answered_at=Now(), answer=case.answer
    )
    case.refresh_from_db(fields=["answered_at"])
    audit.record(
        code=f"rights.correction_{state}",
        actor=actor,
        subject_type="correction",
        subject_id=case.pk,
        before={"state": State.OPEN.value},
        after={"state": str(state), "in_time": timezone.localdate() <= case.due_on},
        personal={"answer": text},
        person_id=case.person_id,
    )


def _another_person(case: Correction, actor: User) -> None:
    if case.asked_by_id == actor.pk or same_holder(case.asked_by, actor):
        raise SamePerson(_("这是您本人提出的申请，须由另一人答复。"))
    if is_person(actor, case.person_id):
        raise SamePerson(_("这是有关您本人的申请，须由另一人答复。"))


def same_holder(one: User | None, other: User) -> bool:
    """Whether two accounts are known to belong to one natural person."""
    return one is not None and other.holder_id is not None and one.holder_id == other.holder_id


def is_person(account: User, person_id: UUID) -> bool:
    """Whether an account's holder is this person on record: by sign-in, or by the index of an identity number."""
    about = Person.objects.filter(pk=person_id)
    if about.filter(user=account).exists():
        return True
    holder: Any = account.holder
    return holder is not None and about.filter(documents__blind_index=bytes(holder.person_index)).exists()


def _already(case: Correction) -> str:
    return _("%(who)s已于 %(when)s 办理：%(state)s。") % {
        "who": case.answered_by or _("申请人"),
        "when": f"{timezone.localtime(case.answered_at):%Y-%m-%d %H:%M}" if case.answered_at else "—",
        "state": case.get_state_display(),
    }

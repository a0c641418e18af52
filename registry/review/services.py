"""Verbs of review: open a matter, decide on it, take it back. Each leaves an action.

The rules are the database's (sql/review.sql); here they are asked first, behind the same lock, so that whoever is
refused learns why. A case is locked before anything else, and what `on_approved` touches comes after it: in this one
order nobody waits for somebody who waits for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _t

from registry.accounts.models import User
from registry.accounts.scopes import actor_for
from registry.audit import services as audit
from registry.audit.commitments import personal_keys_in
from registry.lib.again import again
from registry.review import errors, queries, stages
from registry.review.models import Case, Decision, Outcome
from registry.review.procedures import Procedure, Step, procedure, register

__all__ = ["Procedure", "Step", "decide", "open_case", "register", "withdraw"]

P = ParamSpec("P")
R = TypeVar("R")


def _again(verb: Callable[P, R]) -> Callable[P, R]:
    """Repeat a whole transaction that the database broke off for the sake of another one."""

    @wraps(verb)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        def whole() -> R:
            with transaction.atomic():
                return verb(*args, **kwargs)

        return again(whole)

    return repeated


@_again
def open_case(
    *,
    kind: str,
    subject_type: str,
    subject_id: object,
    summary: str,
    maker: User,
    payload: Mapping[str, Any] | None = None,
    region_code: str = "",
    institution_id: int | None = None,
    version: int | None = None,
) -> Case:
    """Hand a matter in for review. `summary` and `payload` hold no personal data.

    `version` is that of the subject; where the subject has none, each matter about it is the next one. If the
    subject's table freezes (`review_attach`), the version must be there, and is frozen from now on. Whoever changes
    the subject in the same transaction does so before, or has its row locked.

    Raises KeyError for a kind that nobody registered, PersonUnknown for a maker without a natural person, AlreadyOpen,
    NoSubject, PersonalDataInAction.
    """
    stages.ensure(procedure(kind))
    if found := personal_keys_in([payload or {}]):
        raise audit.PersonalDataInAction(f"{kind}: {', '.join(sorted(found))}")
    if maker.holder_id is None:
        raise errors.PersonUnknown
    subject = {"kind": kind, "subject_type": subject_type, "subject_id": str(subject_id)}
    if version is None:
        version = 1 + (Case.objects.filter(**subject).aggregate(last=Max("version"))["last"] or 0)
    case = Case(
        **subject,
        version=version,
        summary=summary,
        payload=dict(payload or {}),
        maker=maker,
        region_code=region_code,
        institution_id=institution_id,
    )
    _insert(case)
    case.refresh_from_db()
    _record("review.open", case, maker)
    return case


@_again
def decide(*, case_id: UUID, step: str, outcome: str, actor: User, version: int, reason: str = "") -> Case:
    """One person's say on the step at which a case stands; the last approval does what was asked for.

    `outcome` is approve, return or refuse, `version` the case's `row_version` as the actor saw it. The same once more
    by the same account changes nothing.

    Raises Case.DoesNotExist, ReasonMissing, and from what others did meanwhile AlreadyDecided or StaleVersion; from who
    asks PersonUnknown, SamePerson, NotYourTurn; and whatever `on_approved` raises, which undoes the decision.
    """
    outcome = Outcome(outcome)
    if outcome == Outcome.WITHDRAW:
        raise ValueError("the maker withdraws by withdraw()")
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if _is_repeated(case, outcome, actor, version):
        return case
    if step != case.step or version != case.row_version:
        raise errors.StaleVersion(case)
    _ask_who(case, actor)
    if outcome != Outcome.APPROVE and not reason.strip():
        raise errors.ReasonMissing
    return _decided(case, outcome, actor, reason)


@_again
def withdraw(*, case_id: UUID, actor: User, version: int, reason: str = "") -> Case:
    """The maker takes a matter back before anybody decided; with any account of theirs. Twice is once.

    Raises Case.DoesNotExist, NotTheMaker, AlreadyDecided, StaleVersion.
    """
    case = Case.objects.select_for_update(of=("self",)).get(pk=case_id)
    if actor.holder_id is None or actor.holder_id != case.maker_holder_id:
        raise errors.NotTheMaker
    if _is_repeated(case, Outcome.WITHDRAW, actor, version):
        return case
    if version != case.row_version:
        raise errors.StaleVersion(case)
    if case.row_version > 1:
        raise errors.NotTheMaker
    return _decided(case, Outcome.WITHDRAW, actor, reason)


def _is_repeated(case: Case, outcome: Outcome, actor: User, version: int) -> bool:
    """Whether this very decision stands already. Raises AlreadyDecided for any other on what the actor saw."""
    made = Decision.objects.select_related("actor").filter(case=case, row_version__gte=version)
    first = made.order_by("row_version").first()
    if first is None and not case.is_open:
        first = Decision.objects.select_related("actor").filter(case=case).latest("row_version")
    if first is None:
        return False
    if (first.row_version, first.actor_id, first.outcome) == (version, actor.pk, outcome):
        return True
    raise errors.AlreadyDecided(case, first)


def _ask_who(case: Case, actor: User) -> None:
    if actor.holder_id is None:
        raise errors.PersonUnknown
    taking_part = {case.maker_holder_id, *case.decisions.values_list("holder_id", flat=True)}
    if actor.holder_id in taking_part:
        raise errors.SamePerson
    if not queries.is_turn_of(actor_for(actor), case):
        raise errors.NotYourTurn


def _decided(case: Case, outcome: Outcome, actor: User, reason: str) -> Case:
    decision = Decision(
        case=case,
        row_version=case.row_version,
        position=case.position,
        step=case.step,
        outcome=outcome,
        actor=actor,
        reason=reason.strip(),
    )
    _insert(decision)
    case.refresh_from_db()
    _record(f"review.{outcome}", case, actor, decision)
    known = procedure(case.kind)
    if case.state == Case.State.APPROVED:
        known.on_approved(case, actor)
    elif not case.is_open and known.on_refused is not None:
        known.on_refused(case, actor)
    return case


def _insert(row: Case | Decision) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
        if rule in errors.BY_RULE:
            raise errors.BY_RULE[rule] from error
        raise


def _record(code: str, case: Case, actor: User, decision: Decision | None = None) -> None:
    after = case.as_recorded()
    if decision is not None:
        after |= {"step": decision.step, "state": case.state}
    action = audit.record(
        code=code,
        actor=actor,
        subject_type="review_case",
        subject_id=case.pk,
        reason=decision.reason if decision is not None else "",
        after=after,
    )
    audit.manifest_rows(action, "review_case", "review_case_v1", [case.pk])
    if decision is not None:
        audit.manifest_rows(action, "review_decision", "review_decision_v1", [decision.pk])


def require_other_person(actor: User, case_people: list[UUID]) -> None:
    """For whoever comes after a review, such as the one who pays. Raises PersonUnknown, SamePerson."""
    if actor.holder_id is None:
        raise errors.PersonUnknown
    if actor.holder_id in case_people:
        raise errors.SamePerson


def explain(error: IntegrityError) -> ValidationError | None:
    """What a frozen row says to a user; None for an error that is not about freezing."""
    rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    if rule != "review_frozen":
        return None
    return ValidationError(_t("该版本已在审核中或已通过，不能改动或删除。更正须另立新版本，重新审核。"))

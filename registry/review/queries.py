"""Nouns of review: whose turn it is, what a reader may see, who took part.

How far somebody sees depends on the step: the matrix says how far a role reaches in the action that a step asks for.
So these take the Actor, whose scope alone would not tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from registry.accounts.models import Role, User
from registry.accounts.policy import can, scope_of
from registry.accounts.scopes import NOTHING, within
from registry.lib.scope import Actor, Scope
from registry.review.models import Case, Decision, Stage
from registry.review.procedures import every


def waiting(actor: Actor) -> QuerySet[Case]:
    """Open matters whose present step this person may decide, oldest first."""
    found = Case.objects.filter(_reach(actor, "action"), state=Case.State.OPEN)
    own = _own_accounts(actor)
    took_part = Decision.objects.filter(holder__accounts=actor.user_id).values("case_id")
    return _shown(found.exclude(own).exclude(pk__in=took_part).order_by("opened_at", "id"))


def made(actor: Actor) -> QuerySet[Case]:
    """Matters that this person handed in, newest first."""
    return _shown(Case.objects.filter(_own_accounts(actor)).order_by("-opened_at", "-id"))


def decided(actor: Actor) -> QuerySet[Case]:
    """Matters on which this person decided, newest first."""
    mine = Decision.objects.filter(holder__accounts=actor.user_id).values("case_id")
    return _shown(Case.objects.filter(pk__in=mine).order_by("-opened_at", "-id"))


def visible(actor: Actor) -> QuerySet[Case]:
    """Matters that somebody may look at: handed in by them, or with a step that they may decide, in their reach."""
    if actor.role == Role.AUD:
        return _shown(Case.objects.all())
    return _shown(Case.objects.filter(_own_accounts(actor) | _reach(actor, "actions__contains")))


def is_turn_of(actor: Actor, case: Case) -> bool:
    """Whether the present step belongs to the actor's role, and the case to its reach."""
    if not case.is_open or not can(actor, case.action):
        return False
    return _in_reach(scope_of(actor, case.action), case)


def history(scope: Scope, case: Case) -> QuerySet[Decision]:
    """What was decided on a case that the reader has fetched, in order; `scope` says that somebody is reading."""
    return Decision.objects.filter(case=case).select_related("actor").order_by("row_version")


def of_subject(scope: Scope, subject_type: str, subject_id: object) -> QuerySet[Case]:
    """Every matter about a subject, newest first; for whoever has fetched the subject in the same scope."""
    found = Case.objects.filter(subject_type=subject_type, subject_id=str(subject_id))
    return found.select_related("maker").order_by("-version", "-opened_at")


def approved_version(scope: Scope, subject_type: str, subject_id: object) -> int | None:
    """The newest version of a subject that was approved; None while there is none."""
    found = of_subject(scope, subject_type, subject_id).filter(state=Case.State.APPROVED)
    return found.values_list("version", flat=True).first()


def people(scope: Scope, subject_type: str, subject_id: object, version: int) -> set[UUID]:
    """The natural persons who made or decided what was approved of a version; what `review_people` says in SQL."""
    cases = Case.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id), version=version, state=Case.State.APPROVED
    )
    deciders = Decision.objects.filter(case__in=cases).values_list("holder_id", flat=True)
    return {*cases.values_list("maker_holder_id", flat=True), *deciders}


def _shown(found: QuerySet[Case]) -> QuerySet[Case]:
    return found.select_related("maker", "institution")


def _own_accounts(actor: Actor) -> Q:
    """What any account of the actor's person handed in."""
    if actor.user_id is None:
        return NOTHING
    return Q(maker_holder__in=User.objects.filter(pk=actor.user_id).values("holder_id"))


def _reach(actor: Actor, field: str) -> Q:
    """For each action that steps ask for and the role may do, what lies in its reach."""
    reach = NOTHING
    for action in _asked_for():
        if can(actor, action):
            value = [action] if field == "actions__contains" else action
            box = within(
                scope_of(actor, action), institution_field="institution_id", region_field="region_code"
            )
            reach |= Q(**{field: value}) & box
    return reach


def _asked_for() -> Iterable[str]:
    return {step.action for known in every() for step in known.steps}


def _in_reach(scope: Scope, case: Case) -> bool:
    box = within(scope, institution_field="institution_id", region_field="region_code")
    return Case.objects.filter(box, pk=case.pk).exists()


def stages(scope: Scope) -> QuerySet[Stage]:
    """All dated steps, kind by kind."""
    return Stage.objects.order_by("kind", "-valid_from", "position")

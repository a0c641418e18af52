"""Reading history: what was done, never the personal detail of it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from registry.audit.models import Action, Detail
from registry.lib.scope import Scope


def history(scope: Scope, subject_type: str, subject_id: object) -> QuerySet[Action]:
    """What was done to one subject, newest first, as metadata.

    The caller has fetched the subject through the same scope, so whoever may see it may see its history.
    """
    if scope.sees_nothing:
        return Action.objects.none()
    return Action.objects.filter(subject_type=subject_type, subject_id=str(subject_id)).order_by("-id")


def about_person(scope: Scope, person_id: UUID) -> QuerySet[Action]:
    """Actions that touched or read a person's data, newest first; a trainee sees only their own."""
    if scope.sees_nothing or (scope.kind == "own" and scope.person_id != person_id):
        return Action.objects.none()
    ids = Detail.objects.filter(subject_person=person_id).values("action_id")
    return Action.objects.filter(id__in=ids).order_by("-id")

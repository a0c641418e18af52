"""Nouns of classes, within a reader's scope."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet

from registry.accounts.scopes import within
from registry.lib.scope import Scope
from training.classes.models import TrainingClass


def classes(scope: Scope) -> QuerySet[TrainingClass]:
    """Newest first, with provider, level and place."""
    seen = within(scope, region_field="region_id", institution_field="institution_id")
    return (
        TrainingClass.objects.filter(seen)
        .select_related("institution", "occupation", "level", "region", "project")
        .order_by("-starts_on", "-id")
    )


def klass(scope: Scope, class_id: int) -> TrainingClass | None:
    """One class with its head counts (enrolled, finished, withdrawn); None outside the scope."""
    return (
        classes(scope)
        .annotate(
            people=Count("enrolments", filter=~Q(enrolments__state="withdrawn")),
            finished=Count("enrolments", filter=Q(enrolments__state="finished")),
            withdrawn=Count("enrolments", filter=Q(enrolments__state="withdrawn")),
        )
        .filter(pk=class_id)
        .first()
    )


def taking_people(scope: Scope) -> QuerySet[TrainingClass]:
    """Classes that a roster can still be handed in for."""
    return classes(scope).filter(state__in=TrainingClass.TAKES_PEOPLE)


def filtered(
    found: QuerySet[TrainingClass],
    *,
    q: str = "",
    state: str = "",
    training_type: str = "",
    institution: int | None = None,
) -> QuerySet[TrainingClass]:
    """Those that the filter row asks for. `q` is the beginning of a number, or part of a name or trade."""
    if q:
        found = found.filter(
            Q(number__istartswith=q) | Q(name__icontains=q) | Q(occupation_text__icontains=q)
        )
    if state:
        found = found.filter(state=state)
    if training_type:
        found = found.filter(training_type=training_type)
    if institution is not None:
        found = found.filter(institution_id=institution)
    return found

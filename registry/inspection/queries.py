"""Nouns of inspection: the record as an auditor reads it, metadata only."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from registry.accounts.queries import actions
from registry.audit.models import Action, Checkpoint
from registry.inspection.models import Check
from registry.lib.scope import Scope


def acts(
    scope: Scope,
    *,
    code: str = "",
    actor: str = "",
    subject: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[Action]:
    """Actions within the scope that a filter asks for. `code` also by its beginning, `people.`; days are included."""
    found = actions(scope)
    if code:
        found = found.filter(code__startswith=code)
    if actor:
        found = found.filter(actor=actor)
    if subject:
        found = found.filter(subject_id=subject)
    if since is not None:
        found = found.filter(at__date__gte=since)
    if until is not None:
        found = found.filter(at__date__lte=until)
    return found


def newest_checkpoint() -> Checkpoint | None:
    """The last signed head of the log, which is public. None before the first."""
    return Checkpoint.objects.order_by("-size").first()


def checks(scope: Scope) -> QuerySet[Check]:
    """Comparisons, newest first, for who may see all."""
    found = Check.objects.select_related("asked_by").order_by("-id")
    return found if scope.sees_everything else found.none()

"""Nouns of exports: what was asked for, and in which files a person stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from registry.accounts.models import User
from registry.exports.models import Export, ExportContent
from registry.lib.scope import Scope


def exports(scope: Scope, user: User) -> QuerySet[Export]:
    """One's own; whoever sees the whole register sees everybody's, though not their files."""
    if scope.sees_nothing:
        return Export.objects.none()
    found = Export.objects.select_related("asker")
    return found if scope.sees_everything else found.filter(asker=user)


def export(scope: Scope, user: User, export_id: UUID) -> Export | None:
    """None for somebody else's."""
    return exports(scope, user).filter(pk=export_id).first()


def actions_with(person_ids: Iterable[UUID]) -> QuerySet[ExportContent, Any]:
    """Ids (``action_id``) of the actions by which files with one of these people were made.

    For the program's own use: no scope.
    """
    holding = ExportContent.objects.filter(persons__overlap=list(person_ids))
    return holding.order_by().values("action_id")

"""Nouns of exports: what was asked for, and in which files a person stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from registry.accounts.models import User
from registry.exports.models import Export, ExportContent
from registry.lib.scope import Actor, Scope
from registry.review import queries as cases


def exports(scope: Scope, user: User) -> QuerySet[Export]:
    """One's own; whoever sees the whole register sees everybody's, though not their files."""
    if scope.sees_nothing:
        return Export.objects.none()
    found = Export.objects.select_related("asker")
    return found if scope.sees_everything else found.filter(asker=user)


def export(scope: Scope, user: User, export_id: UUID) -> Export | None:
    """None for somebody else's."""
    return exports(scope, user).filter(pk=export_id).first()


def decided_on(actor: Actor, export_id: UUID) -> Export | None:
    """What somebody else asked for, to those before whom it lies or lay for a decision; the file is not theirs."""
    shown = cases.visible(actor).values("pk")
    return Export.objects.select_related("asker").filter(pk=export_id, case_id__in=shown).first()


def actions_with(person_ids: Iterable[UUID]) -> QuerySet[ExportContent, Any]:
    """Ids (``action_id``) of the actions by which files with one of these people were made.

    For the program's own use: no scope.
    """
    holding = ExportContent.objects.filter(persons__overlap=list(person_ids))
    return holding.order_by().values("action_id")

"""Nouns over accounts, and over the record as far as somebody's capacity reaches."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from registry.accounts.models import Membership, User
from registry.accounts.scopes import within
from registry.audit.models import Action, Detail
from registry.lib.scope import Scope


def memberships(scope: Scope) -> QuerySet[Membership]:
    """Who works where, newest first."""
    seen = Membership.objects.filter(
        within(scope, institution_field="institution_id", region_field="region_id")
    )
    return seen.select_related("user", "institution", "region").order_by("-valid_from", "-id")


def users(scope: Scope) -> QuerySet[User]:
    """Accounts that hold or held a role within the scope."""
    if scope.sees_everything:
        return User.objects.order_by("username")
    return User.objects.filter(pk__in=memberships(scope).order_by().values("user_id")).order_by("username")


def accounts_of_one_person(user: User) -> QuerySet[User]:
    """The account and every other of the same natural person; what four-eyes rules compare."""
    same = Q(pk=user.pk)
    if user.holder_id is not None:
        same |= Q(holder_id=user.holder_id)
    return User.objects.filter(same)


def actions(scope: Scope) -> QuerySet[Action]:
    """The record, newest first: acts done in capacities within the scope; for a trainee, acts on them."""
    if scope.kind == "own":
        about = Detail.objects.filter(subject_person=scope.person_id).values("action_id")
        return Action.objects.filter(id__in=about).order_by("-id")
    seen = within(scope, institution_field="institution_id", region_field="region_code")
    return Action.objects.filter(seen).order_by("-id")

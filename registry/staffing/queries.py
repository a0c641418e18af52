"""Nouns of staffing: whose accounts somebody keeps, which roles are held until when, and what waits to be agreed to.

How far one sees depends on the action (an administrator reaches all accounts and no business), so these take the Actor.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from registry.accounts import queries as accounts
from registry.accounts.models import Membership, Role, User
from registry.accounts.policy import scope_of
from registry.lib import dated
from registry.lib.scope import Actor
from registry.review.models import Case

#: Which roles somebody may give at once, in their own institution. Security officers ask for any, and another agrees.
OWN_CLERKS = {Role.PP.value: Role.PC, Role.ES.value: Role.EB}

KIND = "accounts.grant"


def staff(actor: Actor, *, text: str = "", role: str = "", closed: bool | None = None) -> QuerySet[User]:
    """Accounts of staff within reach, by user name: whoever holds, held or was made for a role of staff."""
    found = accounts.users(scope_of(actor, "user.read"))
    roles = Membership.objects.filter(user=OuterRef("pk"))
    # A trainee's account says a person's name, and is kept at the trainees' own door.
    found = found.filter(~Exists(roles.filter(role=Role.TRN)) | Exists(roles.exclude(role=Role.TRN)))
    if text:
        found = found.filter(Q(username__icontains=text) | Q(display_name__icontains=text))
    if role:
        found = found.filter(Exists(in_force(roles.filter(role=role))))
    return found if closed is None else found.filter(is_active=not closed)


def account(actor: Actor, user_id: int) -> User | None:
    """One of them."""
    return staff(actor).filter(pk=user_id).select_related("holder").first()


def kept_by(actor: Actor, action: str, user_id: int) -> User | None:
    """An account that the actor may close or reset; None for any other.

    A principal keeps the accounts of clerks who work nowhere else: whoever also reviews for a county is not theirs.
    """
    scope = scope_of(actor, action)
    if scope.sees_nothing:
        return None
    found = staff(actor).filter(pk=user_id)
    if not scope.sees_everything:
        elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(role=Role.TRN)
        elsewhere = elsewhere.exclude(valid_to__lt=timezone.localdate())
        elsewhere = elsewhere.exclude(institution=scope.institution_id, role=OWN_CLERKS[actor.role])
        found = found.filter(~Exists(elsewhere))
    return found.first()


def role_to_end(actor: Actor, membership_id: int) -> Membership | None:
    """A role that the actor may end: any for a security officer, a clerk's for the principal."""
    scope = scope_of(actor, "role.end")
    found = roles(actor).filter(pk=membership_id)
    if not scope.sees_everything:
        found = found.filter(role=OWN_CLERKS.get(actor.role, ""), institution=scope.institution_id)
    return None if scope.sees_nothing else found.first()


def roles(actor: Actor) -> QuerySet[Membership]:
    """Roles of staff within reach, those that end first at the top."""
    found = accounts.memberships(scope_of(actor, "user.read")).exclude(role=Role.TRN)
    return found.select_related("user", "institution", "region", "granted_by", "agreed_by")


def in_force(found: QuerySet[Membership], day: date | None = None) -> QuerySet[Membership]:
    """Of them those that hold on a day (today)."""
    day = day or timezone.localdate()
    return found.filter(dated.in_force(day))


def ending(found: QuerySet[Membership], days: int) -> QuerySet[Membership]:
    """Of them those that end within so many days."""
    return in_force(found).filter(valid_to__lte=timezone.localdate() + timedelta(days=days))


def asked_for(user: User) -> QuerySet[Case]:
    """Grants to this account that wait for a second person."""
    return Case.objects.filter(
        kind=KIND, subject_type="user", subject_id=str(user.pk), state=Case.State.OPEN
    ).select_related("maker")

"""Sessions of an account: how one begins, how long it lives, and how all of them end at once."""

from __future__ import annotations

import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from registry.accounts import session_keys as keys
from registry.accounts.models import Role, User
from registry.accounts.scopes import capacities
from registry.audit import services as audit

FINANCE = frozenset({Role.FM, Role.FP})
#: roles that have one session at a time: who comes in a second time ends the first
ALONE = frozenset({Role.FP})
#: a session is written anew at most this often for having been used
SEEN_EVERY = 60.0


@transaction.atomic
def begin(session: Any, user: User, *, address: str, device: str, second_factor: bool) -> None:
    """What the door leaves in a session that has just been signed in. `device` is what the browser calls itself."""
    now = time.time()
    session[keys.BEGUN_AT] = session[keys.SEEN_AT] = now
    session[keys.SECOND_FACTOR] = second_factor
    if second_factor:
        session[keys.CONFIRMED_AT] = now
    session.save()
    if any(held.role in ALONE for held in capacities(user)):
        end_sessions(user, keep=session.session_key)
    UserSession.objects.update_or_create(
        session_key=session.session_key,
        defaults={
            "user": user,
            "ip": address or "0.0.0.0",
            "user_agent": device[:200],
            "last_seen_at": timezone.now(),
        },
    )


def why_over(session: Any, role: str, now: float) -> str:
    """`idle` or `long` for a session that is over, empty for one that lives.

    One that does not say when it began begins now: its cookie limits it all the same.
    """
    begun, seen = session.get(keys.BEGUN_AT), session.get(keys.SEEN_AT)
    if begun is None or seen is None:
        session[keys.BEGUN_AT] = session[keys.SEEN_AT] = now
        return ""
    if now - begun > settings.SESSION_COOKIE_AGE:
        return "long"
    idle = settings.IDLE_SECONDS_FINANCE if role in FINANCE else settings.IDLE_SECONDS
    return "idle" if now - seen > idle else ""


def seen(session: Any, address: str, now: float) -> None:
    """The session was used: written at most once a minute, so that reading pages stays reading."""
    if now - session[keys.SEEN_AT] >= SEEN_EVERY:
        session[keys.SEEN_AT] = now
        UserSession.objects.filter(session_key=session.session_key).update(
            last_seen_at=timezone.now(), ip=address or "0.0.0.0"
        )


def cycle(session: Any) -> None:
    """The session goes on under another key, as it may now do more than before."""
    old = session.session_key
    session.cycle_key()
    moved(old, session.session_key)


def moved(old: str | None, new: str | None) -> None:
    """A session has another key now; its line in the list follows."""
    UserSession.objects.filter(session_key=old or "").update(session_key=new or "")


def forget_session(session_key: str | None) -> None:
    """The session is gone; so is its line in the list."""
    UserSession.objects.filter(session_key=session_key or "").delete()


def sessions_of(user: User) -> QuerySet[UserSession]:
    """The sessions of an account that live, the one last used first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    held: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=alive)
    return held.order_by("-last_seen_at")


@transaction.atomic
def end_sessions(user: User, *, keep: str | None = None) -> int:
    """End every session of the account but the one with the key `keep`; returns how many. From the next request on."""
    doomed = UserSession.objects.filter(user=user).exclude(session_key=keep or "")
    gone, _ = Session.objects.filter(
        session_key__in=list(doomed.values_list("session_key", flat=True))
    ).delete()
    doomed.delete()
    return gone


@transaction.atomic
def revoke(user: User, *, pk: int | None = None, keep: str | None = None) -> int:
    """The holder ends one of their sessions, or all but the one they are in. Returns how many; 0 for none of theirs."""
    if pk is None:
        n = end_sessions(user, keep=keep)
    else:
        one = UserSession.objects.filter(user=user, pk=pk).first()
        if one is None:
            return 0
        Session.objects.filter(session_key=one.session_key).delete()
        one.delete()
        n = 1
    if n:
        audit.record(code="accounts.revoke_session", actor=user, subject_type="user", subject_id=user.pk, n=n)
    return n

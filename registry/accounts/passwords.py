"""Passwords: none of the last few again, one that another chose is changed at once, and a change ends sessions."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.accounts.models import FormerPassword, User
from registry.accounts.sessions import end_sessions
from registry.audit import services as audit


class NotUsedBefore:
    """A password validator: none of the account's last `remembered` passwords, the present one among them.

    Django calls `password_changed` after every way of setting a password, which is when its hash is kept.
    """

    def __init__(self, remembered: int) -> None:
        self.remembered = remembered

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None or user._state.adding:
            return
        known = [user.password, *user.former_passwords.order_by("-pk").values_list("password", flat=True)]
        if any(check_password(password, old) for old in list(dict.fromkeys(known))[: self.remembered]):
            raise ValidationError(self.get_help_text(), code="used_before")

    def get_help_text(self) -> str:
        return _("不能与最近 %(n)s 次用过的密码相同。") % {"n": self.remembered}

    def password_changed(self, password: str, user: User | None = None) -> None:
        if user is None or not user.has_usable_password():
            return
        FormerPassword.objects.create(user=user, password=user.password)
        kept = user.former_passwords.order_by("-pk").values("pk")[: self.remembered]
        user.former_passwords.exclude(pk__in=kept).delete()


def too_old(user: User) -> bool:
    """Whether the house wants passwords to age and this one has."""
    days = settings.PASSWORD_MAX_DAYS
    return bool(days) and timezone.now() - user.password_set_at >= dt.timedelta(days=days)


def must_be_changed(user: User) -> bool:
    """A password that somebody else chose, or that has aged, opens nothing but the page on which it is changed."""
    return user.must_change or too_old(user)


@transaction.atomic
def change(user: User, password: str, *, keep: str | None) -> None:
    """The holder chose a new one: every session of theirs ends but the one with the key `keep`.

    Raises ValidationError for a password that may not be.
    """
    validate_password(password, user)
    _set(user, password, must_change=False)
    end_sessions(user, keep=keep)
    audit.record(code="accounts.change_password", actor=user, subject_type="user", subject_id=user.pk)


@transaction.atomic
def reset(user: User, password: str, *, reason: str, actor: User | None) -> None:
    """Somebody else set it: it must be changed at the next sign-in, and all sessions end.

    Raises ValidationError for a password that may not be.
    """
    validate_password(password, user)
    _set(user, password, must_change=True)
    end_sessions(user)
    audit.record(
        code="accounts.reset_password", actor=actor, subject_type="user", subject_id=user.pk, reason=reason
    )


def _set(user: User, password: str, *, must_change: bool) -> None:
    user.set_password(password)
    user.must_change, user.password_set_at = must_change, timezone.now()
    user.save(update_fields=["password", "must_change", "password_set_at"])

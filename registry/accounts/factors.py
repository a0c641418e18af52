"""The second factor: codes of an app, passkeys, and recovery codes for the day when neither is at hand.

Everything about how they work is allauth's; what is ours: a code is good once and counted across processes, guesses
are capped, secrets are bound to their account, and every change is in the record.
"""

from __future__ import annotations

import base64
import datetime as dt
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from allauth.core.internal.cryptokit import compare_user_code, normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from registry.accounts.adapters import secrets_of
from registry.accounts.models import User
from registry.accounts.sessions import end_sessions
from registry.audit import services as audit
from registry.lib.figures import limits
from registry.lib.limits import Take, forget, look, take

Type = Authenticator.Type
# What proves somebody's presence by itself; recovery codes only stand in for one of these.
FACTORS = (Type.TOTP, Type.WEBAUTHN)


class TooManyTries(Exception):
    """No further guess is taken for now; `until` says when."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__()
        self.until = until


def factors_of(user: User) -> QuerySet[Authenticator]:
    """App and passkeys, the oldest first."""
    held: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=FACTORS)
    return held.order_by("created_at", "pk")


def has_factor(user: User) -> bool:
    return bool(factors_of(user).exists())


def has_app(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Type.TOTP).exists())


# --- proving -------------------------------------------------------------------------------------------


def prove_by_code(user: User, typed: str) -> Authenticator | None:
    """The factor that a typed code proves: of the app, or one of the recovery codes. None for a wrong code.

    One guess at a time for each account: whoever comes second waits for the first to be counted.
    Raises TooManyTries.
    """
    with transaction.atomic(), secrets_of(user):
        held = _held_locked(user)
        _refuse_if_shut(user)
        for authenticator in held:
            if authenticator.type == Type.TOTP and _good_once(authenticator, typed):
                break
            if authenticator.type == Type.RECOVERY_CODES and RecoveryCodes(authenticator).validate_code(
                typed
            ):
                break
        else:
            count_wrong(user)
            return None
        return _proved(user, authenticator)


def prove_by_passkey(user: User, credential: Mapping[str, Any]) -> Authenticator | None:
    """The passkey that answered our challenge; the browser has looked at finger, face or PIN. Raises TooManyTries."""
    with transaction.atomic():
        _held_locked(user)
        _refuse_if_shut(user)
        try:
            webauthn.parse_authentication_response(credential)
            authenticator = webauthn.complete_authentication(user, dict(credential))
        except ValidationError:
            count_wrong(user)
            return None
        return _proved(user, authenticator)


def passkey_question(user: User) -> dict[str, Any] | None:
    """What the browser asks a passkey for; None for somebody who has none. Kept in the session until answered."""
    if not Authenticator.objects.filter(user=user, type=Type.WEBAUTHN).exists():
        return None
    question: dict[str, Any] = webauthn.begin_authentication(user)
    return question


def _held_locked(user: User) -> list[Authenticator]:
    User.objects.select_for_update().get(pk=user.pk)
    return list(Authenticator.objects.filter(user=user).exclude(type=Type.WEBAUTHN).order_by("type"))


def shut(user: User) -> dt.datetime | None:
    """Until when no further proof is taken from this account; None while it is."""
    wait = look([_guesses(user)])
    return timezone.now() + dt.timedelta(seconds=wait.seconds) if wait else None


def _refuse_if_shut(user: User) -> None:
    if until := shut(user):
        raise TooManyTries(until)


def _guesses(user: User) -> Take:
    return Take(f"staff|factor|{user.pk}", limits("staff.factor"))


@transaction.atomic
def count_wrong(user: User) -> None:
    """A proof of identity by somebody who is past the first password was wrong."""
    _refuse_if_shut(user)
    take(*_guesses(user))
    audit.record(code="accounts.second_factor_refused", actor=user, subject_type="user", subject_id=user.pk)


def _proved(user: User, authenticator: Authenticator) -> Authenticator:
    forget(_guesses(user).key)
    authenticator.record_usage()
    return authenticator


def _good_once(authenticator: Authenticator, typed: str) -> bool:
    """A code counts for its half minute and its neighbours, and none that is as old as the last one used."""
    secret = get_adapter().decrypt(authenticator.data["secret"])
    step = _step_of(secret, typed)
    if step is None or step <= authenticator.data.get("used", 0):
        return False
    authenticator.data["used"] = step
    authenticator.save(update_fields=["data"])
    return True


def _step_of(secret: str, typed: str) -> int | None:
    now, around = int(time.time()) // app_settings.TOTP_PERIOD, app_settings.TOTP_TOLERANCE
    for step in range(now - around, now + around + 1):
        if compare_user_code(actual=typed, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


# --- setting up and taking away ------------------------------------------------------------------------


class Secret(NamedTuple):
    """An app's secret while it is being set up: as the app reads it, and as a session may keep it."""

    text: str
    sealed: str


def sealed_secret(user: User, sealed: str | None) -> Secret:
    """The one that the session kept, or a new one."""
    with secrets_of(user):
        if sealed:
            return Secret(get_adapter().decrypt(sealed), sealed)
        text = generate_totp_secret()
        return Secret(text, get_adapter().encrypt(text))


def app_address(user: User, secret: str) -> tuple[str, str]:
    """(the address that an app reads, the address of its picture)"""
    address = get_adapter().build_totp_url(user, secret)
    picture = base64.b64encode(get_adapter().build_totp_svg(address).encode()).decode("ascii")
    return address, f"data:image/svg+xml;base64,{picture}"


@transaction.atomic
def add_app(user: User, secret: str, typed: str) -> bool:
    """Take an app into use, in place of the one before, once a code of it is right. False for a wrong code."""
    step = _step_of(secret, normalize_user_code(typed))
    if step is None:
        return False
    replaced, _rows = Authenticator.objects.filter(user=user, type=Type.TOTP).delete()
    with secrets_of(user):
        made = TOTP.activate(user, secret).instance
    made.data["used"] = step
    made.save(update_fields=["data"])
    _record("accounts.second_factor_add", user, made, replaced=bool(replaced))
    return True


def passkey_wish(user: User) -> dict[str, Any]:
    """What the browser asks a passkey to make. Kept in the session until answered."""
    wish: dict[str, Any] = webauthn.begin_registration(user, False)
    return wish


@transaction.atomic
def add_passkey(user: User, name: str, credential: Mapping[str, Any]) -> bool:
    """Take a passkey into use. False when the answer does not fit our challenge."""
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(dict(credential))
    except ValidationError:
        return False
    made = webauthn.WebAuthn.add(user, name, dict(credential)).instance
    _record("accounts.second_factor_add", user, made)
    return True


@transaction.atomic
def remove(user: User, pk: int) -> bool:
    """Take one factor away. False for the last one, and for one that is not there."""
    User.objects.select_for_update().get(pk=user.pk)
    held = list(factors_of(user))
    doomed = next((one for one in held if one.pk == pk), None)
    if doomed is None or len(held) == 1:
        return False
    _record("accounts.second_factor_remove", user, doomed)
    doomed.delete()
    return True


@transaction.atomic
def remove_all(user: User, *, reason: str, actor: User | None) -> None:
    """The holder has lost everything: the next sign-in sets up anew. For somebody else to do, who knows them."""
    n, _rows = Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    if n:
        audit.record(
            code="accounts.second_factor_reset",
            actor=actor,
            subject_type="user",
            subject_id=user.pk,
            reason=reason,
        )


def _record(code: str, user: User, authenticator: Authenticator, **more: Any) -> None:
    audit.record(
        code=code,
        actor=user,
        subject_type="user",
        subject_id=user.pk,
        after={"type": str(authenticator.type), **more},
    )


# --- recovery codes ------------------------------------------------------------------------------------


@transaction.atomic
def new_recovery_codes(user: User) -> list[str]:
    """Ten codes in place of those before, to be shown this once. Each is good once."""
    User.objects.select_for_update().get(pk=user.pk)
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    with secrets_of(user):
        made = RecoveryCodes.activate(user)
        codes = made.generate_codes()
    _record("accounts.recovery_codes", user, made.instance)
    return list(codes)


def recovery_codes_left(user: User) -> int | None:
    """How many are unused; None before any were made."""
    held = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    if held is None:
        return None
    return int(settings.MFA_RECOVERY_CODE_COUNT) - int(held.data["used_mask"]).bit_count()


# --- for trying the program out ------------------------------------------------------------------------


@transaction.atomic
def give_app(user: User) -> None:
    """An app's secret for an account that has no second factor, without anybody's phone. Demo and tests only."""
    if not has_factor(user):
        with secrets_of(user):
            _record("accounts.second_factor_add", user, TOTP.activate(user, generate_totp_secret()).instance)


def next_code(user: User) -> tuple[str, int] | None:
    """(the code that the app shows, or the next if that one was used; its half minute). None without an app."""
    held = Authenticator.objects.filter(user=user, type=Type.TOTP).first()
    if held is None:
        return None
    step = max(int(time.time()) // app_settings.TOTP_PERIOD, held.data.get("used", 0) + 1)
    with secrets_of(user):
        secret = get_adapter().decrypt(held.data["secret"])
    return format_hotp_value(hotp_value(secret, step)), step

"""Guessing is cut short: by name and address together through axes, and by name and by address alone.

Nothing that was typed is kept: people type passwords, and identity numbers, into the first field that they see. A
name is known here by its keyed hash, so a guess at a name that nobody has leaves the same rows as one at a name that
somebody has, and costs the same statements.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from registry.accounts.services import sign_in_refused
from registry.identity.current import keyring
from registry.identity.keyring import DOOR
from registry.lib.figures import limits
from registry.lib.limits import Take, look, take
from registry.lib.web import client_address, network_of

logger = logging.getLogger("registry.door")


def name_key(request: object, credentials: dict[str, Any] | None = None) -> str:
    """What axes calls whoever is being tried: the keyed hash of the name as it was typed, in 64 digits."""
    typed = (credentials or {}).get("username") or getattr(request, "POST", {}).get("username") or ""
    return key_of(str(typed))


def key_of(what: str) -> str:
    """The keyed hash of a name, or of something else that is being guessed at."""
    return keyring().blind_index(what, DOOR).hex()


def nobody(*args: object) -> str:
    """How axes' log lines call a client: not at all."""
    return "-"


def shut_until(key: str, address: str) -> dt.datetime | None:
    """Until when no password is looked at for this name from this address; None while the door is open."""
    now = timezone.now()
    ends = [now]
    shut = AccessAttempt.objects.filter(
        username=key, ip_address=address or None, failures_since_start__gte=settings.AXES_FAILURE_LIMIT
    ).first()
    if shut is not None:
        ends.append(shut.attempt_time + settings.AXES_COOLOFF_TIME)
    if wait := look(_caps(key, address)):
        ends.append(now + dt.timedelta(seconds=wait.seconds))
    return max(ends) if max(ends) > now else None


def _caps(key: str, address: str) -> list[Take]:
    # Whoever has an IPv6 address has a whole network of them; behind an IPv4 address sit whole offices.
    place = network_of(address) if ":" in address else address
    return [
        Take(f"staff|name|{key}", limits("staff.name")),
        Take(f"staff|address|{place}", limits("staff.address")),
    ]


def _count(key: str, address: str) -> None:
    """One wrong guess at this name from this address, beside what axes counts."""
    for cap in _caps(key, address):
        take(*cap)
    if take("staff|everywhere", limits("staff.everywhere")):
        logger.error("door: more failed sign-ins than a day with mistakes has; somebody is trying names")


class Handler(AxesDatabaseHandler):  # type: ignore[misc]
    """Axes' own counting by name and address, with our two caps beside it and without what was typed."""

    def is_locked(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        request.shut_until = shut_until(name_key(request, credentials), client_address(request))
        return request.shut_until is not None

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: Any = None, **kwargs: Any
    ) -> None:
        if request is None or request.axes_locked_out:
            return
        self.clean_expired_user_attempts(request, credentials)
        key, address = name_key(request, credentials), client_address(request)
        _count_pair(key, address)
        _count(key, address)
        until = shut_until(key, address)
        sign_in_refused(str(credentials.get("username") or ""), until)
        request.axes_locked_out, request.shut_until = until is not None, until
        request.axes_credentials = credentials

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        return int(
            super().reset_attempts(
                ip_address=ip_address, username=username and key_of(username), ip_or_username=ip_or_username
            )
        )


def _count_pair(key: str, address: str) -> None:
    pair = {"username": key, "ip_address": address or None, "user_agent": ""}
    again = AccessAttempt.objects.filter(**pair).update(
        failures_since_start=F("failures_since_start") + 1, attempt_time=timezone.now()
    )
    if not again:
        AccessAttempt.objects.get_or_create(**pair, defaults={"failures_since_start": 1})

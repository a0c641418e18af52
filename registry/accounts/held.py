"""What somebody sent when a fresh proof of identity was missing, kept until they give one: nothing is typed twice.

It lies in the session, sealed and bound to the account, for as long as a proof counts. It is shown back to its sender,
who sends it again by a click. Nothing is done on its own.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings

from registry.accounts.adapters import MFAAdapter, secrets_of
from registry.accounts.models import User

KEY = "held"
#: larger forms are filled in again; a session is read with every request
MOST_BYTES = 32 * 1024
_NEVER = {"csrfmiddlewaretoken"}


class Held(NamedTuple):
    """Where it was sent, and the fields in their order."""

    path: str
    fields: list[tuple[str, str]]


def keep(session: Any, user: User, path: str, fields: Iterable[tuple[str, str]]) -> bool:
    """Keep one form, in place of any before. False for one that is too large."""
    session.pop(KEY, None)
    text = json.dumps([path, [field for field in fields if field[0] not in _NEVER]])
    if len(text.encode()) > MOST_BYTES:
        return False
    with secrets_of(user):
        session[KEY] = {"at": time.time(), "sealed": MFAAdapter().encrypt(text)}
    return True


def take(session: Any, user: User) -> Held | None:
    """What was kept, which is then kept no longer; None for nothing, or nothing recent."""
    kept = session.pop(KEY, None)
    if kept is None or time.time() - kept["at"] > settings.STEP_UP_SECONDS:
        return None
    with secrets_of(user):
        path, fields = json.loads(MFAAdapter().decrypt(kept["sealed"]))
    return Held(path, [(name, value) for name, value in fields])

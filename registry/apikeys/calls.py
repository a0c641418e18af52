"""Calls that have their effect once: a client that heard no answer asks again under the same Idempotency-Key.

The row that remembers a call is written in the transaction of its effect. Two calls at once therefore meet at the row:
the second waits for the first and gets its answer, or is told to come again (409). A call that failed leaves no row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Status
from ninja.responses import NinjaJSONEncoder
from psycopg.errors import LockNotAvailable

from registry.apikeys.models import IdempotentCall
from registry.identity.current import keyring
from registry.identity.keyring import CALLS
from registry.lib import figures
from registry.lib.keyed import keyed

View = TypeVar("View", bound=Callable[..., Any])

HEADER = "Idempotency-Key"
_FORM = re.compile(r"[!-~]{1,200}", re.ASCII)
_WAIT = "3s"


class CallRefused(Exception):
    """The call was not made. The API answers with the status, the code and the text."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def once(operation: View) -> View:
    """An operation that writes is made once for each account and key.

    A client with an API key must send the header; one with a session may. Stands below `requires`.
    """

    @wraps(operation)
    def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get(HEADER, "")
        if not key and getattr(request, "api_key", None) is None:
            return operation(request, *args, **kwargs)
        if not _FORM.fullmatch(key):
            raise CallRefused(
                400, "idempotency_key", _("写入须带 Idempotency-Key：1 至 200 个可见的 ASCII 字符。")
            )
        return _made(request, key, lambda: operation(request, *args, **kwargs))

    guarded.once = True  # type: ignore[attr-defined]  # read by the test that every write has it
    return guarded  # type: ignore[return-value]


def asks(operation: View) -> View:
    """An operation that changes nothing, though it is a POST: what is asked shall stand in no address."""
    operation.asks = True  # type: ignore[attr-defined]  # read by the test that every write is made once
    return operation


def _made(request: Any, key: str, work: Callable[[], Any]) -> Any:
    digest, content = _keyed(key), _digest(request)
    try:
        with transaction.atomic():
            row = _first(request.user.pk, digest, content)
            if row is not None:
                answer = work()
                row.status = answer.status_code if isinstance(answer, Status) else 200
                said = answer.value if isinstance(answer, Status) else answer
                row.answer = keyring().seal(json.dumps(said, cls=NinjaJSONEncoder), CALLS, _row(row))
                row.save(update_fields=["status", "answer"])
                return answer
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise CallRefused(409, "in_progress", _("同一请求正在办理，请稍后再查。")) from None
        raise
    made = IdempotentCall.objects.get(account_id=request.user.pk, key=digest)
    if not hmac.compare_digest(bytes(made.request), content):
        raise CallRefused(
            422, "idempotency_key_reused", _("这个 Idempotency-Key 已用于另一个请求，请换一个新的。")
        )
    text = keyring().open_(bytes(made.answer or b""), CALLS, _row(made)).decode()
    return Status(made.status or 200, json.loads(text))


def _first(account_id: int, key: bytes, content: bytes) -> IdempotentCall | None:
    """The row of a call that is made for the first time; None where there is one already, once it is finished."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_WAIT}'")
        cursor.execute(
            """
            INSERT INTO apikeys_idempotentcall (account_id, key, request) VALUES (%s, %s, %s)
            ON CONFLICT (account_id, key) DO NOTHING RETURNING id
            """,
            [account_id, key, content],
        )
        made = cursor.fetchone()
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    return IdempotentCall.objects.get(pk=made[0]) if made else None


def prune() -> int:
    """Forget calls that are older than they are kept; returns how many."""
    before = timezone.now() - timedelta(hours=figures.number("idempotency.hours"))
    return IdempotentCall.objects.filter(created_at__lt=before).delete()[0]


def _digest(request: Any) -> bytes:
    """Of everything that makes the request: method, address, and what was sent, files included."""
    made = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        for name in sorted(request.POST):
            made.update(json.dumps([name, request.POST.getlist(name)]).encode())
        for name in sorted(request.FILES):
            for file in request.FILES.getlist(name):
                whole = hashlib.sha256()
                for chunk in file.chunks():
                    whole.update(chunk)
                file.seek(0)
                made.update(json.dumps([name, file.name, whole.hexdigest()]).encode())
    else:
        made.update(request.body)
    return _keyed(made.hexdigest())


def _row(row: IdempotentCall) -> str:
    return f"{row.pk:032x}"


def _keyed(text: str) -> bytes:
    return keyed("call", text)

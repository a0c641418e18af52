"""What is written to the log: one JSON object a line, without personal data.

Three ways by which such data would come in are closed. Fields with the name of a personal datum are left out; numbers
that have the shape of an identity, phone or account number are blotted out of texts; and of an exception only its
kind and the places in the code are kept, since messages of databases and parsers quote the values they dislike.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from registry.audit.commitments import PERSONAL_KEYS
from registry.audit.context import acting

BLOT = "▮"
_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# What a library puts beside its message for its own handlers, and what would bring whole requests into the log.
_LEFT_OUT = frozenset({"request", "response", "sql", "params", "alias", "args", "kwargs", "name", "username"})
_PERSONAL = PERSONAL_KEYS | {"display_name", "holder", "code", "password", "token", "q"}

# Read from left to right: an id of ours is kept whole, though digits in it may look like a number of somebody's.
_NUMBERS = re.compile(
    r"(?P<ours>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32,64}\b)"
    r"|(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{15}|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|\d{12,19})(?![0-9A-Za-z])"
)


def without_numbers(text: str) -> str:
    """The text with every number blotted out that could be somebody's identity, phone or account number."""
    return _NUMBERS.sub(lambda found: found["ours"] or BLOT, text)


class JsonLines(logging.Formatter):
    """A record as one line of JSON: when, how grave, from where, what, in which request, and where it broke."""

    def __init__(self, *, messages_of_exceptions: bool = False) -> None:
        super().__init__()
        self._messages = messages_of_exceptions

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_numbers(record.getMessage()),
        }
        if request_id := acting().request_id:
            line["request"] = request_id
        line.update(_fields(record))
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = self._exception(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)

    def _exception(self, error: BaseException) -> list[dict[str, Any]]:
        """The error and what it came from, outermost first."""
        told: list[dict[str, Any]] = []
        now: BaseException | None = error
        while now is not None and len(told) < 5:
            told.append(self._one(now))
            now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
        return told

    def _one(self, error: BaseException) -> dict[str, Any]:
        kind = type(error)
        one: dict[str, Any] = {
            "kind": f"{kind.__module__}.{kind.__qualname__}",
            "at": _places(error.__traceback__),
        }
        if sqlstate := getattr(error, "sqlstate", None):
            one["sqlstate"] = sqlstate
            one["constraint"] = getattr(getattr(error, "diag", None), "constraint_name", None)
        if self._messages:
            one["message"] = without_numbers(str(error))
        return one


def _places(where: TracebackType | None) -> list[str]:
    """File, line and function of each frame; the source line is left out, as are the values in it."""
    frames = traceback.extract_tb(where, limit=-20) if where is not None else []
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`, personal fields left out."""
    given = {
        key: value
        for key, value in record.__dict__.items()
        if key not in _OWN_FIELDS and key not in _LEFT_OUT
    }
    return {key: _clean(value) for key, value in given.items() if key.lower() not in _PERSONAL}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, dict):
        return {str(key): _clean(inner) for key, inner in value.items() if str(key).lower() not in _PERSONAL}
    if isinstance(value, (list, tuple, set)):
        return [_clean(inner) for inner in value]
    if isinstance(value, int):
        return value if without_numbers(str(value)) == str(value) else BLOT
    if isinstance(value, float | None):
        return value
    return type(value).__name__


class Gunicorn(GunicornLogger):  # type: ignore[misc]
    """The web server's own messages in the same shape; its access log, which holds addresses, stays off."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())

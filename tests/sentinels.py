"""Somebody listens while the tests run: no number of a person may come to where numbers have no business.

Every person in these tests has an identity number, a phone and perhaps an account of the usual shape. Whatever is
written to the log, handed to the queue as a task's arguments, sent by mail, shown on an error page or entered into
the record is looked through for such shapes, in every test, and the test that let one through fails there and then.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from tests import headers

# Identity numbers, mobile numbers, account numbers of the usual banks; the same for Python and for PostgreSQL.
SHAPES = r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[\dXx]|1[3-9]\d{9}|62\d{14,17})(?![0-9A-Za-z])"
NUMBER = re.compile(SHAPES)

#: How many texts of each channel were looked through in this process.
heard: dict[str, int] = {"log": 0, "page": 0, "mail": 0}


class Leaked(AssertionError):
    """Somebody's number came to where it may not be."""


def listen(channel: str, text: str) -> None:
    """Look through a text. Raises Leaked, naming the channel and never the number."""
    heard[channel] += 1
    if found := NUMBER.search(text):
        shown = NUMBER.sub("▮", text[max(0, found.start() - 80) : found.end() + 40])
        raise Leaked(f"a number in {channel}: …{shown}…")


class Ear(logging.Handler):
    """Hears messages before the formatter blots numbers out of them: none should have been given to it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            listen("log", record.getMessage())
        except Leaked as leak:
            # Raising here would only be swallowed by whoever logs; the test is failed when it ends.
            self.leaks.append(f"{record.name}: {leak}")


# In the database itself, so that no road of writing is missed. Tables that hold what may never name a number.
_WATCHED = {
    "procrastinate_jobs": "NEW.args::text",
    "audit_action": "convert_from(NEW.body, 'UTF8')",
    "audit_detail": "convert_from(NEW.body, 'UTF8')",
    "audit_manifest": "convert_from(NEW.body, 'UTF8')",
}


def watch_tables() -> None:
    """Let the test database refuse such rows."""
    with connection.cursor() as cursor:
        for table, text in _WATCHED.items():
            cursor.execute(
                "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'body'", [table]
            )
            seen = text if table == "procrastinate_jobs" or cursor.fetchone() else "row_to_json(NEW)::text"
            cursor.execute(
                f"""
                CREATE OR REPLACE FUNCTION tests_watch_{table}() RETURNS trigger LANGUAGE plpgsql AS $watch$
                DECLARE
                    seen text := {seen};
                    shapes text := $shape${SHAPES}$shape$;
                BEGIN
                    IF seen ~ shapes THEN
                        RAISE EXCEPTION 'a number in {table}: %', regexp_replace(seen, shapes, '▮', 'g')
                            USING ERRCODE = 'data_exception';
                    END IF;
                    RETURN NULL;
                END
                $watch$;
                CREATE OR REPLACE TRIGGER zz_tests_watch AFTER INSERT OR UPDATE ON {table}
                    FOR EACH ROW EXECUTE FUNCTION tests_watch_{table}();
                ALTER TABLE {table} ENABLE ALWAYS TRIGGER zz_tests_watch;
                """
            )


@contextmanager
def listening() -> Iterator[Ear]:
    """Log, mail and error pages, for as long as the block lasts."""
    ear = Ear()
    root = logging.getLogger()
    answer, send = Client.request, EmailBackend.send_messages

    def request(self: Client, **asked: Any) -> HttpResponse:
        response: Any = answer(self, **asked)
        # 409 and 422 show a form again, with what its owner typed.
        if response.status_code >= 400 and response.status_code not in (409, 422) and not response.streaming:
            listen("page", response.content.decode(errors="replace"))
        if settings.MIDDLEWARE:
            assert not (lacking := headers.faults(response)), lacking
        return response  # type: ignore[no-any-return]

    def send_messages(self: EmailBackend, messages: Any) -> int:
        for message in messages:
            listen("mail", f"{message.subject}\n{message.body}")
        return send(self, messages)

    level = root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "request", request)
        patch.setattr(EmailBackend, "send_messages", send_messages)
        root.addHandler(ear)
        root.setLevel(min(level, logging.INFO))
        try:
            yield ear
        finally:
            root.setLevel(level)
            root.removeHandler(ear)

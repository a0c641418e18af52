"""One statement asked hundreds of times a second: planned once for each connection, one call of libpq each time.

    STATUS = Prepared("status", "SELECT status($1::text)")
    STATUS.value(code)                              # text, or None

By a cursor the same question took the web process twice as long as it took PostgreSQL to answer: the statement is
looked up and converted, each parameter gets a type, sending, waiting and fetching each let other threads in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, RawCursor
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

_planned: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()


class Prepared:
    """A statement whose answer is one value. Parameters are $1, $2 … with a cast of their own (`$1::date`)."""

    def __init__(self, name: str, statement: str) -> None:
        """`name` is unique among the program's prepared statements."""
        self.name, self.statement = name.encode(), statement

    def value(self, *given: str | None) -> str | None:
        """The first column of the first row as text, None for NULL. Errors are Django's own (django.db.Error).

        Every parameter is text as PostgreSQL reads it. Inside of a transaction an ordinary cursor asks, which knows
        when to begin one.
        """
        connection.ensure_connection()
        inner = connection.connection
        with connection.wrap_database_errors:
            return self._sent(inner, given) if connection.autocommit else self._through_cursor(inner, given)

    def _sent(self, inner: Connection, given: Sequence[str | None]) -> str | None:
        planned = _planned.setdefault(inner, set())
        link = inner.pgconn
        if self.name not in planned:
            made = link.prepare(self.name, self.statement.encode())
            if made.status != ExecStatus.COMMAND_OK:
                raise error_from_result(made)
            planned.add(self.name)
        sent: list[Any] = [
            None if each is None else each.encode() for each in given
        ]  # NULL is not in its types
        result = link.exec_prepared(self.name, sent)
        if result.status != ExecStatus.TUPLES_OK:
            raise error_from_result(result)
        value = result.get_value(0, 0)
        return None if value is None else value.decode()

    def _through_cursor(self, inner: Connection, given: Sequence[str | None]) -> str | None:
        with RawCursor(inner) as cursor:
            row = cursor.execute(self.statement, list(given)).fetchone()
        return None if row is None or row[0] is None else str(row[0])

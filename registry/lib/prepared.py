"""One statement asked hundreds of times a second: planned once for each connection, one call of libpq each time.

    STATUS = Prepared("status", "SELECT status($1::text)")
    STATUS.value(code)                              # text, or None

By a cursor the same question took the web process twice as long as it took PostgreSQL to answer: the statement is
looked up and converted, each parameter gets a type, sending, waiting and fetching each let other threads in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from select import POLLIN, poll
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, OperationalError, RawCursor
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

_planned: WeakKeyDictionary[Connection, set[bytes]] = WeakKeyDictionary()


class Prepared:
    """A statement whose answer is one value. Parameters are $1, $2 … with a cast of their own (`$1::date`)."""

    def __init__(self, name: str, statement: str) -> None:
        """`name` is unique among the program's prepared statements."""
        self.name, self.statement = name.encode(), statement

    def value(self, *given: str | None) -> str | None:
        """The first column of the first row as text, None for NULL. Errors are Django's own (django.db.Error).

        Every parameter is text as PostgreSQL reads it. Inside of a transaction an ordinary cursor asks, which knows
        when to begin one. A connection that the server has ended meanwhile is replaced before it is used.
        """
        connection.ensure_connection()
        if not connection.autocommit:
            with connection.wrap_database_errors:
                return self._through_cursor(connection.connection, given)
        if _has_news(connection.connection.pgconn):
            connection.close()
            connection.ensure_connection()
        with connection.wrap_database_errors:
            return self._sent(connection.connection, given)

    def _sent(self, inner: Connection, given: Sequence[str | None]) -> str | None:
        planned = _planned.setdefault(inner, set())
        link = inner.pgconn
        if self.name not in planned:
            made = link.prepare(self.name, self.statement.encode())
            if made.status != ExecStatus.COMMAND_OK:
                raise _error(link, made)
            planned.add(self.name)
        sent: list[Any] = [
            None if each is None else each.encode() for each in given
        ]  # NULL is not in its types
        result = link.exec_prepared(self.name, sent)
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(link, result)
        value = result.get_value(0, 0)
        return None if value is None else value.decode()

    def _through_cursor(self, inner: Connection, given: Sequence[str | None]) -> str | None:
        with RawCursor(inner) as cursor:
            row = cursor.execute(self.statement, list(given)).fetchone()
        return None if row is None or row[0] is None else str(row[0])


def _has_news(link: PGconn) -> bool:
    """Whether something was said on a connection that nobody asked: nearly always, that it has ended."""
    if link.status != ConnStatus.OK:
        return True
    heard = poll()
    heard.register(link.socket, POLLIN)
    return bool(heard.poll(0))


def _error(link: PGconn, result: PGresult) -> Exception:
    if link.status == ConnStatus.OK:
        return error_from_result(result)
    # Without a state of SQL it would be taken for a fault of ours.
    return OperationalError("the connection to the server was lost")

"""Prepared statements: the same answer on both roads, Django's errors, and no connection that stays broken."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DataError, OperationalError, connection, transaction

from registry.config.views import _is_passing
from registry.lib.prepared import Prepared

DOUBLED = Prepared("test_doubled", "SELECT ($1::integer * 2)::text || $2::text")


@pytest.fixture
def own_connection(transactional_db: None) -> Iterator[None]:
    """Outside of a transaction, as a request asks; the connection is not the one that other tests keep."""
    connection.close()
    yield
    connection.close()


def test_both_roads_say_the_same(own_connection: None) -> None:
    assert DOUBLED.value("21", "号") == DOUBLED.value("21", "号") == "42号"
    assert DOUBLED.value(None, "号") is None
    with transaction.atomic():
        assert DOUBLED.value("21", "号") == "42号"
        assert DOUBLED.value(None, "号") is None


def test_errors_are_djangos_and_leave_the_connection_usable(own_connection: None) -> None:
    with pytest.raises(DataError):
        DOUBLED.value("two", "")
    assert DOUBLED.value("2", "") == "4"
    with pytest.raises(DataError), transaction.atomic():
        DOUBLED.value("two", "")
    assert DOUBLED.value("2", "") == "4"


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(own_connection: None) -> None:
    assert DOUBLED.value("1", "") == "2"
    pid = connection.connection.info.backend_pid
    with ThreadPoolExecutor(1) as other:
        other.submit(_end, pid).result()
    assert DOUBLED.value("1", "") == "2"


def test_one_that_ends_while_it_answers_is_told_as_a_passing_trouble(own_connection: None) -> None:
    suicide = Prepared("test_ends", "SELECT pg_terminate_backend(pg_backend_pid())::text || $1::text")
    for _again in range(2):
        with pytest.raises(OperationalError) as failed:
            suicide.value("")
        assert _is_passing(failed.value)
        connection.close_if_unusable_or_obsolete()  # as Django does when a request is over
    assert DOUBLED.value("1", "") == "2"


def _end(pid: int) -> None:
    """By a connection of another thread."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        connection.close()

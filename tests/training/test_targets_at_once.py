"""Several connections at once: imports into one county do not wait for each other, and folding loses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.training.counted import N1, PROVINCE, Register, differences
from training.enrolments.models import Enrolment
from training.targets import services, sums
from training.targets.counting import Count, Period, Place
from training.targets.models import Delta
from training.targets.tables import Measure

pytestmark = pytest.mark.django_db(transaction=True)

Y2024 = Period.of_year(2024)
ROW = """
    INSERT INTO enrolments_enrolment (person_id, klass_id, state, category, result, started_on, finished_on,
                                      region_code, funding, training_type, firsts)
    SELECT p.id, %s, 'finished', 'rural', 'pass', '2024-03-01', '2024-03-20', %s, 'subsidised', 'employment', %s
    FROM people_person p WHERE p.name = ANY (%s)
"""


def in_county() -> int | None:
    return sums.one(Place(N1), Y2024, {"x": Count(Measure.FINISHED)})["x"]


def enrol(connection: psycopg.Connection[Any], klass: int, names: list[str], firsts: int = 65535) -> None:
    connection.execute(ROW, [klass, N1, firsts, names])


def test_two_imports_into_one_county_do_not_wait_for_each_other(database_url: str) -> None:
    register = Register.make()
    school = register.provider("北校", N1)
    one, other = register.klass(school, N1), register.klass(school, N1)
    for letter in "abcd":
        register.person(letter)
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        second.execute("SET lock_timeout = '2s'")
        enrol(first, one.pk, ["a", "b"])
        enrol(second, other.pk, ["c", "d"])  # a lock of the first would end this by a timeout
        second.commit()
        assert in_county() == 2
        first.commit()
    assert in_county() == 4
    services.fold()
    assert in_county() == 4
    assert differences() == []


def test_folding_leaves_lines_of_open_transactions_for_later(database_url: str) -> None:
    register = Register.make()
    klass = register.klass(register.provider("北校", N1), N1)
    for letter in "abc":
        register.person(letter)
    with psycopg.connect(database_url) as importer:
        enrol(importer, klass.pk, ["a", "b"])
        assert services.fold() == 0
        assert in_county() == 0
        importer.commit()
        assert in_county() == 2
        enrol(importer, klass.pk, ["c"])
        assert services.fold() > 0
        assert in_county() == 2
        importer.rollback()
    assert in_county() == 2
    assert not Delta.objects.exists()
    assert differences() == []


def test_readers_see_every_line_once_while_lines_are_folded(database_url: str) -> None:
    register = Register.make()
    klass = register.klass(register.provider("北校", N1), N1)
    names = [f"p{number}" for number in range(60)]
    for name in names:
        register.person(name)
    stop = threading.Event()

    def write(connection: psycopg.Connection[Any]) -> None:
        for name in names:
            enrol(connection, klass.pk, [name])
            connection.commit()

    def fold(connection: psycopg.Connection[Any]) -> None:
        while not stop.is_set():
            connection.execute("SELECT targets_fold()")
            connection.commit()

    writer, folder = _thread(database_url, write), _thread(database_url, fold)
    seen = [0]
    deadline = time.monotonic() + 60
    while seen[-1] < len(names) and time.monotonic() < deadline:
        seen.append(in_county() or 0)
    stop.set()
    writer.join()
    folder.join()
    assert seen == sorted(seen), "a figure went back: a line was missed or counted twice"
    assert seen[-1] == len(names)
    assert differences() == []


def test_two_first_payments_of_one_row_count_once(database_url: str) -> None:
    register = Register.make()
    (row,) = register.finish(register.klass(register.provider("北校", N1), N1), "a")
    pay = (
        "INSERT INTO claims_payment (enrolment_id, amount_fen, fund, paid_on, basis, region_code)"
        " VALUES (%s, 100, '', '2024-05-05', %s, %s)"
    )
    with psycopg.connect(database_url) as first:
        first.execute(pay, [row.pk, "reported", N1])

        def second_payment(connection: psycopg.Connection[Any]) -> None:
            connection.execute(pay, [row.pk, "paid", N1])
            connection.commit()

        second = _thread(database_url, second_payment)
        time.sleep(0.3)
        first.commit()
        second.join()
    figures = sums.one(
        Place(PROVINCE), Y2024, {"n": Count(Measure.PAID), "fen": Count(Measure.PAID, what="amount_fen")}
    )
    assert figures == {"n": 1, "fen": 200}
    assert differences() == []
    assert Enrolment.objects.count() == 1


def test_a_line_folded_while_a_statement_runs_is_seen_once(database_url: str) -> None:
    register = Register.make()
    register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    asked = "'', '{2}', '2024-01-01', '2024-12-31'"
    found: list[Any] = []

    def read(connection: psycopg.Connection[Any]) -> None:
        found.extend(
            connection.execute(
                f"SELECT 'open', n FROM targets_open_lines('{N1}', false, {asked}, 0)"
                " UNION ALL SELECT '', 0 FROM pg_sleep(1)"
                f" UNION ALL SELECT 'folded', n FROM targets_node_year_lines('{N1}', false, {asked}, NULL, 0)"
                f" UNION ALL SELECT 'open', n FROM targets_open_lines('{N1}', false, {asked}, 0)"
            ).fetchall()
        )

    reader = _thread(database_url, read)
    time.sleep(0.4)
    assert services.fold() > 0
    reader.join()
    assert found == [("open", 2), ("", 0), ("open", 2)]
    assert in_county() == 2


def _thread(url: str, work: Callable[[psycopg.Connection[Any]], None]) -> threading.Thread:
    def run() -> None:
        with psycopg.connect(url) as connection:
            work(connection)

    thread = threading.Thread(target=run)
    thread.start()
    return thread

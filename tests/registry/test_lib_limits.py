"""Limits: never one too often within any span, whoever comes at the same time; and how long to wait."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.lib.limits import Limit, Take, Wait, forget, give_back, look, sweep, take, take_all
from registry.lib.models import Counter

NOON = dt.datetime(2026, 5, 11, 12, tzinfo=dt.UTC)
SHORT, LONG = Limit(1, 60), Limit(5, 3600)


def at(seconds: float) -> dt.datetime:
    return NOON + dt.timedelta(seconds=seconds)


@pytest.mark.django_db
def test_the_next_is_refused_until_there_is_room_again() -> None:
    assert take("a", [SHORT], at(0)) is None
    assert take("a", [SHORT], at(20)) == Wait(40)
    assert take("b", [SHORT], at(20)) is None
    assert take("a", [SHORT], at(60)) is None


@pytest.mark.django_db
def test_every_limit_must_leave_room_and_the_longest_wait_is_told() -> None:
    for minute in range(5):
        assert take("a", [SHORT, LONG], at(minute * 60)) is None
    assert take("a", [SHORT, LONG], at(250)) == Wait(3350)


@pytest.mark.django_db
def test_what_is_refused_does_not_count() -> None:
    assert take("a", [SHORT], at(0)) is None
    for second in range(1, 60):
        assert take("a", [SHORT], at(second)) is not None
    assert take("a", [SHORT], at(60)) is None


@pytest.mark.django_db
def test_several_keys_count_together_or_not_at_all() -> None:
    assert take("phone", [SHORT], at(0)) is None
    both = [Take("phone", [SHORT]), Take("address", [Limit(1, 3600)])]
    assert take_all(both, at(30)) == Wait(30)
    assert take("address", [Limit(1, 3600)], at(30)) is None
    assert take_all(both, at(90)) == Wait(3540)


@pytest.mark.django_db
def test_looking_counts_nothing_and_giving_back_makes_room() -> None:
    assert look([Take("a", [SHORT])], at(0)) is None
    assert not Counter.objects.exists()
    assert take("a", [SHORT], at(0)) is None
    assert look([Take("a", [SHORT])], at(1)) == Wait(59)
    give_back("a")
    assert take("a", [SHORT], at(2)) is None
    forget("a")
    assert take("a", [SHORT], at(3)) is None


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.integers(0, 40), max_size=40), n=st.integers(1, 4), seconds=st.integers(1, 60))
def test_no_span_ever_holds_more_and_no_room_is_left_unused(steps: list[int], n: int, seconds: int) -> None:
    forget("h")
    now, passed = 0, []
    for step in steps:
        now += step
        inside = [moment for moment in passed if moment > now - seconds]
        waits = take("h", [Limit(n, seconds)], at(now))
        assert (waits is None) is (len(inside) < n)
        if waits is None:
            passed.append(now)
        else:
            assert waits.seconds == inside[-n] + seconds - now


@pytest.mark.django_db
def test_only_what_no_limit_asks_for_is_swept_and_no_key_can_be_read() -> None:
    now = dt.datetime.now(dt.UTC)
    assert take("13800000000", [LONG]) is None
    assert take("old", [LONG], now - dt.timedelta(hours=2)) is None
    assert sweep() == 1
    assert take("13800000000", [Limit(1, 3600)]) is not None
    assert b"13800000000" not in bytes(Counter.objects.get().key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'lib_counter'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_never_get_more_than_there_is() -> None:
    """Each of 16 asks for two keys 25 times, in either order; a sweep goes on meanwhile."""
    gate, most = Barrier(17), Limit(37, 3600)

    def ask(number: int) -> int:
        keys = [Take("one", [most]), Take("two", [Limit(1000, 3600)])]
        gate.wait()
        try:
            return sum(take_all(keys[:: 1 if number % 2 else -1]) is None for _ in range(25))
        finally:
            connections.close_all()

    def clean() -> int:
        gate.wait()
        try:
            return sum(sweep() for _ in range(50))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(17) as pool:
        cleaning = pool.submit(clean)
        passed = sum(pool.map(ask, range(16)))
        cleaning.result()
    assert passed == most.n
    assert sorted(len(counter.hits) for counter in Counter.objects.all()) == [most.n, most.n]

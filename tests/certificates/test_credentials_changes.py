"""Following certificates: nothing is missed, whoever commits first; each reader sees their own."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from certificates.credentials import changes
from certificates.credentials.models import Change
from certificates.issuance.models import Certificate
from registry.lib.scope import Scope
from tests import certified

DAY = dt.date(2026, 11, 29)


def read(scope: Scope, cursor: int = 0, most: int = 500) -> changes.Page:
    while changes.number_waiting():
        pass
    return changes.since(scope, cursor, dt.date.today(), most)


@pytest.mark.django_db
def test_a_change_says_what_the_certificate_is_now_to_those_who_may_see_it() -> None:
    stage, other = certified.build(3), certified.build(1, name="和田红柳职业技能评价中心")
    _first, second, third = stage.certificates
    mine = Scope.institution(stage.body.pk)
    page = read(mine, most=2)
    rest = read(mine, page.cursor)
    assert page.more and not rest.more and len(page.rows) == 2
    seen = sorted(row["certificate"]["number"] for row in page.rows + rest.rows)
    assert seen == [row.number for row in stage.certificates]
    end = read(mine).cursor
    # The other body's are passed over, and not asked for again.
    assert read(Scope.all()).cursor == end
    assert len(read(Scope.institution(other.body.pk)).rows) == 1

    Certificate.objects.filter(pk=second.pk).update(state="revoked", state_on=dt.date.today())
    Certificate.objects.filter(pk=third.pk).update(first_high=False)  # tells nobody anything
    later = read(mine, end)
    told = [row["certificate"] for row in later.rows]
    assert [(row["number"], row["answer"], row["words"]) for row in told] == [
        (second.number, "revoked", "已撤销")
    ]
    # A late reader is never told of a state that is over.
    assert {row["certificate"]["answer"] for row in read(mine).rows} == {"valid", "revoked"}
    assert [row["certificate"]["answer"] for row in read(mine).rows].count("valid") == 2
    assert not read(mine, later.cursor).rows and not read(Scope.none()).rows


@pytest.mark.django_db
def test_what_a_ledger_reports_is_told_once_it_is_confirmed() -> None:
    stage = certified.build(1)
    one = Certificate.objects.create(
        person=stage.people[0],
        family="skill_level",
        number="0000000000000001",
        region_code=certified.COUNTY,
        basis="reported",
    )
    before = read(Scope.all())
    Certificate.objects.filter(pk=one.pk).update(region_code="653101", state_on=DAY)
    assert not read(Scope.all(), before.cursor).rows
    Certificate.objects.filter(pk=one.pk).update(confirmed_on=DAY)
    assert [row["certificate"]["answer"] for row in read(Scope.all(), before.cursor).rows] == ["valid"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_missed_however_transactions_end() -> None:
    """Eight writers whose transactions end in any order, two who read and number meanwhile: each change read once."""
    stage = certified.build(40)
    ids = [row.pk for row in stage.certificates]
    start = read(Scope.all()).cursor
    gate, over = threading.Barrier(10), threading.Event()
    seen: list[list[int]] = [[], []]
    failed: list[BaseException] = []

    def write(place: int) -> None:
        gate.wait()
        for turn, pk in enumerate(ids[place::8]):
            with transaction.atomic():
                Certificate.objects.filter(pk=pk).update(state="suspended", state_on=DAY)
                # Begun first, ended last: the ids of changes are drawn in another order than they come to stand.
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_sleep(%s)", [((place * 7 + turn * 3) % 5) / 100])

    def follow(place: int) -> None:
        cursor = start
        gate.wait()
        while True:
            last = over.is_set()
            page = read(Scope.all(), cursor, most=3)
            seen[place] += [row["position"] for row in page.rows]
            cursor = page.cursor
            if last and not page.rows and not page.more:
                return

    def run(work: Any, place: int) -> None:
        try:
            work(place)
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=run, args=(write, n)) for n in range(8)]
    readers = [threading.Thread(target=run, args=(follow, n)) for n in range(2)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in readers:
        thread.join()
    assert not failed
    everything = list(range(start + 1, start + len(ids) + 1))
    assert seen == [everything, everything]
    assert Change.objects.filter(position=None).count() == 0

"""A person becomes highly skilled once: with the earliest certificate of such a level that stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection

from certificates.issuance import services
from certificates.issuance.models import Certificate
from registry.people import merging
from registry.people.models import Person
from tests import town as towns
from tests.town import Town, entry, ledger, loaded, person


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def holder(town: Town) -> Person:
    return Person.objects.create(name="甲", name_key="甲")


SERIALS = iter(range(1, 10_000))


def issue(holder: Person, day: str | None, rank: int = 4, **more: Any) -> Certificate:
    one = Certificate.objects.create(
        person=holder,
        family=more.pop("family", "skill_level"),
        number=f"N{next(SERIALS)}",
        level_id=rank,
        region_code=towns.CITY,
        issued_on=dt.date.fromisoformat(day) if day else None,
        basis="reported",
        **more,
    )
    refresh(holder)
    return one


def refresh(*people: Person) -> None:
    with connection.cursor() as cursor:
        ids = [one.pk for one in people]
        services.mark_first_high(cursor, "SELECT unnest(%(ids)s::uuid[])", {"ids": ids})


def first() -> list[str]:
    return list(
        Certificate.objects.filter(first_high=True).order_by("issued_on").values_list("number", flat=True)
    )


def test_the_earliest_carries_the_mark_in_whatever_order_they_come(holder: Person) -> None:
    late = issue(holder, "2024-05-01")
    assert first() == [late.number]
    early = issue(holder, "2023-05-01")
    assert first() == [early.number]
    issue(holder, None)
    issue(holder, "2020-01-01", rank=3)
    issue(holder, "2019-01-01", family="completion")
    assert first() == [early.number]


def standing() -> list[str]:
    """Marked certificates that are not revoked."""
    return [number for number in first() if Certificate.objects.get(number=number).state != "revoked"]


def test_the_mark_moves_on_when_its_certificate_is_revoked(holder: Person) -> None:
    early, late = issue(holder, "2023-05-01"), issue(holder, "2024-05-01")
    last = issue(holder, "2025-05-01")
    Certificate.objects.filter(pk=early.pk).update(state="revoked", state_on=dt.date(2024, 8, 1))
    # What was counted stays counted, and is taken off in the month of revocation.
    assert first() == [early.number, late.number]
    Certificate.objects.filter(pk=late.pk).update(issued_on=dt.date(2025, 6, 1))
    assert standing() == [last.number]
    Certificate.objects.filter(pk=last.pk).delete()
    assert standing() == [late.number]
    # An earlier one that comes to light later takes the mark from those that stand, not from what was revoked.
    earliest = issue(holder, "2020-05-01")
    assert first() == [earliest.number, early.number]


def test_a_replacement_is_not_a_second_achievement_and_a_revoked_certificate_stays_so(holder: Person) -> None:
    first_one = issue(holder, "2023-05-01")
    issue(holder, "2022-05-01", replaces=first_one)
    assert first() == [first_one.number]
    Certificate.objects.filter(pk=first_one.pk).update(state="revoked", state_on=dt.date(2024, 8, 1))
    assert standing() == []
    with pytest.raises(IntegrityError, match="does not become"):
        Certificate.objects.filter(pk=first_one.pk).update(state="valid")


def test_one_of_two_marks_remains_after_a_merge_and_returns_when_it_is_undone(holder: Person) -> None:
    other = Person.objects.create(name="乙", name_key="乙")
    mine, theirs = issue(holder, "2024-05-01"), issue(other, "2023-05-01")
    assert first() == [theirs.number, mine.number]
    done = merging.merge(survivor_id=holder.pk, absorbed_id=other.pk, reason="同一人", actor=None)
    assert first() == [theirs.number]
    merging.undo(merge_id=done.pk, reason="有误", actor=None)
    assert first() == [theirs.number, mine.number]


def test_a_ledger_marks_newcomers_and_those_it_knew(town: Town) -> None:
    def high(n: int, serial: int, year: int) -> Any:
        number = towns.ledger_cases.number(serial, level="3", year=str(year)[2:])
        return entry(
            person(n),
            serial,
            number=f"K-{serial}",
            level="三级",
            starts=f"{year}-03-05",
            ends=f"{year}-03-24",
            issued=f"{year}-04-10",
        ), number

    def row(n: int, serial: int, year: int) -> Any:
        made, number = high(n, serial, year)
        return towns.ledger_cases.replace(made, certificate_number=number)

    loaded(town, "ledger", ledger([row(1, 1, 2024), row(1, 2, 2023), row(2, 3, 2024)]))
    assert len(first()) == 2 and first()[0].startswith("S000065000123233")
    loaded(town, "ledger", ledger([row(2, 4, 2022), row(1, 5, 2025)]))
    assert sorted(number[13:15] for number in first()) == ["22", "23"]
    towns.proved()

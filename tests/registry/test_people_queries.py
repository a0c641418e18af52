"""Finding people: by whole number or by name, within a scope, never decrypted."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.identity.id_numbers import upgrade
from registry.lib.scope import Scope
from registry.people import merging, queries
from registry.people.models import MatchCase, Person
from tests import town as towns
from tests.sheets import cast
from tests.town import Town, entry, ledger, loaded, people, person

FIFTEEN = "650102680101123"


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def found(scope: Scope, text: str) -> list[str]:
    return [one.name for one in queries.search(scope, text)]


def test_a_number_is_found_however_it_is_written(town: Town) -> None:
    old = cast.Person("郑福生", upgrade(FIFTEEN))
    loaded(town, "ledger", ledger([entry(old, 1), entry(person(1), 2)]))
    everything = Scope.all()
    assert found(everything, FIFTEEN) == ["郑福生"], "fifteen digits are the same person as eighteen"
    assert found(everything, upgrade(FIFTEEN)) == ["郑福生"]
    spaced = f" {person(1).id_number[:6]} {person(1).id_number[6:].lower()} "
    assert found(everything, spaced) == [person(1).name]
    assert found(everything, person(1).id_number[:17]) == []
    assert found(everything, "") == found(everything, "  ") == []


def test_a_name_is_found_by_its_beginning(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1).called("阿依古丽·买买提"), 1), entry(person(2), 2)]))
    assert found(Scope.all(), "阿依") == ["阿依古丽·买买提"]
    assert found(Scope.all(), "古丽") == []


def test_scopes_hide_others(town: Town) -> None:
    here, there = person(1), person(2)
    loaded(town, "ledger", ledger([entry(here, 1), entry(there, 2, school=towns.AWAY_SCHOOL)]))
    for scope, seen in (
        (Scope.all(), {here.name, there.name}),
        (Scope.region(towns.PROVINCE), {here.name, there.name}),
        (Scope.region(towns.PREFECTURE), {here.name}),
        (Scope.region(towns.AWAY), {there.name}),
        (Scope.institution(town.school.pk), {here.name}),
        (Scope.institution(town.other.pk), set()),
        (Scope.own(Person.objects.get(name=there.name).pk), {there.name}),
        (Scope.none(), set()),
    ):
        assert {one.name for one in queries.people(scope)} == seen, scope
        for who in (here, there):
            assert found(scope, who.id_number) == ([who.name] if who.name in seen else []), scope
            assert (queries.person(scope, Person.objects.get(name=who.name).pk) is not None) == (
                who.name in seen
            )


def test_who_took_part_twice_is_one(town: Town) -> None:
    rows = [
        entry(person(1), 1),
        entry(person(1), 2, number="K-2", starts="2024-06-03", ends="2024-06-20", issued="2024-07-01"),
    ]
    loaded(town, "ledger", ledger(rows))
    assert len(queries.people(Scope.region(towns.PROVINCE))) == 1


def test_nothing_is_decrypted_and_little_is_asked(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(20))]))
    with CaptureQueriesContext(connection) as seen:
        for one in queries.people(Scope.all()):
            assert [document.mask for document in one.documents.all()]
    assert len(seen) == 2
    assert not any('"sealed"' in query["sql"] for query in seen)


def test_three_answers(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    one = Person.objects.get()
    assert queries.known(person(1).id_number, "随便").person == one
    another = cast.identity("653122", one.birth_date.strftime("%Y%m%d"), 555)  # type: ignore[union-attr]
    assert queries.known(another, one.name, one.birth_date).perhaps == (one,)
    assert queries.known(another, "别人", one.birth_date) == queries.Known()
    assert queries.known(another, one.name) == queries.Known()


def test_a_merged_record_leads_to_the_one_that_holds_it(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(who, n, number=f"K-{n}") for n, who in enumerate(people(3))]))
    a, b, c = Person.objects.order_by("pk")
    merging.merge(survivor_id=b.pk, absorbed_id=c.pk, reason="同一人", actor=None)
    merging.merge(survivor_id=a.pk, absorbed_id=b.pk, reason="同一人", actor=None)
    assert queries.person(Scope.all(), c.pk) == queries.person(Scope.all(), b.pk) == a
    assert [one.pk for one in queries.people(Scope.all())] == [a.pk]


def test_a_pair_is_for_whoever_sees_both(town: Town) -> None:
    rows = [entry(person(1), 1), entry(person(2), 2, school=towns.AWAY_SCHOOL)]
    loaded(town, "ledger", ledger(rows))
    first, second = Person.objects.order_by("pk")
    MatchCase.objects.create(first=first, second=second, reason="name_birth_phone")
    assert queries.open_match_cases(Scope.region(towns.PROVINCE)).count() == 1
    for narrow in (towns.CITY, towns.AWAY):
        assert not queries.open_match_cases(Scope.region(narrow)).exists()

"""Do we know this person? Yes by number; perhaps by looks; and a doubt is put once, to a human."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from registry.people.models import MatchCase, Person
from tests import town as towns
from tests.sheets import cast
from tests.town import Town, loaded, person, roster

HEAD = ("姓名", "身份证号", "证件类型", "联系电话", "出生日期")
BORN = "19920514"
CITIZEN = cast.Person("阿依古丽·买买提", cast.identity("653101", BORN, 482), "13900000001")
RESIDENT = cast.identity("810000", BORN, 402)
PASSPORT, PASS = "E12345678", "H12345678"


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def register(town: Town, *people: Sequence[str]) -> None:
    """(name, number, kind of document, telephone) each; all born on the same day."""
    rows = [[*who, "1992-05-14"] for who in people]
    klass = towns.make_class(
        town.school, f"M-{MatchCase.objects.count()}-{Person.objects.count()}", town.welding
    )
    loaded(town, "roster", roster([], *rows, head=HEAD), **{"class": klass.pk})


def doubts() -> list[str]:
    return list(MatchCase.objects.order_by("id").values_list("reason", flat=True))


def citizen(sequence: int, phone: str = "") -> list[str]:
    return [CITIZEN.name, cast.identity("653101", BORN, sequence), "居民身份证", phone]


def test_two_citizens_numbers_are_two_people(town: Town) -> None:
    register(town, citizen(482, "13900000001"), citizen(484, "13900000002"))
    assert doubts() == []


def test_same_name_day_and_telephone_is_a_doubt(town: Town) -> None:
    register(town, citizen(482, "13900000001"))
    register(town, citizen(484, "13900000001"))
    assert doubts() == ["name_birth_phone"]
    case = MatchCase.objects.get()
    assert case.first.created_at <= case.second.created_at and case.batch_id is not None


def test_a_holder_of_other_papers_is_a_doubt_whoever_comes_first(town: Town) -> None:
    resident = [CITIZEN.name, RESIDENT, "港澳台居民居住证", ""]
    register(town, citizen(482))
    register(town, resident)
    assert doubts() == ["name_birth_document"]
    register(town, citizen(484))
    assert doubts() == ["name_birth_document"] * 2


def test_two_who_come_together_are_asked_about_once(town: Town) -> None:
    register(town, citizen(482, "13900000001"), [CITIZEN.name, RESIDENT, "港澳台居民居住证", "13900000001"])
    assert len(doubts()) == 1
    assert MatchCase.objects.get().first_id != MatchCase.objects.get().second_id


def test_the_same_person_again_raises_nothing(town: Town) -> None:
    register(town, citizen(482), [CITIZEN.name, RESIDENT, "港澳台居民居住证", ""])
    register(town, citizen(482), [CITIZEN.name, RESIDENT, "港澳台居民居住证", ""])
    assert (len(doubts()), Person.objects.count()) == (1, 2)


def test_another_name_or_day_is_no_doubt(town: Town) -> None:
    register(town, citizen(482))
    register(town, ["阿依努尔", RESIDENT, "港澳台居民居住证", ""])
    assert doubts() == []


def test_asking_costs_the_same_for_many(town: Town) -> None:
    loaded(town, "roster", roster([person(n) for n in range(300)]))
    assert doubts() == []

"""What a roster may do to its class, and to the people it names."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from registry.identity.current import keyring
from registry.institutions.models import Filing
from registry.people.models import BankAccount, Document, Person, Phone
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from tests import town as towns
from tests.sheets import cast
from tests.sheets.roster_cases import _card as card
from tests.town import Town, counts, entry, ledger, load, loaded, people, person, proved, roster, said
from training.catalogue.models import AgeLimit
from training.classes.models import Session, TrainingClass
from training.enrolments.models import Enrolment

State = TrainingClass.State
FULL_HEAD = (
    "姓名",
    "身份证号",
    "联系电话",
    "人员类别",
    "文化程度",
    "户籍地区划",
    "开户银行",
    "银行户名",
    "银行账号",
)


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def warned(batch: Any, code: str) -> list[int]:
    return [row for row, said_code in said(batch, "warning") if said_code == code]


# --- one statement, both halves


def test_a_person_is_looked_for_in_the_file_and_in_the_class(town: Town) -> None:
    """Fails when either half of the search is dropped."""
    loaded(town, "roster", roster([person(1)]))
    batch = load(town, "roster", roster([person(1), person(2), person(2), person(3)]), valid_rows_only=True)
    assert (said(batch), counts(batch)) == ([(4, "ID_DUPLICATE_IN_FILE")], (4, 2, 1, 1))
    assert Enrolment.objects.count() == Person.objects.count() == 3
    proved()


def test_who_left_the_class_does_not_come_back_by_a_sheet(town: Town) -> None:
    loaded(town, "roster", roster(people(2)))
    Enrolment.objects.filter(row_no=2).update(state="withdrawn")
    assert said(load(town, "roster", roster(people(2)))) == [(2, "ALREADY_REGISTERED")]


def test_another_category_is_not_overwritten(town: Town) -> None:
    head = towns.ROSTER_HEAD
    who = person(1)
    loaded(town, "roster", roster([], [who.name, who.id_number, who.phone, "脱贫人口"], head=head))
    other = load(town, "roster", roster([], [who.name, who.id_number, who.phone, "退役军人"], head=head))
    assert said(other) == [(2, "ALREADY_REGISTERED")]
    assert counts(loaded(town, "roster", roster([who]))) == (1, 0, 0, 1), "a blank says nothing"


def test_a_name_that_differs_is_not_guessed_at(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    batch = load(town, "roster", roster([person(1).called("马兰"), person(2)]))
    assert said(batch) == [(2, "ID_NAME_CONFLICT")]


# --- the class


def test_seats_are_given_in_the_order_of_the_sheet(town: Town) -> None:
    town.klass.capacity = 3
    town.klass.save()
    loaded(town, "roster", roster([person(0)]))
    batch = load(town, "roster", roster(people(5)), valid_rows_only=True)
    assert said(batch) == [(5, "CLASS_FULL"), (6, "CLASS_FULL")]
    assert "3" in batch.issues.first().message  # type: ignore[union-attr]
    assert (counts(batch), Enrolment.objects.count()) == ((5, 2, 2, 1), 3)


def test_a_rejected_row_takes_no_seat(town: Town) -> None:
    town.klass.capacity = 1
    town.klass.save()
    child = cast.Person("小明", cast.identity("653101", "20150601", 115))
    batch = load(town, "roster", roster([child, person(1)]), valid_rows_only=True)
    assert (said(batch), Enrolment.objects.get().person.name) == ([(2, "AGE_OUT_OF_RANGE")], person(1).name)


def test_who_left_makes_room(town: Town) -> None:
    town.klass.capacity = 1
    town.klass.save()
    loaded(town, "roster", roster([person(1)]))
    assert said(load(town, "roster", roster([person(2)]))) == [(2, "CLASS_FULL")]
    Enrolment.objects.update(state="withdrawn")
    loaded(town, "roster", roster([person(2)]))


@pytest.mark.parametrize("state", State.values)
def test_only_classes_that_are_not_over_take_people(town: Town, state: str) -> None:
    loaded(town, "roster", roster([person(0)]))
    TrainingClass.objects.update(state=state)
    batch = load(town, "roster", roster(people(2)))
    closed = state not in (State.DRAFT, State.OPEN, State.RUNNING)
    assert said(batch) == ([(3, "CLASS_CLOSED")] if closed else []), "who is in it already may stand there"


def test_a_school_teaches_what_it_is_filed_for_on_the_first_day(town: Town) -> None:
    filing = Filing.objects.get(institution=town.school, occupation=town.welding)
    numbers = itertools.count(1)

    def verdict(**values: Any) -> list[str]:
        Filing.objects.filter(pk=filing.pk).update(
            **{"valid_from": towns.ALWAYS, "valid_to": None, "level": None, "purpose": "train", **values}
        )
        batch = towns.check(town, "roster", roster([person(next(numbers))]))
        assert batch.state == "review"
        return [code for _, code in said(batch)]

    day = dt.timedelta(days=1)
    for fine in ({}, {"valid_to": towns.STARTS}, {"valid_from": towns.STARTS}, {"level": 2}):
        assert verdict(**fine) == [], fine
    for short in (
        {"valid_to": towns.STARTS - day},
        {"valid_from": towns.STARTS + day},
        {"level": 3},
        {"purpose": "assess"},
    ):
        assert verdict(**short) == ["SCOPE_EXCEEDED"], short


def test_nobody_sits_in_two_rooms_at_once(town: Town) -> None:
    other = towns.make_class(town.other, "O-1", town.welding)

    def meet(klass: TrainingClass, starts: int, ends: int, place: str, on: dt.date = towns.STARTS) -> None:
        Session.objects.create(klass=klass, on=on, starts=dt.time(starts), ends=dt.time(ends), place=place)

    loaded(town, "roster", roster([person(1)]), **{"class": other.pk})
    meet(town.klass, 9, 12, "一号楼")
    meet(other, 12, 14, "二号楼")
    meet(other, 9, 12, "一号楼")
    meet(other, 9, 12, "二号楼", on=towns.STARTS + dt.timedelta(days=1))
    batch = towns.check(town, "roster", roster([person(1), person(2)]))
    assert (said(batch), warned(batch, "OVERLAPPING_CLASS")) == ([], [2])
    meet(other, 11, 13, "三号楼")
    late = load(town, "roster", roster([person(1), person(2), person(3)]))
    assert said(late) == [(2, "SESSION_OVERLAP")]
    Enrolment.objects.update(state="withdrawn")
    assert said(load(town, "roster", roster([person(1), person(4)]))) == []


def test_classes_at_other_times_do_not_matter(town: Town) -> None:
    later = towns.make_class(
        town.school, "T-09", town.welding, starts_on=dt.date(2026, 4, 1), ends_on=dt.date(2026, 4, 20)
    )
    loaded(town, "roster", roster([person(1)]), **{"class": later.pk})
    assert warned(loaded(town, "roster", roster([person(1)])), "OVERLAPPING_CLASS") == []


# --- people


def test_a_telephone_of_three_is_remarked(town: Town) -> None:
    phone = "13912345678"
    loaded(town, "roster", roster([person(1, phone=phone)]))
    two = towns.check(town, "roster", roster([person(1, phone=phone), person(2, phone=phone), person(5)]))
    assert warned(two, "PHONE_SHARED") == [], "two are below the limit, and who is on record is one of them"
    three = loaded(town, "roster", roster([person(2, phone=phone), person(3, phone=phone), person(4)]))
    assert warned(three, "PHONE_SHARED") == [2, 3]
    assert "3" in three.issues.filter(code="PHONE_SHARED").first().message  # type: ignore[union-attr]


def test_age_limits_follow_place_sex_and_time(town: Town) -> None:
    AgeLimit.objects.all().delete()
    AgeLimit.objects.create(valid_from=towns.ALWAYS, minimum=16, maximum=30)
    AgeLimit.objects.create(
        region_id=towns.PREFECTURE,
        valid_from=towns.ALWAYS,
        valid_to=dt.date(2025, 12, 31),
        minimum=16,
        maximum=30,
    )
    AgeLimit.objects.create(
        region_id=towns.PREFECTURE, valid_from=dt.date(2026, 1, 1), minimum=16, maximum=60
    )
    AgeLimit.objects.create(
        region_id=towns.PREFECTURE, sex="F", valid_from=dt.date(2026, 1, 1), minimum=16, maximum=55
    )
    man, woman = (
        cast.Person(name, cast.identity("653101", "19680101", n))
        for name, n in (("马山", 101), ("马兰", 102))
    )
    batch = load(town, "roster", roster([man, woman]))
    assert said(batch) == [(3, "AGE_OUT_OF_RANGE")]
    assert "16—55" in batch.issues.filter(code="AGE_OUT_OF_RANGE").get().message


def test_newcomers_come_with_telephone_account_and_home(town: Town) -> None:
    who = person(1)
    line = [
        who.name,
        who.id_number,
        who.phone,
        "脱贫人口",
        "高中",
        f"地{towns.COUNTY}",
        "示例银行",
        who.name,
        card(who),
    ]
    loaded(town, "roster", roster([], line, head=FULL_HEAD))
    one = Person.objects.get()
    assert (one.name, one.education, one.region_code, one.sex) == (
        who.name,
        "高中",
        towns.COUNTY,
        "F" if int(who.id_number[16]) % 2 == 0 else "M",
    )
    ring = keyring()
    for model, purpose, value in (
        (Document, "idno", who.id_number),
        (Phone, "phone", who.phone),
        (BankAccount, "bank", card(who)),
    ):
        row = model.objects.get()
        assert ring.open_(bytes(row.sealed), purpose, row.pk).decode() == value
        assert value not in row.mask
    row = Enrolment.objects.get()
    assert (row.state, row.category, row.started_on, row.finished_on, row.firsts) == (
        "enrolled",
        "poverty",
        towns.STARTS,
        None,
        0,
    )
    proved()


def test_who_is_on_record_gets_the_new_telephone_too(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    loaded(town, "roster", roster([person(1)]))
    assert Phone.objects.count() == Person.objects.count() == 1
    second = towns.make_class(town.school, "T-02", town.welding)
    loaded(town, "roster", roster([person(1)]), **{"class": second.pk})
    assert Phone.objects.count() == 1


@pytest.mark.parametrize(
    ("home", "code", "told"),
    [
        (towns.COUNTY, towns.COUNTY, False),
        (f"全称{towns.COUNTY}", towns.COUNTY, False),
        ("同名县", "", True),
        ("改名县", "653198", False),
        ("无此县", "", True),
        (None, "", False),
    ],
)
def test_a_home_is_recorded_only_when_it_is_certain(
    town: Town, home: str | None, code: str, told: bool
) -> None:
    """Two counties of one name cannot be told apart; of an old and a new one the one in force is meant."""
    for n, (name, ended) in enumerate(
        [("同名县", None), ("同名县", None), ("改名县", dt.date(2019, 12, 31)), ("改名县", None)], 653195
    ):
        Region.objects.create(
            code=str(n), name=name, full_name=f"某地{n}", level=3, parent_id=towns.PREFECTURE, valid_to=ended
        )
    who = person(1)
    line = [who.name, who.id_number, None, None, None, home, None, None, None]
    batch = loaded(town, "roster", roster([], line, head=FULL_HEAD))
    assert Person.objects.get().region_code == code
    told_of = batch.issues.filter(code="REGION_UNKNOWN", column="户籍地区划").exists()
    assert told_of is told


def test_a_class_of_a_township_is_counted_in_its_county(town: Town) -> None:
    Region.objects.create(code="653122101", name="某镇", full_name="某镇", level=4, parent_id=towns.COUNTY)
    rebuild_closure()
    klass = towns.make_class(town.school, "T-05", town.welding)
    TrainingClass.objects.filter(pk=klass.pk).update(region_id="653122101")
    loaded(town, "roster", roster([person(1)]), **{"class": klass.pk})
    assert Enrolment.objects.get().region_code == towns.COUNTY

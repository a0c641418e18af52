"""What a ledger makes of its rows: new, known just so, known and added to, known otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from certificates.issuance.models import Certificate
from registry.institutions.models import InstitutionAlias
from registry.people.models import Person
from tests import town as towns
from tests.sheets import cast
from tests.sheets.ledger_cases import Entry, number
from tests.town import Town, counts, entry, ledger, load, loaded, person, proved, said
from training.catalogue.models import AgeLimit
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

BARE: dict[str, Any] = {"certificate": None, "issued": None, "amount": None, "fund": None}


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def second(who: cast.Person, serial: int | None = None, **more: Any) -> Entry:
    """Another training of theirs, in another class, later."""
    later = {
        "number": "KS-2024-19",
        "starts": "2024-06-03",
        "ends": "2024-06-20",
        "issued": "2024-07-01",
        **more,
    }
    return entry(who, serial, **later)


# --- one statement, both halves


def test_a_training_is_looked_for_in_the_file_and_in_the_registry(town: Town) -> None:
    """Fails when either half of the search is dropped: nobody is counted twice, from here or from there."""
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    batch = load(
        town,
        "ledger",
        ledger(
            [
                entry(person(1), 1),
                entry(person(2), 2),
                entry(person(2), 3),
                second(person(1), 4),
                second(person(2), 5),
            ]
        ),
        valid_rows_only=True,
    )
    assert said(batch) == [(4, "ID_DUPLICATE_IN_FILE")]
    assert counts(batch) == (5, 3, 1, 1)
    assert Enrolment.objects.count() == 4
    assert set(Enrolment.objects.values_list("person__name", "klass__number")) == {
        (person(n).name, klass) for n in (1, 2) for klass in ("KS-2024-07", "KS-2024-19")
    }
    proved()


def test_a_certificate_is_looked_for_in_the_file_and_in_the_registry(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    batch = load(town, "ledger", ledger([entry(person(2), 1), entry(person(3), 3), entry(person(4), 3)]))
    assert said(batch) == [(2, "CERTIFICATE_NUMBER_TAKEN"), (4, "CERTIFICATE_NUMBER_TAKEN")]


def test_two_rows_of_one_newcomer_make_one_person(town: Town) -> None:
    batch = loaded(town, "ledger", ledger([entry(person(1), 1), second(person(1), 2)]))
    assert batch.created == {"persons": 1, "classes": 2, "enrolments": 2, "certificates": 2, "payments": 2}
    one, two = Enrolment.objects.order_by("pk")
    assert one.person_id == two.person_id
    assert one.firsts == 65535 and two.firsts == 0
    proved()


def test_a_newcomer_whose_first_row_is_rejected_comes_with_the_next(town: Town) -> None:
    batch = load(
        town,
        "ledger",
        ledger([entry(person(1), 1, hours="八十"), second(person(1), 2)]),
        valid_rows_only=True,
    )
    assert counts(batch) == (2, 1, 1, 0)
    assert batch.created["persons"] == 1
    assert Enrolment.objects.get().firsts == 65535


def test_the_same_person_under_two_names_is_not_guessed_at(town: Town) -> None:
    batch = load(town, "ledger", ledger([entry(person(1), 1), second(person(1).called("马兰"), 2)]))
    assert said(batch) == [(3, "ID_NAME_CONFLICT")]
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    assert said(load(town, "ledger", ledger([second(person(1).called("马兰"), 2)]))) == [
        (2, "ID_NAME_CONFLICT")
    ]


# --- what is on record already


def test_a_certificate_and_a_payment_that_come_later_are_added(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), **{**BARE, "amount": None}), entry(person(2), 2)]))
    before = Enrolment.objects.order_by("pk").values()[0]
    batch = loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2)]))
    assert counts(batch) == (2, 1, 0, 1)
    assert batch.created == {"persons": 0, "classes": 0, "enrolments": 0, "certificates": 1, "payments": 1}
    assert Enrolment.objects.order_by("pk").values()[0] == before
    certificate = Certificate.objects.get(number=number(2))
    assert (certificate.enrolment_id, certificate.batch_id, certificate.row_no) == (before["id"], batch.pk, 2)
    assert counts(loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2)]))) == (2, 0, 0, 2)
    proved()


OTHERWISE: dict[str, dict[str, Any]] = {
    "other days": {"ends": "2024-03-25"},
    "other hours": {"hours": 81},
    "another score": {"score": 84},
    "another result": {"result": "不合格"},
    "another amount": {"amount": 1200},
    "another fund": {"fund": "失业保险基金"},
    "another category": {"category": "脱贫人口"},
    "another kind of training": {"kind": "岗位技能提升培训"},
    "another certificate": {"certificate_number": number(77)},
    "another day of issue": {"issued": "2024-04-11"},
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_row_that_stands_otherwise_is_not_overwritten(town: Town, what: str) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    before = [list(model.objects.values()) for model in (Enrolment, Certificate, Payment)]
    batch = load(town, "ledger", ledger([replace(entry(person(1), 1), **OTHERWISE[what])]))
    assert said(batch) == [(2, "ALREADY_REGISTERED")]
    assert [list(model.objects.values()) for model in (Enrolment, Certificate, Payment)] == before


def test_what_a_later_sheet_leaves_out_says_nothing(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    less = replace(
        entry(person(1), 1), category=None, kind=None, fund=None, amount=None, certificate_number=None
    )
    assert counts(loaded(town, "ledger", ledger([less]))) == (1, 0, 0, 1)


def test_who_failed_is_on_record_and_not_counted(town: Town) -> None:
    failed = entry(person(1), None, result="不合格", amount=None)
    loaded(town, "ledger", ledger([failed, entry(person(2), 2)]))
    row = Enrolment.objects.get(person__name=person(1).name)
    assert (row.state, row.result, row.finished_on, row.firsts) == ("failed", "fail", None, 0)
    assert counts(loaded(town, "ledger", ledger([failed]))) == (1, 0, 0, 1)


def test_nothing_paid_is_no_payment(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1, amount=0), entry(person(2), 2, amount="0.00")]))
    assert not Payment.objects.exists()


# --- classes, places


def test_a_class_is_one_per_provider_and_number(town: Town) -> None:
    rows = [
        entry(person(n), n, school=school) for n, school in enumerate((towns.SCHOOL, towns.OTHER_SCHOOL) * 2)
    ]
    assert loaded(town, "ledger", ledger(rows)).created["classes"] == 2
    more = [entry(person(9), 9), entry(person(8), 8, number=None), entry(person(7), 7, number=None)]
    assert loaded(town, "ledger", ledger(more)).created["classes"] == 1, (
        "without a number the training itself tells"
    )
    made = TrainingClass.objects.filter(batch_id__isnull=False)
    assert made.count() == 3
    assert {klass.state for klass in made} == {"finished"}


def test_a_county_s_ledger_is_counted_in_the_county(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2, school=towns.AWAY_SCHOOL)]))
    assert set(Enrolment.objects.values_list("region_code", flat=True)) == {towns.CITY, towns.AWAY}
    loaded(town, "ledger", ledger([entry(person(3), 3, number="K-3")]), region=towns.COUNTY)
    assert Enrolment.objects.get(klass__number="K-3").region_code == towns.COUNTY


def test_a_school_is_known_by_alias_and_by_credit_code(town: Town) -> None:
    InstitutionAlias.objects.create(name="红柳学校", institution=town.school)
    town.other.credit_code = "91350100M000100Y43"
    town.other.save()
    rows = [
        entry(person(1), 1, school="红柳学校"),
        entry(person(2), 2, school="91350100M000100Y43"),
        entry(person(3), 3, school="查无此校"),
    ]
    assert said(load(town, "ledger", ledger(rows), valid_rows_only=True)) == [(4, "INSTITUTION_UNKNOWN")]
    assert set(Enrolment.objects.values_list("klass__institution_id", flat=True)) == {
        town.school.pk,
        town.other.pk,
    }


def test_a_sheet_without_that_column_belongs_to_the_school_named_beside_it(town: Town) -> None:
    head = ("姓名", "身份证号", "培训工种", "培训开始时间", "培训结束时间")
    data = towns.delimited([head, [person(1).name, person(1).id_number, "焊工", "2024-03-05", "2024-03-24"]])
    assert said(load(town, "ledger", data)) == [(2, "INSTITUTION_UNKNOWN")]
    loaded(town, "ledger", data, institution=town.other.pk)
    assert Enrolment.objects.get().klass.institution == town.other


def test_age_is_judged_on_the_first_day_by_the_rule_of_the_place_and_time(town: Town) -> None:
    AgeLimit.objects.all().delete()
    AgeLimit.objects.create(valid_from=towns.ALWAYS, valid_to=dt.date(2024, 5, 31), minimum=16, maximum=60)
    AgeLimit.objects.create(valid_from=dt.date(2024, 6, 1), minimum=16, maximum=40)
    AgeLimit.objects.create(region_id=towns.AWAY, valid_from=dt.date(2024, 6, 1), minimum=16, maximum=50)
    AgeLimit.objects.create(
        region_id=towns.AWAY, sex="F", valid_from=dt.date(2024, 6, 1), minimum=16, maximum=45
    )
    # Born 46 years before the first day of each training.
    man, woman = (
        cast.Person(name, cast.identity("653101", "19780603", n))
        for name, n in (("马山", 101), ("马兰", 102))
    )
    away = {"school": towns.AWAY_SCHOOL}
    rows = [
        entry(man, 1),
        second(man, 2),
        second(man, 3, **away, number="A-1"),
        second(woman, 4, **away, number="A-1"),
    ]
    batch = load(town, "ledger", ledger(rows))
    assert said(batch) == [(3, "AGE_OUT_OF_RANGE"), (5, "AGE_OUT_OF_RANGE")]
    messages = list(
        batch.issues.filter(code="AGE_OUT_OF_RANGE").order_by("row").values_list("message", flat=True)
    )
    assert "16—40" in messages[0] and "16—45" in messages[1]


@pytest.mark.parametrize(
    ("born", "passes"), [("20080305", True), ("20080306", False), ("19640304", False), ("19640306", True)]
)
def test_birthdays_count_to_the_day(town: Town, born: str, passes: bool) -> None:
    """The class begins on 2024-03-05; 16 to 59 may come, who turns 60 on that day may not."""
    AgeLimit.objects.update(maximum=59)
    who = cast.Person("马山", cast.identity("653101", born, 101))
    assert said(load(town, "ledger", ledger([entry(who, 1)]))) == (
        [] if passes else [(2, "AGE_OUT_OF_RANGE")]
    )


def test_another_training_at_the_same_time_is_remarked(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1)]))
    overlap = {"number": "K-9", "starts": "2024-03-20", "ends": "2024-04-02"}
    rows = [
        entry(person(1), 5, **overlap),
        entry(person(2), 6),
        entry(person(2), 7, **overlap),
        second(person(1), 8),
    ]
    batch = loaded(town, "ledger", ledger(rows))
    assert [row for row, code in said(batch, "warning") if code == "OVERLAPPING_CLASS"] == [2, 4]


def test_every_row_leads_back_to_its_file_and_line(town: Town) -> None:
    batch = loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2)]))
    for model in (Enrolment, Certificate, Payment):
        assert set(model.objects.values_list("batch_id", "row_no")) == {(batch.pk, 2), (batch.pk, 3)}
    assert Person.objects.count() == 2

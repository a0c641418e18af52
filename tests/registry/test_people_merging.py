"""One person recorded twice is folded into one, with everything they did; and unfolded to the row."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from certificates.issuance.models import Certificate
from registry.audit.models import Action
from registry.lib.scope import Scope
from registry.people import merging, queries
from registry.people import services as people_services
from registry.people.models import BankAccount, Document, MatchCase, Merge, Person, Phone
from tests import town as towns
from tests.town import Town, counts, entry, ledger, load, loaded, person, proved, roster, said
from training.enrolments.models import Enrolment

PHONE = "13912345678"
LATER = {"starts": "2024-05-06", "ends": "2024-05-24", "issued": "2024-06-03"}
HIGH = {"level": "三级", "trade": "焊工"}


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def certificate(serial: int, level: str = "3") -> str:
    return towns.ledger_cases.number(serial, level=level)


@pytest.fixture
def two(town: Town) -> tuple[Person, Person]:
    """Two records with a telephone in common, a training each in the same county and year, and certificates."""
    one, other = person(1, phone=PHONE), person(2, phone=PHONE)
    loaded(town, "roster", roster([one], [other.called("另名").name, other.id_number, PHONE, None]))
    Enrolment.objects.filter(person__name="另名").delete()
    rows = [
        entry(one, 1, number="K-1", **HIGH),
        entry(other.called("另名"), 2, number="K-2", **LATER, **HIGH),
    ]
    rows = [
        towns.ledger_cases.replace(row, certificate_number=certificate(n)) for n, row in enumerate(rows, 1)
    ]
    loaded(town, "ledger", ledger(rows))
    survivor, absorbed = Person.objects.get(name=one.name), Person.objects.get(name="另名")
    return survivor, absorbed


def merge(survivor: Person, absorbed: Person) -> Merge:
    return merging.merge(survivor_id=survivor.pk, absorbed_id=absorbed.pk, reason="证件核对无误", actor=None)


def snapshot() -> dict[str, list[dict[str, Any]]]:
    models = (Person, Document, Phone, BankAccount, Enrolment, Certificate)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def verified() -> None:
    # The roster row that the fixture took away was never said to be gone.
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("audit", "verify", stdout=out)
    assert [line.split(": ")[1].split(" ")[0] for line in out.getvalue().splitlines()[:-1]] == ["missing"]


def test_everything_moves_and_is_counted_as_one_person_s(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    assert Enrolment.objects.filter(person=survivor, finished_on__isnull=False, firsts=65535).count() == 1
    assert Certificate.objects.filter(first_high=True).count() == 2
    done = merge(survivor, absorbed)
    absorbed.refresh_from_db()
    assert (absorbed.state, absorbed.merged_into_id) == ("merged", survivor.pk)
    for model in (Document, Enrolment, Certificate):
        assert not model.objects.filter(person=absorbed).exists()
    assert Document.objects.filter(person=survivor, is_primary=True).count() == 1
    # In the same county and year the second training is no second person, in another institution's it would be.
    second = Enrolment.objects.get(klass__number="K-2")
    assert second.firsts == 0
    assert list(Certificate.objects.order_by("issued_on").values_list("first_high", flat=True)) == [
        True,
        False,
    ]
    assert done.moved["enrolments_enrolment"] == [second.pk]
    verified()


def test_a_telephone_that_both_have_is_no_obstacle(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    merge(survivor, absorbed)
    assert Phone.objects.filter(person=survivor).count() == Phone.objects.filter(person=absorbed).count() == 1


def test_undoing_restores_every_row(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    before = snapshot()
    done = merge(survivor, absorbed)
    assert snapshot() != before
    merging.undo(merge_id=done.pk, reason="核对有误", actor=None)
    assert snapshot() == before
    verified()
    with pytest.raises(merging.CannotUndo):
        merging.undo(merge_id=done.pk, reason="再来一次", actor=None)
    merge(survivor, absorbed)


def test_what_came_after_the_merge_stays_with_the_survivor(town: Town, two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    done = merge(survivor, absorbed)
    later = entry(
        person(1), 7, number="K-7", starts="2025-03-03", ends="2025-03-21", issued=None, certificate=None
    )
    loaded(town, "ledger", ledger([towns.ledger_cases.replace(later, certificate_number=None)]))
    merging.undo(merge_id=done.pk, reason="核对有误", actor=None)
    assert Enrolment.objects.get(klass__number="K-7").person == survivor
    assert Enrolment.objects.get(klass__number="K-2").person == absorbed


def test_merges_are_undone_in_order(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(n), n, number=f"K-{n}") for n in (1, 2, 3)]))
    a, b, c = (Person.objects.get(name=person(n).name) for n in (1, 2, 3))
    before = snapshot()
    first, second = merge(b, c), merge(a, b)
    c.refresh_from_db()
    assert c.merged_into_id == a.pk, "whoever was folded in goes along"
    assert Enrolment.objects.filter(person=a).count() == 3
    with pytest.raises(merging.CannotUndo):
        merging.undo(merge_id=first.pk, reason="-", actor=None)
    merging.undo(merge_id=second.pk, reason="-", actor=None)
    proved()
    merging.undo(merge_id=first.pk, reason="-", actor=None)
    assert snapshot() == before
    proved()


def test_two_in_one_class_are_not_merged(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2)]))
    before = snapshot()
    one, other = Person.objects.order_by("pk")
    with pytest.raises(merging.CannotMerge):
        merge(one, other)
    assert snapshot() == before and not Merge.objects.exists()
    assert not Action.objects.filter(code="people.merge").exists()


def test_nobody_is_merged_twice_or_with_themselves(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    merge(survivor, absorbed)
    for pair in ((survivor, absorbed), (absorbed, survivor), (survivor, survivor)):
        with pytest.raises(merging.CannotMerge):
            merge(*pair)


def test_the_old_file_still_finds_its_rows_unchanged(town: Town, two: tuple[Person, Person]) -> None:
    """The absorbed record had another name; its number is known under both."""
    survivor, absorbed = two
    merge(survivor, absorbed)
    again = entry(person(2).called("另名"), 2, number="K-2", **LATER, **HIGH)
    batch = load(
        town, "ledger", ledger([towns.ledger_cases.replace(again, certificate_number=certificate(2))])
    )
    assert (said(batch), counts(batch)) == ([], (1, 0, 0, 1))
    stranger = load(town, "ledger", ledger([entry(person(2).called("第三名"), 9, number="K-9")]))
    assert said(stranger) == [(2, "ID_NAME_CONFLICT")]


def test_both_kinds_of_act_are_on_record(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    done = merge(survivor, absorbed)
    merging.undo(merge_id=done.pk, reason="核对有误", actor=None)
    merged, undone = Action.objects.filter(code__startswith="people.merge").order_by("id")
    assert (merged.subject_id, merged.after["absorbed"]) == (str(survivor.pk), str(absorbed.pk))  # type: ignore[index]
    # Reasons may name people: they stand where they can be erased.
    assert (merged.reason, undone.reason) == ("", "")
    told = [action.details.get().detail for action in (merged, undone)]
    assert told == [{"reason": "证件核对无误"}, {"reason": "核对有误"}]
    for action in (merged, undone):
        tables = set(action.manifests.values_list("table_name", "canon"))
        assert tables == {
            ("people_person", "person_v1"),
            ("enrolments_enrolment", "registration_v1"),
            ("issuance_certificate", "certificate_v2"),
        }
        assert "另名" not in str((action.before, action.after))


def test_a_stolen_certificate_is_noticed(town: Town) -> None:
    """A certificate that a ledger brought stands within its row; its holder is part of that."""
    loaded(town, "ledger", ledger([entry(person(1), 1), entry(person(2), 2)]))
    one, other = Person.objects.order_by("pk")
    Certificate.objects.filter(person=one).update(person=other)
    with pytest.raises(AssertionError):
        proved()


# --- questions


def test_a_decision_closes_the_question_and_undoing_opens_it(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    case = MatchCase.objects.create(first=survivor, second=absorbed, reason="name_birth_phone")
    done = merge(survivor, absorbed)
    case.refresh_from_db()
    assert (case.state, case.note) == ("same", "证件核对无误")
    merging.undo(merge_id=done.pk, reason="核对有误", actor=None)
    case.refresh_from_db()
    assert case.state == "open"
    merging.keep_apart(case_id=case.pk, reason="本人到场", actor=None)
    case.refresh_from_db()
    assert case.state == "different"
    merging.keep_apart(case_id=case.pk, reason="再次", actor=None)
    assert Action.objects.filter(code="people.keep_apart").count() == 1


def test_questions_about_the_absorbed_are_asked_of_the_survivor(town: Town) -> None:
    loaded(town, "ledger", ledger([entry(person(n), n, number=f"K-{n}") for n in (1, 2, 3)]))
    a, b, c = (Person.objects.get(name=person(n).name) for n in (1, 2, 3))
    MatchCase.objects.create(first=a, second=b, reason="name_birth_phone")
    MatchCase.objects.create(first=b, second=c, reason="name_birth_phone")
    merge(a, b)
    (left,) = queries.open_match_cases(Scope.all())
    assert {left.first_id, left.second_id} == {a.pk, c.pk}


# --- imports that meet a merge


def test_an_import_that_looked_somebody_up_before_the_merge_looks_again(two: tuple[Person, Person]) -> None:
    survivor, absorbed = two
    merge(survivor, absorbed)
    with connection.cursor() as cursor:
        people_services.hold(cursor, "SELECT id FROM people_person WHERE state = 'active'", {})
        with pytest.raises(people_services.MergedMeanwhile):
            people_services.hold(cursor, "SELECT id FROM people_person", {})

"""A roster enrols, a ledger reports how it ended: one record, two rows of two sheets."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from certificates.issuance.models import Certificate
from registry.audit.models import Manifest
from registry.lib.scope import Scope
from registry.people.models import Document
from tests import town as towns
from tests.sheets import cast
from tests.sheets.ledger_cases import SKILL, Entry, number
from tests.town import Town, counts, entry, ledger, load, loaded, people, person, proved, roster, said
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments import queries, services
from training.enrolments.models import Enrolment

STARTS, ENDS = "2026-03-03", "2026-03-19"
UNPAID: dict[str, Any] = {"amount": None, "fund": None}


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def ended(who: cast.Person, serial: int | None = None, *, level: str = "5", **more: Any) -> Entry:
    """The town's class as its ledger reports it, a day later and a day shorter than planned."""
    values = {"number": "T-01", "starts": STARTS, "ends": ENDS, **more}
    made = entry(who, None, **values)
    if serial is None:
        return made
    return replace(
        made,
        certificate=SKILL,
        certificate_number=number(serial + 1, year="26", level=level),
        issued="2026-04-10",
        level={"5": "五级", "3": "三级"}[level],
    )


def all_proved() -> None:
    """History and roll-ups agree with the rows."""
    proved()
    call_command("targets", "verify")


def row_of(who: cast.Person) -> Enrolment:
    return Enrolment.objects.get(person__name=who.name)


def test_a_ledger_ends_what_a_roster_began(town: Town) -> None:
    enrolled = loaded(town, "roster", roster(people(3)))
    before = {row.pk: row for row in Enrolment.objects.all()}
    batch = loaded(town, "ledger", ledger([ended(person(n), n) for n in range(3)]))
    assert counts(batch) == (3, 3, 0, 0)
    assert batch.created == {"persons": 0, "classes": 0, "enrolments": 0, "certificates": 3, "payments": 3}
    for row in Enrolment.objects.all():
        was = before[row.pk]
        assert (row.state, row.result, row.hours, row.score) == ("finished", "pass", 80, 85)
        assert (row.started_on.isoformat(), row.finished_on.isoformat()) == (STARTS, ENDS)  # type: ignore[union-attr]
        assert (row.category, row.firsts) == ("rural", 65535)
        assert (row.batch_id, row.row_no) == (was.batch_id, was.row_no) == (enrolled.pk, was.row_no)
        assert (row.result_batch_id, row.result_row_no) == (batch.pk, was.row_no)
        for model in (Certificate, Payment):
            assert model.objects.filter(
                enrolment_id=row.pk, batch_id=batch.pk, row_no=row.result_row_no
            ).exists()
    town.klass.refresh_from_db()
    assert (town.klass.state, town.klass.hours) == ("finished", 80)
    assert (town.klass.starts_on, town.klass.ends_on) == (towns.STARTS, towns.ENDS), "as planned"
    all_proved()


def test_the_same_ledger_again_changes_nothing(town: Town) -> None:
    loaded(town, "roster", roster(people(3)))
    rows = [
        ended(person(0), 0),
        ended(person(1), 1, category=None),
        ended(person(2), None, result="不合格", **UNPAID),
    ]
    loaded(town, "ledger", ledger(rows))
    tables = [list(model.objects.order_by("pk").values()) for model in (Enrolment, Certificate, Payment)]
    assert counts(loaded(town, "ledger", ledger([*rows, entry(person(9), 9)]))) == (4, 1, 0, 3)
    assert counts(loaded(town, "roster", roster(people(3)))) == (3, 0, 0, 3)
    for model, was in zip((Enrolment, Certificate, Payment), tables, strict=True):
        assert list(model.objects.order_by("pk").values())[: len(was)] == was
    all_proved()


def test_who_failed_is_not_counted_and_their_class_is_over(town: Town) -> None:
    loaded(town, "roster", roster(people(1)))
    loaded(town, "ledger", ledger([ended(person(0), None, result="不合格", **UNPAID)]))
    row = row_of(person(0))
    assert (row.state, row.result, row.finished_on, row.firsts) == ("failed", "fail", None, 0)
    town.klass.refresh_from_db()
    assert town.klass.state == "finished"
    all_proved()


def test_who_left_is_not_brought_back(town: Town) -> None:
    loaded(town, "roster", roster(people(2)))
    Enrolment.objects.filter(row_no=2).update(state="withdrawn")
    before = Enrolment.objects.filter(row_no=2).values().get()
    batch = load(town, "ledger", ledger([ended(person(n), n) for n in range(2)]), valid_rows_only=True)
    assert (said(batch), counts(batch)) == ([(2, "ALREADY_REGISTERED")], (2, 1, 1, 0))
    assert Enrolment.objects.filter(row_no=2).values().get() == before
    assert not Certificate.objects.filter(person_id=before["person_id"]).exists()


def test_a_cancelled_class_ends_for_nobody_and_a_suspended_one_is_left_to_people(town: Town) -> None:
    loaded(town, "roster", roster(people(1)))
    TrainingClass.objects.filter(pk=town.klass.pk).update(state="cancelled")
    assert said(load(town, "ledger", ledger([ended(person(0), 0)]))) == [(2, "ALREADY_REGISTERED")]
    TrainingClass.objects.filter(pk=town.klass.pk).update(state="suspended")
    loaded(town, "ledger", ledger([ended(person(0), 0)]))
    town.klass.refresh_from_db()
    assert (row_of(person(0)).state, town.klass.state) == ("finished", "suspended")


@pytest.mark.parametrize(
    ("recorded", "reported", "outcome"),
    [
        ({"category": "poverty"}, {"category": "农村转移就业劳动者"}, "differs"),
        ({"category": "poverty"}, {"category": None}, "poverty"),
        ({"category": "poverty"}, {"category": "脱贫人口"}, "poverty"),
        ({}, {"kind": "岗位技能提升培训"}, "differs"),
        ({"hours": 40}, {}, "differs"),
        ({"hours": 80, "state": "studying"}, {}, "rural"),
        ({"score": 85}, {}, "rural"),
        ({"score": 60}, {"score": None}, "differs"),
    ],
)
def test_what_somebody_entered_is_not_overwritten(
    town: Town, recorded: dict[str, Any], reported: dict[str, Any], outcome: str
) -> None:
    loaded(town, "roster", roster(people(1)))
    Enrolment.objects.update(**recorded)
    batch = load(town, "ledger", ledger([ended(person(0), 0, **reported)]))
    row = row_of(person(0))
    if outcome == "differs":
        assert said(batch) == [(2, "ALREADY_REGISTERED")]
        assert row.finished_on is None
    else:
        assert (row.state, row.category) == ("finished", outcome)


def test_open_and_ended_and_new_stand_in_one_file(town: Town) -> None:
    """The marks of a person whose open row ends and who is new elsewhere in the same file are taken once."""
    loaded(town, "ledger", ledger([ended(person(1), 1)]))
    TrainingClass.objects.filter(pk=town.klass.pk).update(state="open")
    loaded(town, "roster", roster([person(0), person(3)]))
    rows = [
        ended(person(0), 0),
        ended(person(1), 1),
        ended(person(2), 2),
        ended(person(0), 4, number="T-77", starts="2026-03-23", ends="2026-04-07"),
    ]
    batch = loaded(town, "ledger", ledger(rows))
    assert counts(batch) == (4, 3, 0, 1)
    assert batch.created["enrolments"] == 2
    marks = dict(Enrolment.objects.filter(person__name=person(0).name).values_list("klass__number", "firsts"))
    assert marks == {"T-01": 65535, "T-77": 0}
    assert row_of(person(3)).state == "enrolled"
    all_proved()


def test_one_open_training_ends_once_in_a_file(town: Town) -> None:
    loaded(town, "roster", roster(people(1)))
    rows = [ended(person(0), 0), ended(person(0), 1, score=90)]
    batch = load(town, "ledger", ledger(rows), valid_rows_only=True)
    assert (said(batch), counts(batch)) == ([(3, "ID_DUPLICATE_IN_FILE")], (2, 1, 1, 0))
    row = row_of(person(0))
    assert (row.score, row.result_row_no) == (85, 2)


def test_somebody_with_two_documents_ends_once_in_a_file(town: Town) -> None:
    loaded(town, "roster", roster([person(0)]))
    loaded(town, "ledger", ledger([entry(person(5).called(person(0).name), 5)]))
    (known,) = Enrolment.objects.filter(klass=town.klass).values_list("person_id", flat=True)
    Document.objects.exclude(person_id=known).update(person_id=known, is_primary=False)
    rows = [ended(person(0), 0), ended(person(5).called(person(0).name), 1)]
    batch = load(town, "ledger", ledger(rows), valid_rows_only=True)
    assert said(batch) == [(3, "ID_DUPLICATE_IN_FILE")]
    assert counts(batch) == (2, 1, 1, 0)


def test_a_first_high_certificate_is_marked(town: Town) -> None:
    loaded(town, "roster", roster(people(1)))
    loaded(town, "ledger", ledger([ended(person(0), 0, level="3")]))
    assert Certificate.objects.get().first_high
    all_proved()


def test_history_knows_the_row_before_and_after(town: Town) -> None:
    loaded(town, "roster", roster(people(2)))
    loaded(town, "ledger", ledger([ended(person(0), 0)]))
    forms = Manifest.objects.filter(table_name="enrolments_enrolment").order_by("id")
    assert [(m.canon, len(m.row_ids or [])) for m in forms] == [("enrolment_v1", 2), ("enrolment_v2", 1)]
    all_proved()
    Enrolment.objects.filter(pk=row_of(person(0)).pk).update(result_row_no=99)
    with pytest.raises(AssertionError, match="changed"):
        proved()


def test_a_row_that_was_just_ended_is_not_ended_again(town: Town) -> None:
    loaded(town, "roster", roster(people(2)))
    ended_one, open_one = Enrolment.objects.order_by("pk")
    Enrolment.objects.filter(pk=ended_one.pk).update(state="finished", finished_on=dt.date(2026, 3, 20))
    source = """
        SELECT id AS enrolment_id, 'failed' AS state, '' AS category, 1 AS hours, 1 AS score, 'fail' AS result,
               started_on, NULL::date AS finished_on, batch_id, row_no FROM enrolments_enrolment
    """
    with pytest.raises(services.EndedMeanwhile), transaction.atomic(), connection.cursor() as cursor:
        services.finish(cursor, source, {}, 2)
    assert Enrolment.objects.get(pk=open_one.pk).state == "enrolled"


def test_both_rows_are_where_it_came_from(town: Town) -> None:
    enrolled = loaded(town, "roster", roster(people(2)), name="名册.csv")
    reported = loaded(town, "ledger", ledger([ended(person(1), 1)]), name="台账.csv")
    found = [(o.batch.pk, o.row, o.reports) for o in queries.provenance(row_of(person(1)))]
    assert found == [(enrolled.pk, 3, False), (reported.pk, 2, True)]
    assert [o.reports for o in queries.provenance(row_of(person(0)))] == [False]
    everything = queries.enrolments(Scope.all())
    assert queries.filtered(everything, batch=enrolled.pk).count() == 2
    assert queries.filtered(everything, batch=reported.pk).count() == 1

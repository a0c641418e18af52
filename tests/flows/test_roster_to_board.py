"""One training from its first day to its last: a roster enrols, a ledger ends it, and every page says so."""

from __future__ import annotations

import datetime as dt
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from registry.intake.models import Batch
from tests import town as towns
from tests import world
from tests.flows.conftest import Desk
from tests.flows.test_sheet_to_board import board_counts
from tests.sheets import cast
from tests.sheets.ledger_cases import Entry, book, number
from tests.town import Town, counts, entry, ledger, load, loaded, person, proved, roster, said
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment

STATES = Batch.State
NOTHING: dict[str, Any] = {
    "certificate": None,
    "certificate_number": None,
    "issued": None,
    "amount": None,
    "fund": None,
}


def ended(who: cast.Person, serial: int, **more: Any) -> Entry:
    days = {"starts": "2025-03-05", "ends": "2025-03-24", "issued": "2025-04-10", **more}
    certificate = number(serial, year="25")
    return Entry(who, number="KS-2025-31", certificate_number=certificate, **days)


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_a_training_goes_from_roster_to_ledger_to_board(desk: Desk) -> None:
    klass = desk.world.classes["KS-2026-01"]
    TrainingClass.objects.filter(pk=klass.pk).update(
        number="KS-2025-31", starts_on=dt.date(2025, 3, 3), ends_on=dt.date(2025, 3, 25)
    )
    world.load_roster(desk.world, klass, [cast.AYGUL, cast.TURSUN, cast.WANG])
    row = Enrolment.objects.get(person__name=cast.AYGUL.name)
    assert "已报名" in words(desk.page(f"/enrolments/{row.pk}/"))
    board_counts(desk, 1)

    data = book([ended(cast.AYGUL, 71), replace(ended(cast.TURSUN, 72), result="不合格", **NOTHING)])
    batch = desk.hand_in("结业台账.xlsx", data)
    assert (batch.state, batch.counts["accepted"]) == (STATES.REVIEW, 2)
    assert desk.commit(batch).state == STATES.COMMITTED

    account = words(desk.page(f"/people/{row.person_id}/"))
    for shown in ("2025-03-05", "2025-03-24", number(71, year="25"), "合格", "已结业"):
        assert shown in account, shown
    origin = desk.page(f"/enrolments/{row.pk}/")
    assert {"先前.xlsx", "结业台账.xlsx", batch.file_sha256} <= set(words(origin).split())
    assert "报名的出处" in origin and "结果的出处" in origin
    assert cast.AYGUL.phone[:3] in desk.page(f"/enrolments/{row.pk}/cells/")
    assert number(71, year="25") in desk.page(f"/enrolments/{row.pk}/result-cells/")
    still = Enrolment.objects.get(person__name=cast.WANG.name)
    assert desk.client.get(f"/enrolments/{still.pk}/result-cells/").status_code == 404
    assert "已结业" in words(desk.page(f"/classes/{klass.pk}/"))
    board_counts(desk, 2)

    again = desk.hand_in("结业台账再报.xlsx", book([ended(cast.AYGUL, 71)]))
    assert (again.counts["accepted"], again.counts["unchanged"]) == (0, 1)
    call_command("audit", "verify")
    call_command("targets", "verify")


@pytest.mark.parametrize("state", ["open", "suspended"])
def test_two_ledgers_at_once_end_one_training_once(
    transactional_db: None, database_url: str, state: str
) -> None:
    """Both have looked before either writes: in an open class they meet at the class, otherwise at the person."""
    town = towns.build()
    loaded(town, "roster", roster([person(1), person(2)]))
    TrainingClass.objects.filter(pk=town.klass.pk).update(state=state)
    # Nothing is paid, for a second payment would be refused by itself.
    days = {"number": "T-01", "starts": "2026-03-03", "ends": "2026-03-19", "amount": None, "fund": None}
    sheets = [ledger([entry(person(1), None, score=score, **days)]) for score in (70, 90)]
    with ThreadPoolExecutor(len(sheets)) as pool, psycopg.connect(database_url) as holder:
        holder.execute("SELECT 1 FROM classes_trainingclass FOR NO KEY UPDATE")
        holder.execute("SELECT 1 FROM people_person FOR NO KEY UPDATE")
        at_work = [pool.submit(_load, town, data) for data in sheets]
        _until_waiting(database_url, len(sheets))
        holder.commit()
        batches = [each.result() for each in at_work]
    done = [batch for batch in batches if batch.state == STATES.COMMITTED]
    left = [batch for batch in batches if batch.state == STATES.REVIEW]
    assert (len(done), len(left)) == (1, 1)
    assert counts(done[0]) == (1, 1, 0, 0)
    assert said(left[0]) == [(2, "ALREADY_REGISTERED")]
    row = Enrolment.objects.get(person__name=person(1).name)
    assert (row.result_batch_id, row.score) == (done[0].pk, 70 if done[0].pk == batches[0].pk else 90)
    proved()
    call_command("targets", "verify")


def _load(town: Town, data: bytes) -> Batch:
    try:
        return load(town, "ledger", data)
    finally:
        connections.close_all()


def _until_waiting(database_url: str, count: int) -> None:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 60
    with psycopg.connect(database_url, autocommit=True) as looking:
        while looking.execute(asked).fetchone() != (count,):
            assert time.monotonic() < deadline
            time.sleep(0.05)

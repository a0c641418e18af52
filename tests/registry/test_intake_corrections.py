"""Cells corrected on screen: laid over the file whenever it is read, judged anew, kept sealed."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, connections

from registry.audit.models import Action
from registry.intake import correcting, corrections, errors, services, source, staging, working
from registry.intake.corrections import Looked
from registry.intake.models import Batch, Issue, Progress, RejectedRow
from tests import town as towns
from tests.sheets import cast
from tests.town import State, Town, counts, entry, ledger, people, proved, roster, said
from training.enrolments.models import Enrolment

WHO = people(4)
WRONG = cast.wrong_check(WHO[1].id_number)


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def open_town(transactional_db: None) -> Town:
    return towns.build()


@pytest.fixture
def batch(town: Town) -> Batch:
    """Four people, of whom the second has a wrong check character (row 3)."""
    return faulty(town)


def faulty(town: Town) -> Batch:
    found = towns.check(town, "ledger", sheet())
    assert (counts(found), said(found)) == ((4, 3, 1, 0), [(3, "ID_CHECK_DIGIT")])
    return found


def sheet() -> bytes:
    second = WHO[1].numbered(WRONG)
    return ledger([entry(who, n) for n, who in enumerate([WHO[0], second, *WHO[2:]])])


def look(batch: Batch, row: int = 3) -> Looked:
    found = corrections.look(batch, row)
    assert found is not None
    return found


def correct(town: Town, batch: Batch, row: int = 3, **typed: str) -> None:
    looked = look(batch, row)
    correcting.correct(
        looked, actor=town.clerk, seen=looked.version, typed=typed or {"id_number": WHO[1].id_number}
    )


def rechecked(town: Town, batch: Batch) -> Batch:
    correcting.recheck(batch.pk, actor=town.clerk)
    return services.check(batch.pk)


def committed(town: Town, batch: Batch) -> Batch:
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    return services.commit(batch.pk)


# --- the road


def test_correcting_checking_again_and_registering(town: Town, batch: Batch) -> None:
    correct(town, batch)
    assert corrections.counts(batch) == {"corrected": 1, "unchecked": 1}
    assert said(batch) == [(3, "ID_CHECK_DIGIT")]  # the verdict is still the last one
    again = rechecked(town, batch)
    assert (again.state, counts(again), said(again)) == (State.REVIEW, (4, 4, 0, 0), [])
    assert corrections.counts(batch) == {"corrected": 1, "unchecked": 0}
    done = committed(town, batch)
    assert (done.state, Enrolment.objects.count()) == (State.COMMITTED, 4)
    assert Enrolment.objects.filter(row_no=3).exists()
    proved()


def test_one_correction_changes_what_is_said_of_another_row(town: Town) -> None:
    double = WHO[2].numbered(WHO[0].id_number).called(WHO[0].name)
    batch = towns.check(town, "roster", roster([WHO[0], double]))
    assert said(batch) == [(3, "ID_DUPLICATE_IN_FILE")]
    correct(town, batch, 3, id_number=WHO[2].id_number, name=WHO[2].name)
    assert said(rechecked(town, batch)) == []
    correct(town, batch, 3, id_number=WHO[0].id_number, name=WHO[0].name)
    assert said(rechecked(town, batch)) == [(3, "ID_DUPLICATE_IN_FILE")]


def test_nothing_is_registered_before_corrections_are_judged(town: Town, batch: Batch) -> None:
    correct(town, batch)
    with pytest.raises(services.Unchecked):
        services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)
    batch.refresh_from_db()
    assert batch.state == State.REVIEW
    # The command line checks and commits in one go; what it registers it has judged.
    done = services.load(batch.pk, valid_rows_only=False)
    assert (done.state, Enrolment.objects.count()) == (State.COMMITTED, 4)


def test_a_correction_may_be_taken_back(town: Town, batch: Batch) -> None:
    correct(town, batch)
    rechecked(town, batch)
    looked = look(batch)
    correcting.take_back(looked, actor=town.clerk, seen=looked.version)
    assert not corrections.are_checked(batch)
    assert said(rechecked(town, batch)) == [(3, "ID_CHECK_DIGIT")]
    assert corrections.counts(batch) == {"corrected": 0, "unchecked": 0}
    # Who saw the first correction has not seen the next one, whatever was taken back and judged in between.
    correct(town, batch, level="四级")
    with pytest.raises(correcting.Overtaken):
        correcting.correct(look(batch), actor=town.clerk, seen=looked.version, typed={"level": "三级"})
    correcting.take_back(look(batch), actor=town.clerk, seen=look(batch).version)
    rechecked(town, batch)
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)
    services.commit(batch.pk)
    assert not RejectedRow.objects.exists()


def test_typing_what_was_there_is_no_correction(town: Town, batch: Batch) -> None:
    with pytest.raises(correcting.NothingChanged):
        correct(town, batch, occupation=" 焊工 ".strip())
    correct(town, batch, occupation="中式烹调师", id_number=WHO[1].id_number)
    correct(town, batch, occupation="焊工")
    assert set(corrections.patches(batch)[3]) == {"id_number"}


def test_only_rows_with_a_fault_are_corrected(batch: Batch) -> None:
    assert corrections.look(batch, 2) is None
    assert corrections.look(batch, 99) is None


def test_there_is_a_limit(town: Town, settings: Any) -> None:
    settings.INTAKE_MAX_CORRECTIONS = 1
    spoilt = [who.numbered(cast.wrong_check(who.id_number)) for who in WHO[:2]]
    batch = towns.check(town, "roster", roster(spoilt))
    correct(town, batch, 2, id_number=WHO[0].id_number)
    with pytest.raises(correcting.TooMany):
        correct(town, batch, 3, id_number=WHO[1].id_number)
    correct(town, batch, 2, id_number=WHO[2].id_number)  # the same row again is no more than one


# --- at once


def test_nobody_writes_over_what_they_have_not_seen(town: Town, batch: Batch) -> None:
    first, second = look(batch), look(batch)
    correcting.correct(first, actor=town.clerk, seen=0, typed={"id_number": WHO[1].id_number})
    for typed in ({"id_number": WHO[2].id_number}, {"level": "四级"}):
        with pytest.raises(correcting.Overtaken):
            correcting.correct(second, actor=town.clerk, seen=0, typed=typed)
    third = look(batch)
    with pytest.raises(correcting.Overtaken):  # a page that was opened before
        correcting.correct(third, actor=town.clerk, seen=0, typed={"level": "四级"})
    assert corrections.patches(batch) == {3: {"id_number": WHO[1].id_number}}
    assert Action.objects.filter(code="intake.correct").count() == 1


def test_of_many_who_correct_one_row_at_once_one_is_heard(open_town: Town) -> None:
    batch = faulty(open_town)
    looked = look(batch)

    def one(n: int) -> bool:
        try:
            correcting.correct(looked, actor=open_town.clerk, seen=0, typed={"class_no": f"K-{n}"})
        except correcting.Overtaken:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1
    assert RejectedRow.objects.count() == Action.objects.filter(code="intake.correct").count() == 1


def test_deciding_and_correcting_at_once_never_registers_what_was_not_judged(open_town: Town) -> None:
    batch = faulty(open_town)
    looked = look(batch)

    def correct_it() -> bool:
        try:
            correcting.correct(looked, actor=open_town.clerk, seen=0, typed={"id_number": WHO[1].id_number})
        except services.NotAllowed:
            return False
        return True

    def decide() -> bool:
        try:
            services.send_to_commit(batch.pk, actor=open_town.clerk, valid_rows_only=True)
        except services.NotAllowed:
            return False
        return True

    def alone(work: Any) -> bool:
        try:
            return bool(work())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(alone, (correct_it, decide)))
    assert sorted(heard) == [False, True]


@pytest.mark.parametrize("state", [State.CHECKING, State.COMMITTING, State.COMMITTED, State.CANCELLED])
def test_only_a_batch_in_review_is_corrected(town: Town, batch: Batch, state: str) -> None:
    looked = look(batch)
    Batch.objects.filter(pk=batch.pk).update(state=state)
    with pytest.raises(services.NotAllowed):
        correcting.correct(looked, actor=town.clerk, seen=0, typed={"id_number": WHO[1].id_number})
    assert not RejectedRow.objects.exists()


def test_asking_twice_to_check_again_is_asking_once(town: Town, batch: Batch) -> None:
    correct(town, batch)
    for _ in range(2):
        assert correcting.recheck(batch.pk, actor=town.clerk).state == State.CHECKING
    assert Action.objects.filter(code="intake.recheck").count() == 1
    progress = Progress.objects.get(batch=batch)
    assert (progress.stage, progress.done, progress.total) == ("", 0, None)
    services.cancel(batch.pk, actor=town.clerk)
    with pytest.raises(services.NotAllowed):
        correcting.recheck(batch.pk, actor=town.clerk)


# --- cut off


def test_a_check_that_was_cut_off_goes_on_with_the_corrections(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "COLLISION_TRIES", 1)
    batch = faulty(open_town)
    correct(open_town, batch)
    correcting.recheck(batch.pk, actor=open_town.clerk)
    with monkeypatch.context() as broken:
        broken.setattr(staging, "settle", _raises)
        with pytest.raises(OperationalError):
            services.check(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, corrections.counts(batch)["unchecked"]) == (State.FAILED, 1)
    services.resume(batch.pk, actor=open_town.clerk)
    assert counts(services.check(batch.pk)) == (4, 4, 0, 0)


def test_staged_rows_lost_in_a_crash_are_read_again_with_the_corrections(town: Town, batch: Batch) -> None:
    correct(town, batch)
    rechecked(town, batch)
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    with connection.cursor() as cursor:  # what PostgreSQL does to unlogged tables after a crash
        cursor.execute(f"TRUNCATE {staging.table(batch.pk)}, {staging.issues_table(batch.pk)}")
    done = services.commit(batch.pk)
    assert (done.state, Enrolment.objects.count()) == (State.COMMITTED, 4)


def _raises(*_: object) -> int:
    raise OperationalError("gone")


# --- what is kept, and for how long


def test_both_are_kept_sealed_and_bound_to_their_row(town: Town, batch: Batch) -> None:
    correct(town, batch)
    kept = RejectedRow.objects.get()
    for value in (bytes(kept.cells), bytes(kept.corrected or b"")):
        assert WRONG.encode() not in value and WHO[1].id_number.encode() not in value
    assert corrections.opened(kept.cells, kept.seal_id)["id_number"] == WRONG
    with pytest.raises(Exception, match="not sealed for this row"):
        corrections.opened(kept.cells, batch.pk)


def test_corrected_rows_stay_until_the_original_goes(town: Town, batch: Batch) -> None:
    correct(town, batch)
    rechecked(town, batch)
    committed(town, batch)
    assert RejectedRow.objects.filter(batch=batch, row=3).exists()
    Batch.objects.filter(pk=batch.pk).update(created_at="2020-01-01T00:00:00+08:00")
    call_command("sheet", "prune", "--days", "365", stdout=StringIO())
    assert not RejectedRow.objects.exists()


def test_a_cancelled_batch_keeps_none(town: Town, batch: Batch) -> None:
    correct(town, batch)
    services.cancel(batch.pk, actor=town.clerk)
    assert not RejectedRow.objects.exists()


def test_history_tells_who_and_which_cells_and_no_value(
    town: Town, batch: Batch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "django.db.backends")  # statements, which only a developer asks for
    correct(town, batch, id_number=WHO[1].id_number, name="不该出现")
    rechecked(town, batch)
    committed(town, batch)
    action = Action.objects.get(code="intake.correct")
    assert (action.actor_id, action.subject_id) == (town.clerk.pk, str(batch.pk))
    assert action.after == {"row": 3, "columns": ["id_number", "name"]}
    written = str(list(Action.objects.values())) + str(list(Issue.objects.values()))
    logged = caplog.text + str([vars(record) for record in caplog.records])
    for secret in (WRONG, WHO[1].id_number, "不该出现"):
        assert secret not in written and secret not in logged


def test_the_row_leads_back_to_both_texts(town: Town, batch: Batch) -> None:
    correct(town, batch)
    rechecked(town, batch)
    committed(town, batch)
    found = source.cells(batch, 3)
    (cell,) = [cell for cell in found.cells if cell.corrected is not None]
    assert (cell.heading, found.by) == ("身份证号", str(town.clerk)) and found.at is not None
    assert cell.text[-4:] == WRONG[-4:] and cell.corrected is not None
    assert cell.corrected[-4:] == WHO[1].id_number[-4:]
    assert WRONG not in str(found) and WHO[1].id_number not in str(found)
    assert not source.cells(batch, 2).is_corrected


def test_a_row_that_follows_a_corrected_one_says_so(town: Town) -> None:
    lines = [entry(WHO[0], 1, starts="去年"), entry(WHO[1], 2, starts="同上")]
    batch = towns.check(town, "ledger", ledger(lines))
    correct(town, batch, 2, starts="2024-03-05")
    assert said(rechecked(town, batch)) == []
    followed = source.cells(batch, 3)
    assert followed.is_corrected and followed.by == ""


def test_the_error_workbook_carries_corrections(town: Town) -> None:
    """Handed in again as it is, it says what the page says."""
    spoilt = [who.numbered(cast.wrong_check(who.id_number)) for who in WHO[:2]]
    batch = towns.check(town, "roster", roster([*spoilt, WHO[2]]))
    correct(town, batch, 2, id_number=WHO[0].id_number)
    batch = rechecked(town, batch)
    out = BytesIO()
    errors.write(batch, out)
    out.seek(0)
    rows = list(openpyxl.load_workbook(out).active.iter_rows(values_only=True))
    assert rows[1][1] == WHO[0].id_number and rows[1][4] != "未通过"
    assert rows[2][1] == spoilt[1].id_number and rows[2][4] == "未通过"
    again = towns.check(town, "roster", out.getvalue(), name="错误明细.xlsx")
    assert (counts(again), said(again)) == (counts(batch), said(batch))

"""One file, one effect: handed in twice, by many at once, cut off, cancelled, or overtaken by others."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DataError, OperationalError, connection, connections
from django.test.utils import CaptureQueriesContext

from registry.accounts.models import Role, User
from registry.accounts.policy import Refused
from registry.audit.models import Action
from registry.intake import kinds, progress, services, staging, store, working
from registry.intake.models import Batch, FilePart, Issue, Progress
from registry.people.models import Document, Person
from tests import town as towns
from tests.registry.places import make_user
from tests.town import (
    State,
    Town,
    counts,
    entry,
    hand_in,
    ledger,
    loaded,
    people,
    person,
    proved,
    roster,
    said,
)
from training.enrolments.models import Enrolment
from training.ledgers.sheets import PlaceUnknown


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


@pytest.fixture
def open_town(transactional_db: None) -> Town:
    """The same with transactions of its own, for what several do at once."""
    return towns.build()


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    def alone(n: int) -> Any:
        try:
            return work(n)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(alone, range(count)))


def codes(batch: Batch) -> list[str]:
    return list(Action.objects.filter(subject_id=str(batch.pk)).order_by("id").values_list("code", flat=True))


# --- twice, and by many


@pytest.mark.parametrize("kind", ["ledger", "roster"])
def test_the_same_file_again_changes_nothing(town: Town, kind: str) -> None:
    who = people(5)
    # One without anything, one who failed, one whose subsidy was nothing: whatever a row says, it is known again.
    rows = [
        entry(who[0], 1),
        entry(who[1], 2, amount=0),
        entry(who[2]),
        entry(who[3], result="不合格", amount=None),
    ]
    data = ledger(rows) if kind == "ledger" else roster(who)
    first = loaded(town, kind, data)
    before = Person.objects.count(), Enrolment.objects.count()
    again = loaded(town, kind, data)
    assert again.pk != first.pk
    read = first.counts["read"]
    assert counts(again) == (read, 0, 0, read)
    assert not any(again.created.values())
    assert (Person.objects.count(), Enrolment.objects.count()) == before
    proved()


def test_a_file_under_way_is_not_taken_in_twice(town: Town) -> None:
    data = ledger([entry(person(1), 1)])
    first = hand_in(town, "ledger", data)
    assert hand_in(town, "ledger", data, name="另一个名字.csv").pk == first.pk
    services.check(first.pk)
    assert hand_in(town, "ledger", data).pk == first.pk
    assert Action.objects.filter(code="intake.receive").count() == 1


def test_another_sheet_of_the_same_workbook_is_another_batch(town: Town) -> None:
    data = ledger([entry(person(1), 1)])
    first = hand_in(town, "ledger", data)
    other = hand_in(town, "ledger", data, sheet="2023")
    assert other.pk != first.pk
    assert hand_in(town, "ledger", data, sheet="2023").pk == other.pk


def test_another_place_is_another_batch(town: Town) -> None:
    data = roster(people(2))
    first = hand_in(town, "roster", data)
    klass = towns.make_class(town.school, "T-02", town.welding)
    assert hand_in(town, "roster", data, **{"class": klass.pk}).pk != first.pk


def test_eight_who_load_one_file_have_one_effect(open_town: Town) -> None:
    data = ledger([entry(who, n) for n, who in enumerate(people(30))])
    batches = at_once(8, lambda n: towns.load(open_town, "ledger", data))
    # Who came while it was under way was led to it; who came after found everything registered.
    assert {batch.state for batch in batches} == {State.COMMITTED}
    assert sum(batch.created["enrolments"] for batch in {batch.pk: batch for batch in batches}.values()) == 30
    assert Enrolment.objects.count() == Person.objects.count() == 30
    proved()


def test_two_imports_that_bring_the_same_newcomers_both_end_well(open_town: Town) -> None:
    """Whoever comes second collides, starts over, and finds the people on record."""
    shared = people(40)

    def bring(n: int) -> Batch:
        order = shared if n == 0 else list(reversed(shared))
        rows = [entry(who, 100 * n + i, number=f"K-{n}") for i, who in enumerate(order)]
        return towns.load(open_town, "ledger", ledger(rows))

    for batch in at_once(2, bring):
        assert (batch.state, batch.created["enrolments"]) == (State.COMMITTED, 40), said(batch)
    assert Person.objects.count() == Document.objects.count() == 40
    assert Enrolment.objects.count() == 80
    # Of two rows in one county and year, one stands for the person.
    assert sum(row.firsts >> 2 & 1 for row in Enrolment.objects.all()) == 40
    proved()


# --- cut off


class Unplugged(OperationalError):
    pass


def test_an_import_cut_off_in_its_second_span_leaves_nothing(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "SPAN_ROWS", 10)
    monkeypatch.setattr(working, "COLLISION_TRIES", 1)
    batch = hand_in(open_town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(30))]))
    with monkeypatch.context() as broken:
        _break_at_row(broken, 11, Unplugged("gone"))
        with pytest.raises(OperationalError):
            services.load(batch.pk, valid_rows_only=False)
    batch.refresh_from_db()
    assert batch.state == State.FAILED
    assert not Person.objects.exists() and not Enrolment.objects.exists()
    assert codes(batch) == ["intake.receive"]
    services.resume(batch.pk, actor=open_town.clerk)
    done = services.load(batch.pk, valid_rows_only=False)
    assert (done.state, Enrolment.objects.count()) == (State.COMMITTED, 30)
    assert codes(batch) == ["intake.receive", "intake.resume", "intake.commit.ledger"]
    proved()


def test_a_single_interruption_is_overcome_without_anybody(
    open_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = hand_in(open_town, "ledger", ledger([entry(person(1), 1)]))
    failed: list[int] = []
    _break_at_row(
        monkeypatch, 2, Unplugged("gone"), until=lambda: bool(failed) or failed.append(1) is not None
    )
    assert services.load(batch.pk, valid_rows_only=False).state == State.COMMITTED


def _break_at_row(
    patch: pytest.MonkeyPatch, row: int, error: Exception, until: Callable[[], bool] = lambda: False
) -> None:
    kind = kinds.get("ledger")
    commit = kind.commit

    def breaks(work: Any, low: int, high: int) -> dict[str, int]:
        written = commit(work, low, high)
        if low <= row <= high and not until():
            raise error
        return written

    patch.setattr(type(kind), "commit", property(lambda self: breaks), raising=False)


# --- between review and commit


def test_staged_rows_lost_in_a_crash_are_read_again(town: Town) -> None:
    batch = towns.check(town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(6))]))
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    with connection.cursor() as cursor:  # what PostgreSQL does to unlogged tables after a crash
        cursor.execute(f"TRUNCATE {staging.table(batch.pk)}, {staging.issues_table(batch.pk)}")
    done = services.commit(batch.pk)
    assert (done.state, counts(done), Enrolment.objects.count()) == (State.COMMITTED, (6, 6, 0, 0), 6)


def test_a_class_that_filled_up_meanwhile_sends_the_batch_back(town: Town) -> None:
    batch = towns.check(town, "roster", roster(people(3)))
    assert counts(batch) == (3, 3, 0, 0)
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)
    town.klass.capacity = 2
    town.klass.save()
    back = services.commit(batch.pk)
    assert (back.state, said(back)) == (State.REVIEW, [(4, "CLASS_FULL")])
    assert not Enrolment.objects.exists() and not Person.objects.exists()
    # Now somebody has seen it and goes on with the others.
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)
    assert services.commit(batch.pk).created["enrolments"] == 2


def test_a_name_that_was_registered_meanwhile_sends_the_batch_back(town: Town) -> None:
    who = people(2)
    batch = towns.check(town, "ledger", ledger([entry(who[0], 1), entry(who[1], 2)]))
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    loaded(town, "roster", roster([who[1].called("马兰")]))
    back = services.commit(batch.pk)
    assert (back.state, said(back)) == (State.REVIEW, [(3, "ID_NAME_CONFLICT")])
    assert Enrolment.objects.filter(klass__batch_id__isnull=False).count() == 0
    with pytest.raises(services.NotAllowed):
        services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)


def test_only_valid_rows_are_written_when_asked(town: Town) -> None:
    who = people(4)
    spoilt = who[1].numbered(towns.cast.wrong_check(who[1].id_number))
    data = ledger([entry(each, n) for n, each in enumerate([who[0], spoilt, who[2], who[3]])])
    all_or_nothing = towns.load(town, "ledger", data)
    assert (all_or_nothing.state, Enrolment.objects.count()) == (State.REVIEW, 0)
    done = services.load(all_or_nothing.pk, valid_rows_only=True)
    assert (done.state, counts(done)) == (State.COMMITTED, (4, 3, 1, 0))
    assert sorted(Enrolment.objects.values_list("row_no", flat=True)) == [2, 4, 5]
    proved()


def test_nobody_overrules_what_was_decided_after_review(town: Town) -> None:
    data = ledger([entry(person(1), 1)])
    batch = towns.check(town, "ledger", data)
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    done = services.load(batch.pk, valid_rows_only=True)
    assert (done.state, done.valid_rows_only) == (State.COMMITTED, False)


def test_a_roster_for_no_class_can_be_checked_and_nothing_else(town: Town) -> None:
    batch = towns.load(town, "roster", roster(people(2)), **{"class": None})
    assert (batch.state, counts(batch)) == (State.REVIEW, (2, 2, 0, 0))
    with pytest.raises(services.NotAllowed):
        services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=True)


# --- stopping


@pytest.mark.parametrize(
    "state", [State.RECEIVED, State.CHECKING, State.REVIEW, State.FAILED, State.COMMITTING]
)
def test_a_batch_that_nobody_works_on_is_cancelled_at_once(town: Town, state: str) -> None:
    batch = towns.check(town, "ledger", ledger([entry(person(1), 1)]))
    Batch.objects.filter(pk=batch.pk).update(state=state)
    assert services.cancel(batch.pk, actor=town.clerk, reason="传错了").state == State.CANCELLED
    assert services.check(batch.pk).state == services.commit(batch.pk).state == State.CANCELLED
    with pytest.raises(services.NotAllowed):
        services.cancel(batch.pk, actor=town.clerk)
    with pytest.raises(services.NotAllowed):
        services.resume(batch.pk, actor=town.clerk)
    assert not _staged_tables(batch)
    assert codes(batch) == ["intake.receive", "intake.cancel"]


def test_a_running_import_stops_at_its_next_step(open_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SPAN_ROWS", 5)
    batch = hand_in(open_town, "ledger", ledger([entry(who, n) for n, who in enumerate(people(20))]))
    tell = progress.Teller.tell

    def told(self: Any, stage: str, done: int, total: int | None = None) -> None:
        if (stage, done) == ("commit", 10):
            at_once(1, lambda _: services.cancel(batch.pk, actor=open_town.clerk))
        tell(self, stage, done, total)

    monkeypatch.setattr(progress.Teller, "tell", told)
    assert services.load(batch.pk, valid_rows_only=False).state == State.CANCELLED
    assert not Person.objects.exists() and not Enrolment.objects.exists() and not _staged_tables(batch)
    assert codes(batch) == ["intake.receive", "intake.cancel"]


def test_deciding_to_go_on_overrules_an_earlier_wish_to_stop(town: Town) -> None:
    batch = towns.check(town, "ledger", ledger([entry(person(1), 1)]))
    Progress.objects.filter(batch=batch).update(cancel_asked=True)  # came as the check was ending
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    assert not Progress.objects.get(batch=batch).cancel_asked


def _staged_tables(batch: Batch) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE %s AND relkind = 'r'", [f"%{batch.pk.hex}"]
        )
        return [name for (name,) in cursor.fetchall()]


# --- refused files, originals


def test_of_a_refused_file_hardly_anything_is_kept(town: Town) -> None:
    batch = towns.check(town, "ledger", "姓名,备注\r\n阿依古丽,无\r\n".encode(), name="来件.csv")
    assert batch.state == State.REFUSED
    assert batch.file_error["code"] == "COLUMN_MISSING"
    assert (batch.file_name, batch.file_bytes > 0, len(batch.file_sha256)) == ("来件.csv", True, 64)
    assert (batch.uploaded_by, batch.sheet, batch.counts, batch.staged_rows) == (town.clerk, {}, {}, None)
    assert not FilePart.objects.exists() and not Issue.objects.exists() and not _staged_tables(batch)
    assert "阿依古丽" not in str(batch.file_error)
    assert codes(batch) == ["intake.receive", "intake.refuse"]


def test_an_original_that_was_tampered_with_is_refused(town: Town) -> None:
    batch = hand_in(town, "ledger", ledger([entry(person(1), 1)]))
    Batch.objects.filter(pk=batch.pk).update(file_sha256="0" * 64)
    assert services.check(batch.pk).file_error["code"] == "FILE_UNREADABLE"


def test_the_original_is_kept_sealed_and_whole(town: Town) -> None:
    data = ledger([entry(person(1), 1)])
    batch = hand_in(town, "ledger", data)
    (part,) = FilePart.objects.all()
    assert person(1).id_number.encode() not in bytes(part.sealed)
    with store.reading(batch) as file:
        assert file.read() == data


# --- what is told of the work


def test_statements_do_not_grow_with_rows(town: Town) -> None:
    def statements(count: int, first: int) -> int:
        rows = [entry(who, first + n) for n, who in enumerate(people(count, first))]
        batch = hand_in(town, "ledger", ledger(rows))
        with CaptureQueriesContext(connection) as seen:
            done = services.load(batch.pk, valid_rows_only=False)
        assert done.created == dict.fromkeys(("persons", "enrolments", "certificates", "payments"), count) | {
            "classes": 1 if first == 1_000 else 0
        }, said(done)[:5]
        return len(seen)

    assert statements(2_000, 1_000) == statements(200, 10_000)


def test_no_name_or_number_reaches_the_log(
    town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "django.db.backends")  # statements, which only a developer asks for
    who = people(3)
    loaded(town, "roster", roster(who))
    towns.load(town, "ledger", ledger([entry(who[0].called("马兰"), 1), entry(who[1], 2)]))
    batch = hand_in(town, "ledger", ledger([entry(who[2], 3)]))
    _break_at_row(monkeypatch, 2, RuntimeError("what broke"))
    with pytest.raises(RuntimeError):
        services.load(batch.pk, valid_rows_only=False)
    logged = caplog.text + str([vars(record) for record in caplog.records])
    for each in who:
        for secret in (each.name, each.id_number, each.phone):
            assert secret not in logged


def test_the_database_complains_without_quoting_rows(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL puts the row or the cell at fault into its message."""
    batch = hand_in(town, "ledger", ledger([entry(person(1), 1)]))
    copy_rows = staging.copy_rows

    def spoils(cursor: Any, batch_id: Any, columns: Any, payload: bytes) -> None:
        copy_rows(cursor, batch_id, columns, payload.replace(b"2024-03-05", person(1).name.encode()))

    monkeypatch.setattr(staging, "copy_rows", spoils)
    with pytest.raises(DataError) as caught:
        services.check(batch.pk)
    assert person(1).name not in str(caught.value)
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None
    batch.refresh_from_db()
    assert batch.state == State.FAILED


def test_every_step_is_on_record_with_who_and_in_which_capacity(town: Town) -> None:
    batch = towns.check(town, "ledger", ledger([entry(person(1), 1)]))
    services.send_to_commit(batch.pk, actor=town.clerk, valid_rows_only=False)
    services.commit(batch.pk)
    batch.refresh_from_db()
    assert codes(batch) == ["intake.receive", "intake.decide", "intake.commit.ledger"]
    written = Action.objects.get(pk=batch.action_id)
    assert (written.actor_id, written.actor_role, written.region_code, written.n) == (
        town.clerk.pk,
        "RG",
        towns.PROVINCE,
        1,
    )
    tables = set(written.manifests.values_list("table_name", flat=True))
    assert {"people_person", "enrolments_enrolment"} <= tables


def test_a_long_heading_is_no_fault_of_the_rows(town: Town) -> None:
    heading = "身份证号(" + "请填写十八位公民身份号码," * 12 + ")"
    data = towns.delimited(
        [["姓名", heading], ["马兰", person(1).id_number], ["马兰花", person(1).id_number]]
    )
    batch = towns.check(town, "roster", data, mapping={"id_number": heading})
    assert said(batch) == [(3, "ID_DUPLICATE_IN_FILE")]


def test_what_is_out_of_reach_cannot_be_registered(town: Town) -> None:
    """An office writes into its own division, a school into itself."""

    def clerk(name: str, role: Role, **place: Any) -> User:
        return make_user(name, role, **place)

    county = clerk("county", Role.RG, region_id=towns.CITY)
    school = clerk("school", Role.PC, institution=town.school)
    nobody = User.objects.create(username="nobody")
    mine, theirs = entry(person(1), 1), entry(person(2), 2, school=towns.AWAY_SCHOOL)
    at_school = towns.load(town, "ledger", ledger([mine, theirs]), actor=school)
    assert said(at_school) == [(3, "INSTITUTION_UNKNOWN")]
    towns.make_class(town.away, "KS-2024-07", town.welding)
    assert said(towns.load(town, "ledger", ledger([theirs]), actor=county)) == [(2, "INSTITUTION_UNKNOWN")]
    with pytest.raises(PlaceUnknown):
        hand_in(town, "ledger", ledger([mine]), actor=school, institution=town.away.pk)
    with pytest.raises(PlaceUnknown):
        hand_in(town, "ledger", ledger([mine]), actor=county, region=towns.AWAY)
    with pytest.raises(Refused):
        hand_in(town, "ledger", ledger([mine]), actor=nobody)


def test_originals_go_when_their_time_is_over(town: Town) -> None:
    done = loaded(town, "ledger", ledger([entry(person(1), 1)]))
    forgotten = towns.check(town, "ledger", ledger([entry(person(2), 2)]))
    fresh = towns.check(town, "ledger", ledger([entry(person(3), 3)]))
    old = [done.pk, forgotten.pk]
    Batch.objects.filter(pk__in=old).update(created_at=done.created_at - dt.timedelta(days=400))
    said_of_it = StringIO()
    call_command("sheet", "prune", "--days", "365", stdout=said_of_it)
    assert "2 份" in said_of_it.getvalue()
    assert set(FilePart.objects.values_list("batch_id", flat=True)) == {fresh.pk}
    for batch, state in ((done, State.COMMITTED), (forgotten, State.CANCELLED)):
        batch.refresh_from_db()
        assert (batch.state, len(batch.file_sha256), batch.file_dropped_at is None) == (state, 64, False)
        assert codes(batch)[-1] == "intake.prune"
        with pytest.raises(store.FileGone), store.reading(batch):
            pass
    call_command("sheet", "prune", "--days", "365", stdout=StringIO())
    assert Action.objects.filter(code="intake.prune").count() == 2

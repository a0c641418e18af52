"""The record against itself: whoever gets past its triggers leaves something that does not fit, and it is named."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection

from registry.audit import state
from registry.audit.models import Action, Detail, Manifest
from registry.audit.services import erase, record
from registry.institutions.models import Institution
from registry.regions.models import Region
from tests.logged import Log

pytestmark = pytest.mark.django_db

PERSON = uuid4()


@pytest.fixture
def log() -> Iterator[Log]:
    """Six actions, two details, one manifest in the log, one action waiting; and the triggers that keep them lifted."""
    for n in range(4):
        record(code="test.act", actor=None, subject_type="thing", subject_id=n)
    record(code="test.a", actor=None, subject_type="thing", personal={"name": "张三"}, person_id=PERSON)
    record(code="test.b", actor=None, subject_type="thing", personal={"name": "李四"}, person_id=uuid4())
    Region.objects.create(code="650000", name="某区", level=1)
    Institution.objects.create(name="某校", region_id="650000")
    sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    log = Log()
    log.settle()
    record(code="test.waits", actor=None, subject_type="thing")
    assert found() == []
    for table in ("action", "detail", "manifest", "leaf", "checkpoint"):
        sql(f"ALTER TABLE audit_{table} DISABLE TRIGGER USER")
    yield log


def sql(text: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, list(params) or None)


def found() -> list[tuple[str, int | str, str]]:
    """What is found, triggers left out: lifting them is part of every test here."""
    return [(each.table_name, each.row_id, each.fault) for each in state.faults() if each.fault != "trigger"]


def test_an_edited_column_is_named(log: Log) -> None:
    pk = Action.objects.filter(code="test.act").order_by("id")[1].pk
    sql("UPDATE audit_action SET at = at - interval '1 day' WHERE id = %s", pk)
    detail = Detail.objects.order_by("id")[0].pk
    sql("UPDATE audit_detail SET subject_person = NULL WHERE id = %s", detail)
    manifest = Manifest.objects.get().pk
    sql("UPDATE audit_manifest SET hashes = decode(repeat('ab', octet_length(hashes)), 'hex')")
    assert found() == [
        ("audit_action", pk, "resealed"),
        ("audit_detail", detail, "resealed"),
        ("audit_manifest", manifest, "resealed"),
    ]


def test_an_edited_entry_sealed_anew_no_longer_fits_its_leaf(log: Log) -> None:
    pk = Action.objects.order_by("id")[2].pk
    sql("UPDATE audit_action SET reason = '别的' WHERE id = %s", pk)
    sql("UPDATE audit_action a SET body = convert_to(canon_action_v1(a), 'UTF8') WHERE id = %s", pk)
    assert found() == [("audit_action", pk, "replaced")]


def test_and_with_the_leaf_rewritten_the_checkpoint_does_not_fit(log: Log) -> None:
    pk = Action.objects.order_by("id")[2].pk
    sql("UPDATE audit_action SET reason = '别的' WHERE id = %s", pk)
    sql("UPDATE audit_action a SET body = convert_to(canon_action_v1(a), 'UTF8') WHERE id = %s", pk)
    sql(
        "UPDATE audit_leaf l SET hash = a.leaf_hash FROM audit_action a "
        "WHERE l.kind = 'a' AND l.row_id = a.id AND a.id = %s",
        pk,
    )
    assert found() == [("audit_checkpoint", 9, "head")]


def test_a_deleted_entry_is_named_by_its_leaf(log: Log) -> None:
    pk = Action.objects.order_by("id")[0].pk
    sql("DELETE FROM audit_action WHERE id = %s", pk)
    assert found() == [("audit_action", pk, "lost")]


def test_an_entry_put_in_past_the_queue_and_an_emptied_queue_are_named(log: Log) -> None:
    waits = Action.objects.get(code="test.waits").pk
    sql("DELETE FROM audit_pending")
    assert found() == [("audit_action", waits, "unlogged")]


def test_a_removed_leaf_leaves_a_gap(log: Log) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_leaf WHERE idx = 3 RETURNING row_id")
        ((pk,),) = cursor.fetchall()
    assert ("audit_action", pk, "unlogged") in found()
    assert ("audit_leaf", 4, "gap") in found()
    assert ("audit_checkpoint", 9, "head") in found()


def test_a_log_cut_short_is_not_as_long_as_it_says(log: Log) -> None:
    sql("DELETE FROM audit_leaf WHERE idx >= 7; DELETE FROM audit_checkpoint")
    assert ("audit_leaf", 9, "gap") in found()


def test_a_checkpoint_that_says_another_thing_is_named(log: Log) -> None:
    sql("UPDATE audit_checkpoint SET note = replace(note, E'\\n9\\n', E'\\n8\\n')")
    assert found() == [("audit_checkpoint", 9, "head")]


def test_what_was_erased_without_an_action_is_named(log: Log) -> None:
    first, second = Detail.objects.order_by("id")
    sql("ALTER TABLE audit_action ENABLE TRIGGER USER; ALTER TABLE audit_detail ENABLE TRIGGER USER")
    assert erase(None, PERSON, reason="本人申请") == 1
    sql("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE audit_detail DISABLE TRIGGER USER")
    assert found() == []
    sql("UPDATE audit_detail SET salt = NULL, detail = NULL, erased_at = now() WHERE id = %s", second.pk)
    assert ("audit_detail", second.pk, "erased") in found()
    assert ("audit_detail", first.pk, "erased") not in found()


def test_lifted_triggers_are_named(log: Log) -> None:
    sql("DROP TRIGGER audit_touched_settle ON audit_touched")
    sql("ALTER TABLE accounts_user DISABLE TRIGGER audit_watch_update")
    named = {(each.table_name, each.row_id) for each in state.faults() if each.fault == "trigger"}
    assert {
        ("audit_action", "audit_action_keep"),
        ("audit_touched", "audit_touched_settle"),
        ("accounts_user", "audit_watch_update"),
    } <= named

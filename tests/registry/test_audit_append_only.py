"""History is only ever added to, whoever tries otherwise."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from registry.audit.models import Action, Detail, Manifest
from registry.audit.services import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def action() -> Action:
    action = record(
        code="test.act",
        actor=None,
        subject_type="thing",
        subject_id=7,
        personal={"name": "张三"},
        person_id=uuid4(),
    )
    Manifest.objects.create(action=action, table_name="t", canon="t_v1", row_ids=[1], hashes=bytes(32))
    with connection.cursor() as cursor:
        # A deferred foreign key still to be checked would refuse TRUNCATE before we do.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return action


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except IntegrityError:
        return True
    return False


DEEDS = [
    "UPDATE audit_action SET reason = 'other'",
    "DELETE FROM audit_action",
    "TRUNCATE audit_action CASCADE",
    "UPDATE audit_manifest SET hashes = hashes",
    "DELETE FROM audit_manifest",
    "TRUNCATE audit_manifest",
    "DELETE FROM audit_detail",
    "TRUNCATE audit_detail",
    "UPDATE audit_detail SET detail = '{}'",
    "UPDATE audit_detail SET salt = NULL",
    "UPDATE audit_detail SET subject_person = NULL",
    "UPDATE audit_detail SET salt = NULL, detail = NULL, commitment = sha256('')",
]


@pytest.mark.parametrize("deed", DEEDS)
def test_the_owner_of_the_tables_is_refused(action: Action, deed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE relname = 'audit_action'"
        )
        assert cursor.fetchone() == (True,)
    assert refused(deed)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_session_in_the_replica_role_is_refused(action: Action, deed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    assert refused(deed)


def test_a_statement_that_hits_no_row_is_refused_too(action: Action) -> None:
    assert refused("DELETE FROM audit_action WHERE false")


def test_the_orm_is_refused(action: Action) -> None:
    with pytest.raises(IntegrityError, match="only ever added to"), transaction.atomic():
        Action.objects.filter(pk=action.pk).update(n=2)


def test_a_detail_can_be_erased_once_and_stays_erased(action: Action) -> None:
    commitment = bytes(Detail.objects.get().commitment)
    Detail.objects.update(salt=None, detail=None)
    detail = Detail.objects.get()
    assert detail.salt is None and detail.detail is None
    assert detail.erased_at is not None
    assert bytes(detail.commitment) == commitment
    assert refused("UPDATE audit_detail SET salt = sha256(''), detail = '{}', erased_at = NULL")
    assert refused("UPDATE audit_detail SET erased_at = now()")


def test_nobody_dates_an_action_back_or_names_another_role() -> None:
    old = dt.datetime(2001, 1, 1, tzinfo=dt.UTC)
    action = Action.objects.create(code="test.act", subject_type="thing", at=old, db_user="somebody")
    action.refresh_from_db()
    assert abs(action.at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert cursor.fetchone() == (action.db_user,)


@pytest.mark.parametrize(
    "fields",
    [
        {"row_ids": [1, 2], "hashes": bytes(32)},
        {"row_ids": [], "hashes": b""},
        {"hashes": bytes(32)},
        {"row_ids": [1], "row_uuids": [uuid4()], "hashes": bytes(32)},
    ],
)
def test_a_manifest_has_one_hash_for_each_row(action: Action, fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Manifest.objects.create(action=action, table_name="t", canon="t_v1", **fields)

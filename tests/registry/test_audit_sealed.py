"""Every entry carries the bytes that the log commits to, and queues for it."""

from __future__ import annotations

import hashlib
from importlib import import_module
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from registry.audit import merkle
from registry.audit.models import Action, Detail, Manifest, Pending
from registry.audit.services import PersonalDataInAction, record
from tests.registry.test_audit_services import act

pytestmark = pytest.mark.django_db

PERSON = UUID("018f0000-0000-7000-8000-000000000001")


def body_of(entry: Action | Detail | Manifest) -> str:
    entry.refresh_from_db()
    assert bytes(entry.leaf_hash) == hashlib.sha256(b"\x00" + bytes(entry.body)).digest()
    return bytes(entry.body).decode()


def test_an_action_is_sealed_with_all_it_says() -> None:
    action = act(reason="更正|一处", before={"b": 1, "a": None}, n=3)
    moment = round(action.at.timestamp() * 1_000_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        user = cursor.fetchone()[0]
    assert body_of(action) == (
        f"action_v1|{action.pk}|{moment}|{len(user)}:{user}|2:系统|~||~||test.act|thing|1:7|3|5:更正|一处|0:|"
        '19:{"a": null, "b": 1}|~'
    )


def test_a_detail_is_sealed_by_its_commitment_alone() -> None:
    detail = act(personal={"name": "张三"}, person_id=PERSON).details.get()
    assert (
        body_of(detail)
        == f"detail_v1|{detail.pk}|{detail.action_id}|{PERSON}|{bytes(detail.commitment).hex()}"
    )


def test_a_manifest_is_sealed_by_the_hashes_of_ids_and_rows() -> None:
    hashes = hashlib.sha256(b"row").digest() * 2
    made = Manifest.objects.create(action=act(), table_name="t", canon="t_v1", row_ids=[3, 5], hashes=hashes)
    ids, rows = hashlib.sha256(b"3,5").hexdigest(), merkle.rows_root(hashes).hex()
    assert body_of(made) == f"manifest_v1|{made.pk}|{made.action_id}|t|t_v1|2|{ids}|{rows}"
    made = Manifest.objects.create(
        action=act(), table_name="t", canon="t_v1", row_uuids=[PERSON], hashes=bytes(32)
    )
    ids, rows = hashlib.sha256(str(PERSON).encode()).hexdigest(), merkle.rows_root(bytes(32)).hex()
    assert body_of(made) == f"manifest_v1|{made.pk}|{made.action_id}|t|t_v1|1|{ids}|{rows}"


@pytest.mark.parametrize("rows", [1, 255, 256, 257, 512, 1500])
def test_the_database_and_the_program_agree_on_the_head_over_a_manifest(rows: int) -> None:
    hashes = b"".join(hashlib.sha256(b"%d" % row).digest() for row in range(rows))
    with connection.cursor() as cursor:
        cursor.execute("SELECT canon_rows_root(%s)", [hashes])
        assert bytes(cursor.fetchone()[0]) == merkle.rows_root(hashes)


def test_sealed_bytes_are_the_databases_own() -> None:
    forged = Action.objects.create(code="test.act", subject_type="thing", body=b"forged")
    assert body_of(forged).startswith(f"action_v1|{forged.pk}|")
    detail = Detail.objects.create(
        action=forged, salt=bytes(32), detail={}, commitment=bytes(32), body=b"forged"
    )
    assert body_of(detail).startswith("detail_v1|")


def test_no_code_can_pretend_to_be_two_fields() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act(subject_type="thing|1:7")


def test_every_entry_queues_for_the_log_in_its_own_transaction() -> None:
    action = record(
        code="test.act", actor=None, subject_type="thing", personal={"name": "张三"}, person_id=PERSON
    )
    made = Manifest.objects.bulk_create(
        Manifest(action=action, table_name="t", canon="t_v1", row_ids=[row], hashes=bytes(32))
        for row in (1, 2)
    )
    waiting = {("a", action.pk), ("d", action.details.get().pk), *(("m", each.pk) for each in made)}
    assert set(Pending.objects.values_list("kind", "row_id")) == waiting


def test_a_table_of_the_same_name_in_the_session_catches_no_entry() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE audit_pending (kind char(1), row_id bigint) ON COMMIT DROP")
        cursor.execute("CREATE TEMP TABLE audit_action (LIKE public.audit_action) ON COMMIT DROP")
        act()
        cursor.execute("SELECT count(*) FROM pg_temp.audit_pending")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM public.audit_pending")
        assert cursor.fetchone() == (1,)


def test_rows_that_stood_before_are_sealed_by_the_migration(django_db_blocker: object) -> None:
    """The statements of the migration, on tables put back to the shape they had before it."""
    action = act(personal={"name": "张三"}, person_id=uuid4())
    Manifest.objects.create(action=action, table_name="t", canon="t_v1", row_ids=[1], hashes=bytes(32))
    sealed = [body_of(action), body_of(action.details.get()), body_of(action.manifests.get())]
    migration = import_module("registry.migrations.0009_sealed_log").Migration
    (batch,) = (operation for operation in migration.operations if hasattr(operation, "sql"))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_BEFORE)
        cursor.execute("SELECT count(*) FROM audit_pending")
        assert cursor.fetchone() == (0,)
        cursor.execute(batch.sql[0][0])
    assert [body_of(action), body_of(action.details.get()), body_of(action.manifests.get())] == sealed
    assert Pending.objects.count() == 3
    with pytest.raises(IntegrityError), transaction.atomic():
        Action.objects.update(n=2)


_BEFORE = """
    DELETE FROM audit_pending;
    DROP TRIGGER audit_action_enqueue ON audit_action; DROP TRIGGER audit_detail_enqueue ON audit_detail;
    DROP TRIGGER audit_manifest_enqueue ON audit_manifest; DROP TRIGGER audit_detail_seal ON audit_detail;
    DROP TRIGGER audit_manifest_seal ON audit_manifest; DROP TRIGGER audit_leaf_keep ON audit_leaf;
    DROP TRIGGER audit_checkpoint_keep ON audit_checkpoint;
    DROP FUNCTION audit_seal_detail, audit_seal_manifest, audit_enqueue, audit_log, audit_erase_person,
        canon_action_v1, canon_detail_v1, canon_manifest_v1, canon_rows_root, canon_moment;
    ALTER TABLE audit_action DROP CONSTRAINT audit_action_codes, DROP COLUMN leaf_hash, DROP COLUMN body;
    ALTER TABLE audit_detail DROP COLUMN leaf_hash, DROP COLUMN body;
    ALTER TABLE audit_manifest DROP CONSTRAINT audit_manifest_names, DROP COLUMN leaf_hash, DROP COLUMN body;
    ALTER TABLE audit_leaf DROP CONSTRAINT audit_leaf_shape;
    ALTER TABLE audit_pending DROP CONSTRAINT audit_pending_kind;
"""


def test_numbers_of_persons_are_veiled_in_a_reason_and_refused_elsewhere() -> None:
    action = act(reason="身份证11010519491231002X有误,电话 138 0013 8000")
    assert action.reason == "身份证▮有误,电话 ▮"
    with pytest.raises(PersonalDataInAction, match=r"^test\.act: phone$"):
        act(after={"rows": [{"x": "13800138000"}]})
    with pytest.raises(PersonalDataInAction, match="id_number"):
        act(subject_id="11010519491231002X")

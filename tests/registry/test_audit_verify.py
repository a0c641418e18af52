"""Rows are proved from history, and each that differs is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection

from registry.audit.models import Action, Detail, Manifest
from registry.audit.services import OutsideTransaction, manifest, manifest_removed, manifest_rows, record
from registry.audit.verify import Report, verify
from registry.institutions.models import Institution
from registry.lib.scope import Scope
from registry.people.models import Document, Person
from tests.registry.places import World, make_world

pytestmark = pytest.mark.django_db

TABLE, CANON = "institutions_institution", "school_v1"

# A canonical form for a table with numbers for ids, as an upper room would bring it, and nobody watches the table.
FORM = """
ALTER TABLE institutions_institution DISABLE TRIGGER audit_watch_insert, DISABLE TRIGGER audit_watch_update,
    DISABLE TRIGGER audit_watch_delete;
CREATE FUNCTION canon_school_v1(i institutions_institution) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws('|', 'school_v1', i.id, canon_text(i.name), i.region_id, coalesce(i.credit_code, '~'))
$$;
CREATE FUNCTION canon_school_v1_rows() RETURNS TABLE (id bigint, canon text) LANGUAGE sql STABLE AS $$
    SELECT i.id, canon_school_v1(i) FROM institutions_institution i
$$;
"""
ALL_ROWS = "SELECT i.id, canon_school_v1(i) FROM institutions_institution i WHERE i.region_id = ANY(%s)"


@pytest.fixture
def world() -> Iterator[World]:
    with connection.cursor() as cursor:
        cursor.execute(FORM)
    yield make_world()


def act() -> Action:
    return record(code="test.import", actor=None, subject_type="batch")


def enter(world: World) -> int:
    return manifest(act(), TABLE, CANON, ALL_ROWS, [[world.county.pk, world.neighbour.pk]])


def found(report: Report) -> list[tuple[int | UUID, str]]:
    return [(each.row_id, each.fault) for each in report.differences]


def check() -> Report:
    return verify(Scope.all(), TABLE)


def test_a_set_of_rows_is_one_manifest_that_holds(world: World) -> None:
    assert enter(world) == 2
    kept = Manifest.objects.get()
    assert kept.row_ids == sorted([world.school.pk, world.school_next_door.pk])
    assert len(bytes(kept.hashes)) == 64
    report = check()
    assert report.ok and (report.manifests, report.rows) == (1, 2)


def test_no_rows_make_no_manifest(world: World) -> None:
    assert manifest(act(), TABLE, CANON, ALL_ROWS, [["999999"]]) == 0
    assert not Manifest.objects.exists()


def test_a_changed_row_is_named(world: World) -> None:
    enter(world)
    Institution.objects.filter(pk=world.school.pk).update(credit_code="91650100MA7ABCDEX1")
    assert found(check()) == [(world.school.pk, "changed")]


def test_a_field_outside_the_canonical_form_may_change(world: World) -> None:
    enter(world)
    Institution.objects.filter(pk=world.school.pk).update(address="迎宾路 1 号")
    assert check().ok


def test_a_change_that_was_recorded_is_explained_and_a_later_one_is_not(world: World) -> None:
    enter(world)
    Institution.objects.filter(pk=world.school.pk).update(region=world.elsewhere)
    manifest_rows(act(), TABLE, CANON, [world.school.pk])
    assert check().ok
    Institution.objects.filter(pk=world.school.pk).update(region=world.county)
    # As it was at first, yet not as the last action left it.
    assert found(check()) == [(world.school.pk, "changed")]


def test_a_deleted_row_is_missing_unless_its_removal_was_recorded(world: World) -> None:
    enter(world)
    lost = world.school_next_door.pk
    world.school_next_door.delete()
    assert found(check()) == [(lost, "missing")]
    assert manifest_removed(act(), TABLE, CANON, [lost]) == 1
    assert check().ok
    Institution.objects.create(pk=lost, name="皮山县晨光职业培训学校", region=world.neighbour)
    assert found(check()) == [(lost, "returned")]


def test_a_row_that_no_action_entered_is_unlisted(world: World) -> None:
    enter(world)
    smuggled = Institution.objects.create(name="不速之客学校", region=world.elsewhere)
    assert found(check()) == [(smuggled.pk, "unlisted")]


def test_rows_with_uuids_are_proved_too() -> None:
    person = Person.objects.create(name="张三", name_key="张三", sex="M", birth_date="1990-01-02")
    Document.objects.create(
        person=person, kind=Document.Kind.ID_CARD, sealed=b"\x01" * 50, blind_index=b"\x02" * 32, mask="6***1"
    )
    action = act()
    assert manifest_rows(action, "people_person", "person_v1", [person.pk]) == 1
    assert verify(Scope.all()).ok
    Person.objects.update(name="张山")
    assert found(verify(Scope.all())) == [(person.pk, "changed")]


def test_the_leaf_of_a_person_is_salted_by_the_document_or_says_nothing_personal() -> None:
    person = Person.objects.create(name="张|三", name_key="张三", sex="M", birth_date="1990-01-02")
    leaf = "SELECT canon FROM canon_person_v1_rows() WHERE id = %s"
    with connection.cursor() as cursor:
        cursor.execute(leaf, [person.pk])
        assert cursor.fetchone() == (f"person_v1|{person.pk}|active|~|~",)
        Document.objects.create(
            person=person,
            kind=Document.Kind.ID_CARD,
            sealed=b"\xab\xcd",
            blind_index=b"\x02" * 32,
            mask="6***1",
        )
        cursor.execute(leaf, [person.pk])
        assert cursor.fetchone() == (f"person_v1|{person.pk}|active|~|abcd|3:张|三|M|7306|0:|",)


def test_canonical_texts_do_not_depend_on_the_session(world: World) -> None:
    person = Person.objects.create(name="张三", name_key="张三", birth_date="1990-01-02")
    Document.objects.create(
        person=person, kind=Document.Kind.ID_CARD, sealed=b"\x01", blind_index=b"\x02" * 32, mask="6***1"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT canon FROM canon_person_v1_rows()")
        before = cursor.fetchone()
        cursor.execute(
            "SET LOCAL DateStyle = 'German'; SET LOCAL bytea_output = 'escape'; SET LOCAL TimeZone = 'UTC'"
        )
        cursor.execute("SELECT canon FROM canon_person_v1_rows()")
        assert cursor.fetchone() == before


def test_the_canonical_form_is_folded_into_the_statement(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN VERBOSE SELECT canon FROM canon_school_v1_rows()")
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "concat_ws" in plan and "canon_school_v1" not in plan


def test_a_broken_detail_is_named() -> None:
    action = act()
    good = record(code="test.act", actor=None, subject_type="thing", personal={"name": "张三"}).details.get()
    forged = Detail.objects.create(
        action=action, salt=good.salt, detail={"name": "李四"}, commitment=good.commitment
    )
    report = verify(Scope.all())
    assert report.details == 2
    assert report.broken_details == [forged.pk]


def test_only_who_sees_everything_may_verify() -> None:
    with pytest.raises(PermissionError):
        verify(Scope.region("650000"))


def test_the_command_names_rows_and_fails(world: World) -> None:
    enter(world)
    out = StringIO()
    call_command("audit", "verify", "--table", TABLE, stdout=out)
    assert "1 manifests, 2 rows, 0 details: as recorded" in out.getvalue()
    Institution.objects.filter(pk=world.school.pk).update(region=world.elsewhere)
    out = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("audit", "verify", "--json", stdout=out)
    assert stop.value.code == 1
    report = json.loads(out.getvalue())
    assert report["ok"] is False
    assert [each["row_id"] for each in report["differences"]] == [world.school.pk]


@pytest.mark.django_db(transaction=True)
def test_a_manifest_outside_a_transaction_is_refused() -> None:
    with pytest.raises(OutsideTransaction):
        manifest_rows(Action(pk=1, code="test.act"), TABLE, CANON, [1])

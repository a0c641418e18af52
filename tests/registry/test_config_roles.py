"""Which role may do what to which table: as the database itself answers, not as we believe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from django.db import Error, connection, transaction

from registry.audit.models import Action, Detail, Manifest, Pending
from registry.audit.services import manifest, record
from registry.config import roles
from tests.registry.places import make_world

pytestmark = pytest.mark.django_db

WRITERS = (roles.APP, roles.WORKER)
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture(autouse=True)
def _roles() -> None:
    roles.apply(ddl_events=False)


@contextmanager
def as_role(name: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")


def refused(role: str, sql: str) -> str:
    """What the database says to the role, in English; nothing when it lets it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute(sql)
    except Error as error:
        return str(error)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    return ""


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        return [name for (name,) in cursor.fetchall()]


def may(role: str, table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v FROM unnest(%s::text[]) v WHERE has_table_privilege(%s, %s, v)",
            [list(VERBS), role, f'public."{table}"'],
        )
        return {verb for (verb,) in cursor.fetchall()}


AUDIT_TABLES = {
    "audit_action": {roles.NOTARY: {"SELECT"}},
    "audit_detail": {},
    "audit_manifest": {roles.NOTARY: {"SELECT"}},
    "audit_pending": {roles.NOTARY: {"SELECT", "DELETE"}},
    "audit_leaf": {roles.NOTARY: {"SELECT", "INSERT"}},
    "audit_checkpoint": {roles.NOTARY: {"SELECT", "INSERT"}},
    "audit_ended_leaf": {},
    "audit_ended_checkpoint": {},
    "audit_log_state": {roles.NOTARY: {"SELECT", "INSERT", "UPDATE"}},
}
OPENS_DOORS = {
    "accounts_user",
    "accounts_former_password",
    "accounts_apikey",
    "accounts_smsmessage",
    "django_session",
    "mfa_authenticator",
    "usersessions_usersession",
    "account_emailconfirmation",
    "socialaccount_socialapp",
    "socialaccount_socialtoken",
    "axes_accesslog",
    "door_knock",
    "rights_copy",
    "credentials_credential",
    "credentials_transcript",
}
TABLE = "institutions_institution"
PERSON = UUID("018f0000-0000-7000-8000-000000000001")
READERS = {*WRITERS, roles.AUDIT, roles.BACKUP}


def test_role_by_table_by_verb() -> None:
    wrong = []
    for table in tables():
        for role in roles.ROLES:
            if table in AUDIT_TABLES:
                expected = AUDIT_TABLES[table].get(role, {"SELECT"} if role in READERS else set())
            elif role in WRITERS:
                expected = {"SELECT", "INSERT", "UPDATE", "DELETE"} & may(role, table) | {"SELECT"}
            elif role == roles.AUDIT and table in OPENS_DOORS:
                expected = set()  # some of its columns
            else:
                expected = {"SELECT"} if role in READERS else set()
            if may(role, table) - {"MAINTAIN"} != expected:
                wrong.append((role, table, may(role, table), expected))
    assert wrong == []


def test_who_writes_business_tables_may_do_so_unless_they_only_grow() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'audit_refuse'::regproc"
        )
        growing = {name for (name,) in cursor.fetchall()}
    for table in tables():
        if table.startswith("audit_") or table == "django_migrations":
            continue
        lacking = {"INSERT", "UPDATE", "DELETE"} - may(roles.APP, table)
        assert not lacking or table in growing, (table, lacking)
        assert may(roles.WORKER, table) == may(roles.APP, table)


def test_nobody_has_more_than_they_need() -> None:
    assert roles.faults() == []
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE (reason) ON audit_action TO jiangce_app")
        cursor.execute("GRANT DELETE ON audit_pending TO jiangce_worker")
    assert roles.faults() == [
        "jiangce_app: may UPDATE audit_action",
        "jiangce_worker: may DELETE audit_pending",
    ]
    roles.apply(ddl_events=False)
    assert roles.faults() == []


def test_a_table_of_a_later_migration_is_covered() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later_thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
        cursor.execute("CREATE SEQUENCE later_number")
    assert not refused(roles.APP, "INSERT INTO later_thing (name) VALUES ('x')")
    assert not refused(roles.WORKER, "SELECT nextval('later_number')")
    assert "denied" in refused(roles.NOTARY, "SELECT 1 FROM later_thing")


DEEDS = [
    "UPDATE audit_action SET reason = ''",
    "DELETE FROM audit_action",
    "TRUNCATE audit_action CASCADE",
    "INSERT INTO audit_action (code, subject_type) VALUES ('x', 'y')",
    "INSERT INTO audit_detail (action_id, commitment) VALUES (1, sha256(''))",
    "UPDATE audit_detail SET salt = NULL, detail = NULL",
    "INSERT INTO audit_manifest (id, action_id, table_name, canon, row_ids, hashes) VALUES (1, 1, 't', 'c', '{1}', '')",
    "INSERT INTO audit_manifest (action_id, table_name, canon, row_ids, hashes, body) "
    "VALUES (1, 't', 'c', '{1}', '', '')",
    "DELETE FROM audit_manifest",
    "DELETE FROM audit_pending",
    "INSERT INTO audit_pending VALUES ('a', 1)",
    "INSERT INTO audit_leaf VALUES (0, 'a', 1, sha256(''))",
    "UPDATE audit_log_state SET size = 0",
    "SELECT audit_erase_person('018f0000-0000-7000-8000-000000000001')",
    "ALTER TABLE audit_action DISABLE TRIGGER ALL",
    "ALTER TABLE audit_action OWNER TO CURRENT_USER",
    "DROP TRIGGER audit_action_keep ON audit_action",
    "CREATE FUNCTION canon_text(varchar) RETURNS text LANGUAGE sql AS 'SELECT $1'",
    "CREATE OR REPLACE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "SELECT setval('audit_action_id_seq', 1)",
    "DELETE FROM django_migrations",
]


@pytest.mark.parametrize("role", WRITERS)
@pytest.mark.parametrize("deed", DEEDS)
def test_who_serves_the_pages_cannot_touch_history(role: str, deed: str) -> None:
    said = refused(role, deed)
    assert any(word in said for word in ("permission denied", "must be owner", "must be able to SET ROLE")), (
        said
    )


def test_who_serves_the_pages_adds_to_history_by_its_function() -> None:
    make_world()
    with as_role(roles.APP):
        action = record(
            code="test.act",
            actor=None,
            subject_type="thing",
            personal={"name": "张三"},
            person_id=PERSON,
        )
        assert manifest(action, TABLE, "school_v1", f"SELECT id, name FROM {TABLE}") == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert Action.objects.get(pk=action.pk).db_user == cursor.fetchone()[0]
    kinds = set(Pending.objects.values_list("kind", flat=True))
    assert kinds == {"a", "d", "m"}
    assert Detail.objects.get().detail == {"name": "张三"}
    assert Manifest.objects.get().body


def test_who_erases_does_so_by_its_function_alone() -> None:
    record(code="test.act", actor=None, subject_type="thing", personal={"name": "张三"}, person_id=PERSON)
    assert "denied" in refused(roles.ERASER, "UPDATE audit_detail SET salt = NULL, detail = NULL")
    assert "denied" in refused(roles.ERASER, "SELECT detail FROM audit_detail")
    assert not refused(roles.ERASER, f"SELECT audit_erase_person('{PERSON}')")
    assert Detail.objects.get().detail is None


def test_the_notary_sees_no_detail_and_no_business() -> None:
    assert not refused(roles.NOTARY, "SELECT leaf_hash FROM audit_detail")
    assert "denied" in refused(roles.NOTARY, "SELECT salt FROM audit_detail")
    assert "denied" in refused(roles.NOTARY, "SELECT 1 FROM people_person")
    assert "denied" in refused(roles.NOTARY, "CREATE TEMP TABLE t (a int)")


def test_the_auditor_reads_what_opens_no_doors() -> None:
    assert not refused(roles.AUDIT, "SELECT username FROM accounts_user")
    assert "denied" in refused(roles.AUDIT, "SELECT password FROM accounts_user")
    assert "denied" in refused(roles.AUDIT, "SELECT data FROM mfa_authenticator")
    assert "denied" in refused(roles.AUDIT, "SELECT session_key FROM django_session")
    assert "denied" in refused(roles.AUDIT, "UPDATE accounts_user SET username = username")


def test_changes_of_structure_are_recorded() -> None:
    roles.apply()
    try:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE thing (id int)")
            cursor.execute("CREATE TEMP TABLE passing (id int) ON COMMIT DROP")
            cursor.execute("ALTER TABLE thing ADD COLUMN name text")
            cursor.execute("DROP TABLE thing")
        done = Action.objects.filter(code="ddl.run", subject_id__contains="thing").order_by("id")
        assert [(each.subject_type, each.subject_id, each.after) for each in done] == [
            ("table", "public.thing", {"command": "CREATE TABLE"}),
            ("table", "public.thing", {"command": "ALTER TABLE"}),
            ("table", "public.thing", {"command": "DROP"}),
        ]
        assert not Action.objects.filter(code="ddl.run", subject_id__contains="passing").exists()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP EVENT TRIGGER audit_ddl; DROP EVENT TRIGGER audit_drop")

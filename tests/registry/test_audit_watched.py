"""Watched tables: every change leaves a manifest, whoever makes it and however; and what went past them is found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection, transaction

from registry.accounts.models import Membership, Role, User
from registry.audit.models import Action, Manifest
from registry.audit.services import record
from registry.audit.verify import verify
from registry.exports.models import ReadingLimit
from registry.lib.scope import Scope

pytestmark = pytest.mark.django_db

TABLE = "exports_readinglimit"
DAY = dt.date(2026, 1, 1)


def sql(text: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, list(params))


def settle() -> None:
    """What happens by itself when a transaction ends."""
    sql("SET CONSTRAINTS audit_touched_settle IMMEDIATE")
    sql("SET CONSTRAINTS audit_touched_settle DEFERRED")


def limit(code: str, value: int = 1) -> ReadingLimit:
    return ReadingLimit.objects.create(code=code, value=value, valid_from=DAY)


def manifests(table: str = TABLE) -> list[tuple[str, list[int]]]:
    found = Manifest.objects.filter(table_name=table).select_related("action").order_by("id")
    return [(each.action.code, each.row_ids) for each in found]


def differing(table: str = TABLE) -> list[tuple[Any, str]]:
    return [(each.row_id, each.fault) for each in verify(Scope.all(), table).differences]


def test_a_change_belongs_to_the_action_of_its_transaction() -> None:
    one, two = limit("a"), limit("b")
    record(code="test.limits", actor=None, subject_type="limit")
    settle()
    assert manifests() == [("test.limits", sorted([one.pk, two.pk]))]
    assert differing() == []


@pytest.mark.parametrize("way", ["insert", "bulk", "copy", "update", "delete", "upsert"])
def test_a_change_past_the_program_is_recorded_with_the_role_that_made_it(way: str) -> None:
    old = limit("old")
    record(code="test.limits", actor=None, subject_type="limit")
    settle()
    sql("SELECT set_config('jiangce.action', '', true)")  # as in a transaction of its own
    if way == "insert":
        sql(f"INSERT INTO {TABLE} (code, value, valid_from, document_no) VALUES ('n', 1, '2026-01-01', '')")
    elif way == "bulk":
        ReadingLimit.objects.bulk_create(
            ReadingLimit(code=f"n{n}", value=n, valid_from=DAY) for n in range(5)
        )
    elif way == "copy":
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {TABLE} (code, value, valid_from, document_no) FROM STDIN") as copy,
        ):
            copy.write_row(("c", 3, DAY, ""))
    elif way == "update":
        sql(f"UPDATE {TABLE} SET value = 999")
    elif way == "delete":
        sql(f"DELETE FROM {TABLE}")
    else:
        sql(
            f"INSERT INTO {TABLE} (id, code, value, valid_from, document_no) VALUES (%s, 'x', 7, '2026-01-01', '') "
            "ON CONFLICT (id) DO UPDATE SET value = 7",
            old.pk,
        )
    settle()
    assert len(manifests()) == 2 and manifests()[1][0] == "audit.unannounced"
    action = Action.objects.latest("id")
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        assert action.db_user == cursor.fetchone()[0]
    assert action.subject_type == TABLE
    assert differing() == []


def test_what_changes_nothing_that_counts_leaves_nothing() -> None:
    user = User.objects.create(username="somebody")
    settle()
    before = Manifest.objects.count()
    sql("UPDATE accounts_user SET last_login = now(), username = username")
    sql("DELETE FROM accounts_user WHERE false")
    settle()
    assert Manifest.objects.count() == before
    user.set_password("a-new-one-that-is-long")
    user.save()
    settle()
    assert Manifest.objects.count() == before + 1


def test_what_is_undone_leaves_nothing_and_hands_the_action_back() -> None:
    record(code="test.first", actor=None, subject_type="limit")
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        limit("gone")
        record(code="test.gone", actor=None, subject_type="limit")
        raise ZeroDivisionError
    kept = limit("kept")
    settle()
    assert manifests() == [("test.first", [kept.pk])]


@pytest.mark.parametrize("how", ["disabled", "dropped", "replica"])
@pytest.mark.parametrize("deed", ["insert", "update", "delete"])
def test_who_goes_past_the_triggers_is_found_out(how: str, deed: str) -> None:
    old = limit("old")
    settle()
    for each in ("insert", "update", "delete"):
        if how == "dropped":
            sql(f"DROP TRIGGER audit_watch_{each} ON {TABLE}")
        elif how == "disabled":
            sql(f"ALTER TABLE {TABLE} DISABLE TRIGGER audit_watch_{each}")
    if how == "replica":
        sql("SET LOCAL session_replication_role = replica")
    if deed == "insert":
        found = [(limit("smuggled").pk, "unlisted")]
    elif deed == "update":
        sql(f"UPDATE {TABLE} SET value = 999")
        found = [(old.pk, "changed")]
    else:
        sql(f"DELETE FROM {TABLE}")
        found = [(old.pk, "missing")]
    sql("SET LOCAL session_replication_role = origin")
    assert differing() == found


def test_a_role_given_behind_the_back_of_the_program_stands_in_the_record() -> None:
    user = User.objects.create(username="somebody")
    settle()
    sql("SELECT set_config('jiangce.action', '', true)")
    Membership.objects.create(user=user, role=Role.TRN, valid_from=DAY)
    settle()
    given = Manifest.objects.filter(table_name="accounts_membership").latest("id")
    assert given.action.code == "audit.unannounced"


def test_text_that_looks_like_structure_stays_one_field() -> None:
    one = limit("a|b:c")
    with connection.cursor() as cursor:
        cursor.execute("SELECT canon FROM canon_readinglimit_v1_rows()")
        assert cursor.fetchone() == (f"readinglimit_v1|{one.pk}|5:a|b:c|1|20454|~|0:",)

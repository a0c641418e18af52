"""Every table of ours says how its rows are proved, and the database does what it says."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from registry.audit import coverage
from registry.audit.models import Manifest

APPS = ("registry", "certificates", "training")


def tables() -> set[str]:
    return {
        model._meta.db_table
        for app in APPS
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
        if model._meta.managed
    }


def test_every_table_is_proved_or_says_why_not() -> None:
    """A new model without a line in coverage.toml fails here."""
    declared = [*coverage.proved(), *coverage.record(), *coverage.unproved()]
    assert len(declared) == len(set(declared)), "a table is declared twice"
    assert set(declared) == tables()
    assert all(len(reason) > 10 for reason in coverage.unproved().values())


@pytest.mark.django_db
def test_watched_tables_have_their_triggers_and_no_other_has() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger "
            "WHERE tgname LIKE 'audit_watch_%' AND tgenabled <> 'D' GROUP BY 1"
        )
        found = dict(cursor.fetchall())
    assert found == dict.fromkeys(coverage.watched(), 3)


@pytest.mark.django_db
def test_rows_that_were_there_before_a_table_was_watched_are_entered() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE exports_old (id bigint PRIMARY KEY, code text)")
        cursor.execute("INSERT INTO exports_old VALUES (1, 'a'), (2, NULL)")
        cursor.execute("SELECT audit_watch('exports_old', 'old_v1', '{id,code}')")
        cursor.execute("SET CONSTRAINTS audit_touched_settle IMMEDIATE")
        cursor.execute("SELECT canon FROM canon_old_v1_rows() ORDER BY id")
        assert [canon for (canon,) in cursor.fetchall()] == ["old_v1|1|1:a", "old_v1|2|~"]
    assert Manifest.objects.get(table_name="exports_old").row_ids == [1, 2]

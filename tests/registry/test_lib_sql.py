"""Hand-written SQL in migrations goes to the database as it stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.state import ProjectState

from registry.lib.sql import sql_file

SQL = """
-- a percent sign (100 %), a semicolon in a text and a body in dollars are nobody's business but the server's
CREATE FUNCTION pg_temp.share(part int, whole int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN format('%s%%; rest', part * 100 / whole);
END
$$;
CREATE TEMPORARY TABLE shares AS SELECT pg_temp.share(1, 4) AS share;
"""


@pytest.mark.django_db
def test_a_file_is_run_whole(tmp_path: Path) -> None:
    path = tmp_path / "shares.sql"
    path.write_text(SQL, encoding="utf-8")
    with connection.schema_editor(atomic=False) as editor:
        sql_file(path).database_forwards("registry", editor, ProjectState(), ProjectState())
    with connection.cursor() as cursor:
        cursor.execute("SELECT share FROM shares")
        assert cursor.fetchall() == [("25%; rest",)]


def test_a_missing_file_is_noticed_when_the_migration_is_loaded() -> None:
    with pytest.raises(FileNotFoundError):
        sql_file("registry/audit/sql/no_such_file.sql")

"""History can only be added to, and rows can be committed to."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0001_initial")]

    operations: ClassVar = [
        sql_file("registry/audit/sql/append_only.sql"),
        sql_file("registry/audit/sql/canon.sql"),
        sql_file("registry/people/sql/canon.sql"),
    ]

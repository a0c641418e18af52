"""Decisions and natural persons stay by the trigger that the roles of the database know."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0019_inspection")]

    operations: ClassVar = [sql_file("registry/review/sql/stays.sql")]

"""Every change of the tables that much depends on leaves a manifest, whoever makes it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0017_apikeys")]

    operations: ClassVar = [
        sql_file("registry/audit/sql/watched.sql"),
        sql_file("registry/audit/sql/watched_registry.sql"),
    ]

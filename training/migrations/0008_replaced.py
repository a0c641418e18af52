"""Certificates that replace others are not counted again; one that was acted on is proved by its own commitments."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("training", "0007_watched"), ("certificates", "0005_answers")]

    operations: ClassVar = [
        sql_file("training/targets/sql/replaced.sql"),
        sql_file("training/ledgers/sql/covered.sql"),
    ]

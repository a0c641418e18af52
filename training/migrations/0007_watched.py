"""Every change of rates, limits, targets and classes leaves a manifest, whoever makes it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("training", "0006_board"), ("registry", "0018_watched")]

    operations: ClassVar = [sql_file("training/catalogue/sql/watched_training.sql")]

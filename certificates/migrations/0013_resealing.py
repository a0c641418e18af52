"""The seal of an intent's holder may be put on anew under another key."""

from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("certificates", "0012_marks")]

    operations: ClassVar = [sql_file("certificates/issuance/sql/resealing.sql")]

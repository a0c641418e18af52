from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("certificates", "0019_paper")]

    operations: ClassVar = [sql_file("certificates/verification/sql/asking.sql")]

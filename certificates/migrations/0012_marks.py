from typing import ClassVar

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies: ClassVar = [("certificates", "0011_issuing_again")]

    operations: ClassVar = [sql_file("certificates/issuance/sql/marks.sql")]

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0001_initial"),
        ("registry", "0003_intake"),
        ("certificates", "0002_issuance"),
    ]

    operations = [sql_file("training/enrolments/sql/enrolments.sql")]

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("training", "0002_enrolments"),
        ("certificates", "0002_issuance"),
    ]

    operations = [
        sql_file("training/targets/sql/deltas.sql"),
        sql_file("training/targets/sql/payments.sql"),
        sql_file("training/targets/sql/fold.sql"),
        sql_file("training/targets/sql/rebuild.sql"),
    ]

from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("training", "0003_rollups")]

    operations = [sql_file("training/ledgers/sql/registration.sql")]

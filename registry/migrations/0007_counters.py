import django.contrib.postgres.fields
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("registry", "0006_holders")]

    operations = [
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("key", models.BinaryField(max_length=32, primary_key=True, serialize=False, verbose_name="键")),
                (
                    "hits",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), size=None, verbose_name="时刻"
                    ),
                ),
                ("until", models.DateTimeField(db_index=True, verbose_name="保留至")),
            ],
            options={
                "verbose_name": "限次计数",
                "verbose_name_plural": "限次计数",
                "db_table": "lib_counter",
            },
        ),
        sql_file("registry/lib/sql/counters.sql", "DROP FUNCTION lib_take"),
    ]

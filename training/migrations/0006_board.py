from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("training", "0005_references")]

    operations = [
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mark', models.UUIDField()),
            ],
            options={
                'verbose_name': '规划版本',
                'verbose_name_plural': '规划版本',
                'db_table': 'targets_edition',
            },
        ),
        sql_file("training/targets/sql/edition.sql"),
        sql_file("training/targets/sql/read.sql"),
    ]

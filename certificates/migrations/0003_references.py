import django.db.models.deletion
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("certificates", "0002_issuance"),
        ("registry", "0004_references"),
    ]

    operations = [
        migrations.AlterField(
            model_name="certificate",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="certificates",
                to="registry.person",
                verbose_name="持证人",
            ),
        ),
        sql_file("certificates/issuance/sql/references.sql"),
    ]

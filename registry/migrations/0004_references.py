import django.db.models.deletion
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_intake"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bankaccount",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="registry.person",
                verbose_name="人员",
            ),
        ),
        migrations.AlterField(
            model_name="document",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="registry.person",
                verbose_name="人员",
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="absorbed",
                to="registry.person",
                verbose_name="并入",
            ),
        ),
        migrations.AlterField(
            model_name="phone",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="phones",
                to="registry.person",
                verbose_name="人员",
            ),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="people_person_absorbed",
            ),
        ),
        sql_file("registry/lib/sql/references.sql"),
        sql_file("registry/people/sql/references.sql"),
    ]

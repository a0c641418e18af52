import django.db.models.deletion
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0004_references"),
        ("certificates", "0003_references"),
        ("training", "0004_ledgers"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="payment",
            name="claims_payment_reported_once",
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="klass",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrolments",
                to="training.trainingclass",
                verbose_name="班级",
            ),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="person",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="enrolments",
                to="registry.person",
                verbose_name="学员",
            ),
        ),
        migrations.AlterField(
            model_name="payment",
            name="enrolment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="training.enrolment",
                verbose_name="培训记录",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                models.F("enrolment"),
                models.Case(
                    models.When(basis="reported", then=models.Value(0)),
                    default=models.F("id"),
                    output_field=models.BigIntegerField(),
                ),
                name="claims_payment_reported_once",
                violation_error_message="该培训记录已登记过台账支付。",
            ),
        ),
        sql_file("training/enrolments/sql/references.sql"),
        sql_file("training/targets/sql/payments.sql"),
    ]

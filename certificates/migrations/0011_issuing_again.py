"""A voided intent lets its source be attested again; the trigger that keeps intents compares rows as they lie."""

from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("certificates", "0010_printing")]

    operations = [
        migrations.RemoveConstraint(model_name="attestation", name="issuance_attestation_once"),
        migrations.AddConstraint(
            model_name="attestation",
            constraint=models.UniqueConstraint(
                fields=["source_type", "source_id"],
                condition=~models.Q(state="void"),
                name="issuance_attestation_once",
            ),
        ),
        sql_file("certificates/issuance/sql/issuing.sql"),
    ]

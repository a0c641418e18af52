from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("certificates", "0021_validity")]

    operations: ClassVar = [
        migrations.AlterField(
            "attestation", "code", models.CharField("核验码", max_length=16, db_collation="C")
        ),
        migrations.AddConstraint(
            "attestation",
            models.UniqueConstraint(fields=["code"], include=["id"], name="issuance_attestation_code"),
        ),
    ]

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("certificates", "0022_checked_by_code")]

    operations: ClassVar = [
        migrations.AddField(
            "signingkey",
            "issuer",
            models.CharField("签发者标识", max_length=24, db_collation="C", editable=False, default=""),
            preserve_default=False,
        ),
        # As everything was signed so far: by the credit code that the body has now, else by our number for it.
        migrations.RunSQL(
            "UPDATE issuance_signingkey k SET issuer = coalesce(i.credit_code, 'jc:' || i.id)"
            " FROM institutions_institution i WHERE i.id = k.institution_id",
            migrations.RunSQL.noop,
        ),
    ]

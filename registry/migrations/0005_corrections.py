import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_references")]

    operations = [
        # Leaving a row out is deciding to register the rows without fault; nothing has to be kept of it.
        migrations.RemoveField(model_name="rejectedrow", name="ignored"),
        migrations.AddField(
            model_name="rejectedrow",
            name="corrected_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="更正人",
            ),
        ),
        migrations.AddField(
            model_name="rejectedrow",
            name="corrected_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), verbose_name="更正时间"
            ),
        ),
        migrations.AddField(
            model_name="rejectedrow",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, verbose_name="更正次数"),
        ),
        migrations.AddField(
            model_name="rejectedrow",
            name="checked",
            field=models.BooleanField(db_default=False, default=False, verbose_name="已重新校验"),
        ),
    ]

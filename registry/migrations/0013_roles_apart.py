"""Administrators are three people without business; who gave a role stands beside it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0012_door'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='agreed_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='同意人'),
        ),
        migrations.AddField(
            model_name='membership',
            name='granted_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='授予人'),
        ),
        sql_file("registry/accounts/sql/apart.sql"),
    ]

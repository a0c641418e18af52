"""Certificates signed anew when the key that signed them is compromised."""

import django.db.models.deletion
import django.db.models.functions.datetime
import registry.identity.uuid7
from django.conf import settings
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('certificates', '0017_order_origin'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Resignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('payload', models.BinaryField(verbose_name='签名内容')),
                ('signature', models.BinaryField(verbose_name='签名')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='重签时间')),
                ('attestation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='resignatures', to='certificates.attestation', verbose_name='证书底档')),
                ('key', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='certificates.signingkey', verbose_name='签发密钥')),
            ],
            options={
                'verbose_name': '重签',
                'verbose_name_plural': '重签',
                'db_table': 'issuance_resignature',
                'constraints': [models.UniqueConstraint(fields=('attestation', 'key'), name='issuance_resignature_once')],
            },
        ),
        migrations.CreateModel(
            name='Resigning',
            fields=[
                ('id', models.UUIDField(default=registry.identity.uuid7.uuid7, editable=False, primary_key=True, serialize=False)),
                ('total', models.PositiveIntegerField(verbose_name='应重签')),
                ('done', models.PositiveIntegerField(db_default=0, default=0, verbose_name='已重签')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='建立时间')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='完成时间')),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resignings', to='certificates.signingkey', verbose_name='已泄露的密钥')),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
            ],
            options={
                'verbose_name': '重签任务',
                'verbose_name_plural': '重签任务',
                'db_table': 'issuance_resigning',
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at__isnull', True)), fields=('key',), name='issuance_resigning_one_open')],
            },
        ),
        sql_file("certificates/issuance/sql/resigning.sql"),
    ]

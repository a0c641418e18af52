"""Where the leaves of a log stay that ended because entries were lost."""

from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0021_export_content'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndedCheckpoint',
            fields=[
                ('pk', models.CompositePrimaryKey('origin', 'size', blank=True, editable=False, primary_key=True, serialize=False)),
                ('origin', models.TextField(verbose_name='日志名称')),
                ('size', models.BigIntegerField(verbose_name='叶数')),
                ('root', models.BinaryField(verbose_name='树根')),
                ('note', models.TextField(verbose_name='签名声明')),
                ('at', models.DateTimeField(verbose_name='时间')),
            ],
            options={
                'verbose_name': '已终止日志的检查点',
                'verbose_name_plural': '已终止日志的检查点',
                'db_table': 'audit_ended_checkpoint',
            },
        ),
        migrations.CreateModel(
            name='EndedLeaf',
            fields=[
                ('pk', models.CompositePrimaryKey('origin', 'idx', blank=True, editable=False, primary_key=True, serialize=False)),
                ('origin', models.TextField(verbose_name='日志名称')),
                ('idx', models.BigIntegerField(verbose_name='叶序号')),
                ('kind', models.CharField(choices=[('a', '操作'), ('d', '详情'), ('m', '行清单')], max_length=1, verbose_name='种类')),
                ('row_id', models.BigIntegerField(verbose_name='编号')),
                ('hash', models.BinaryField(verbose_name='叶哈希')),
            ],
            options={
                'verbose_name': '已终止日志的叶',
                'verbose_name_plural': '已终止日志的叶',
                'db_table': 'audit_ended_leaf',
            },
        ),
        sql_file("registry/audit/sql/ended.sql"),
    ]

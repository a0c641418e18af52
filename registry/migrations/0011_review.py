"""Four eyes: cases and decisions, with the rules that the database keeps."""

import django.contrib.postgres.fields
import django.db.models.deletion
import registry.identity.uuid7
from django.conf import settings
from django.db import migrations, models

from registry.lib.sql import sql_file


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0010_rights'),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=registry.identity.uuid7.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=60, verbose_name='事项')),
                ('subject_type', models.CharField(max_length=60, verbose_name='对象类别')),
                ('subject_id', models.CharField(max_length=64, verbose_name='对象编号')),
                ('version', models.PositiveIntegerField(default=1, verbose_name='版本')),
                ('summary', models.CharField(max_length=300, verbose_name='摘要')),
                ('payload', models.JSONField(blank=True, default=dict, verbose_name='内容')),
                ('region_code', models.CharField(blank=True, default='', max_length=12, verbose_name='区划')),
                ('steps', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None, verbose_name='步骤')),
                ('actions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None, verbose_name='各步权限')),
                ('state', models.CharField(choices=[('open', '审核中'), ('approved', '已通过'), ('returned', '已退回'), ('refused', '不通过'), ('withdrawn', '已撤回')], default='open', max_length=10, verbose_name='状态')),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='当前次序')),
                ('step', models.CharField(max_length=40, verbose_name='当前步骤')),
                ('action', models.CharField(max_length=60, verbose_name='当前权限')),
                ('row_version', models.PositiveIntegerField(default=1, verbose_name='行版本')),
                ('opened_at', models.DateTimeField(verbose_name='提交时间')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='办结时间')),
                ('institution', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='registry.institution', verbose_name='机构')),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='review_cases', to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
                ('maker_holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.holder', verbose_name='经办自然人')),
            ],
            options={
                'verbose_name': '审核事项',
                'verbose_name_plural': '审核事项',
                'db_table': 'review_case',
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_version', models.PositiveIntegerField(verbose_name='行版本')),
                ('position', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('step', models.CharField(max_length=40, verbose_name='步骤')),
                ('outcome', models.CharField(choices=[('approve', '通过'), ('return', '退回'), ('refuse', '不通过'), ('withdraw', '撤回')], max_length=10, verbose_name='结论')),
                ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='理由')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='办理人')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='registry.case', verbose_name='审核事项')),
                ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.holder', verbose_name='办理自然人')),
            ],
            options={
                'verbose_name': '审核结论',
                'verbose_name_plural': '审核结论',
                'db_table': 'review_decision',
            },
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60, verbose_name='事项')),
                ('position', models.PositiveSmallIntegerField(verbose_name='次序')),
                ('name', models.CharField(max_length=40, verbose_name='步骤')),
                ('action', models.CharField(max_length=60, verbose_name='权限')),
                ('valid_from', models.DateField(verbose_name='生效日期')),
                ('valid_to', models.DateField(blank=True, null=True, verbose_name='截止日期')),
            ],
            options={
                'verbose_name': '审核步骤',
                'verbose_name_plural': '审核步骤',
                'db_table': 'review_stage',
                'constraints': [models.UniqueConstraint(fields=('kind', 'position', 'valid_from'), name='review_stage_once'), models.CheckConstraint(condition=models.Q(('valid_to__isnull', True), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='review_stage_period', violation_error_message='截止日期早于生效日期。'), models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='review_stage_position')],
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['action', 'opened_at'], name='review_case_queue'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['subject_type', 'subject_id', 'version'], name='review_case_subject'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['maker_holder', '-opened_at'], name='review_case_maker'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('open', 'approved'))), fields=('kind', 'subject_type', 'subject_id', 'version'), name='review_case_once', violation_error_message='该版本已在审核中或已通过。更正须另立新版本。'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='review_case_version'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['holder', '-at'], name='review_decision_holder'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(fields=('case', 'row_version'), name='review_decision_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(fields=('case', 'position'), name='review_decision_one_per_step'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ('return', 'refuse')), _negated=True), ('reason__regex', '\\S'), _connector='OR'), name='review_decision_reason', violation_error_message='退回或不通过须写明理由。'),
        ),
        sql_file("registry/review/sql/review.sql"),
    ]

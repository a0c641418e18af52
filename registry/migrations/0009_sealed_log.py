"""Entries of the record carry the bytes that the log commits to, and queue for it in their own transaction."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.functions.datetime
from django.db import migrations, models

import registry.audit.models
from registry.lib.sql import sql_file

KINDS = [("a", "操作"), ("d", "详情"), ("m", "行清单")]


def sealed(model: str) -> list[migrations.AddField]:
    """What the models know of the columns that the SQL file adds to a table."""
    return [
        migrations.AddField(
            model_name=model,
            name="body",
            field=models.BinaryField(default=None, verbose_name="封存字节"),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name=model,
            name="leaf_hash",
            field=models.GeneratedField(
                db_persist=True,
                expression=registry.audit.models.LeafHash("body"),
                output_field=models.BinaryField(),
                verbose_name="叶哈希",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0008_reading_rules")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Pending",
            fields=[
                ("pk", models.CompositePrimaryKey("kind", "row_id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=KINDS, max_length=1, verbose_name="种类")),
                ("row_id", models.BigIntegerField(verbose_name="编号")),
            ],
            options={"verbose_name": "待入日志", "verbose_name_plural": "待入日志", "db_table": "audit_pending"},
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("idx", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="叶序号")),
                ("kind", models.CharField(choices=KINDS, max_length=1, verbose_name="种类")),
                ("row_id", models.BigIntegerField(verbose_name="编号")),
                ("hash", models.BinaryField(verbose_name="叶哈希")),
            ],
            options={
                "verbose_name": "日志叶",
                "verbose_name_plural": "日志叶",
                "db_table": "audit_leaf",
                "constraints": [models.UniqueConstraint(fields=("kind", "row_id"), name="audit_leaf_entry_once")],
            },
        ),
        migrations.CreateModel(
            name="LogState",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("origin", models.TextField(verbose_name="日志名称")),
                ("size", models.BigIntegerField(default=0, verbose_name="叶数")),
                ("frontier", models.BinaryField(default=bytes, verbose_name="右边缘")),
                ("sysid", models.TextField(verbose_name="数据库集群标识")),
                ("pledge", models.BinaryField(default=bytes, verbose_name="信物")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="最近一次全部签署发布")),
            ],
            options={
                "verbose_name": "日志状态",
                "verbose_name_plural": "日志状态",
                "db_table": "audit_log_state",
                "constraints": [models.CheckConstraint(condition=models.Q(id=1), name="audit_log_state_one_row")],
            },
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="叶数")),
                ("root", models.BinaryField(verbose_name="树根")),
                ("note", models.TextField(verbose_name="签名声明")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="时间"
                    ),
                ),
            ],
            options={"verbose_name": "检查点", "verbose_name_plural": "检查点", "db_table": "audit_checkpoint"},
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[operation for model in ("action", "detail", "manifest") for operation in sealed(model)]
        ),
        sql_file("registry/audit/sql/sealed.sql"),
    ]

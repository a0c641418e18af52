"""Natural persons of accounts: what an account knew of its holder moves to a row of its own."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import registry.identity.uuid7
from registry.lib.sql import sql_file

_MOVE = """
INSERT INTO accounts_holder (id, person_index)
SELECT gen_random_uuid(), person_index
FROM (SELECT DISTINCT person_index FROM accounts_user WHERE person_index IS NOT NULL) known;
UPDATE accounts_user u SET holder_id = h.id FROM accounts_holder h WHERE h.person_index = u.person_index;
-- The check of the new reference waits for the end of the transaction otherwise, and the table cannot be altered.
SET CONSTRAINTS ALL IMMEDIATE;
"""
_MOVE_BACK = """
UPDATE accounts_user u SET person_index = h.person_index FROM accounts_holder h WHERE h.id = u.holder_id;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0005_corrections")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Holder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=registry.identity.uuid7.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "person_index",
                    models.BinaryField(max_length=32, unique=True, verbose_name="证件号码索引"),
                ),
                ("sealed", models.BinaryField(blank=True, null=True, verbose_name="密文")),
            ],
            options={
                "verbose_name": "自然人",
                "verbose_name_plural": "自然人",
                "db_table": "accounts_holder",
            },
        ),
        migrations.AddField(
            model_name="user",
            name="holder",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="registry.holder",
                verbose_name="自然人",
            ),
        ),
        migrations.RunSQL([(_MOVE, None)], [(_MOVE_BACK, None)]),
        migrations.RemoveField(model_name="user", name="person_index"),
        sql_file("registry/accounts/sql/holders.sql"),
    ]

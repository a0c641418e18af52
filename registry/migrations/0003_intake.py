from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("registry", "0002_audit_rules")]

    operations = [
        sql_file("registry/intake/sql/staging.sql"),
        sql_file("registry/people/sql/immediate_keys.sql"),
    ]

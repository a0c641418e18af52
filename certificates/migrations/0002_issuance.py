from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("certificates", "0001_initial"), ("registry", "0003_intake")]

    operations = [sql_file("certificates/issuance/sql/certificates.sql")]

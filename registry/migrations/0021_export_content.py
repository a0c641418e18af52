from django.db import migrations

from registry.lib.sql import sql_file


class Migration(migrations.Migration):
    dependencies = [("registry", "0020_review_stays")]

    operations = [
        sql_file(
            "registry/exports/sql/content_inline.sql",
            reverse="ALTER TABLE exports_exportcontent ALTER COLUMN persons SET STORAGE EXTENDED",
        ),
    ]

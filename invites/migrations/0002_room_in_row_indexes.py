"""Rows are stored once and rewritten once, all of them: PostgreSQL's indexes get the room for that when they are filled.

Otherwise nearly every page of theirs is split when people are invited, which takes as long as inviting itself.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEXES = ("invites_row_pkey", "one_row_per_number")


def leave_room(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for index in INDEXES:
            schema_editor.execute(f"ALTER INDEX {index} SET (fillfactor = 50)")


class Migration(migrations.Migration):
    dependencies = (("invites", "0001_invites"),)
    operations = (migrations.RunPython(leave_room, migrations.RunPython.noop),)

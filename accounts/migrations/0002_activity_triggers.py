"""Triggers that reject changes of the activity log: see accounts/activity/log.py."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Erasing a person changes everything else: see accounts/activity/erasure.py.
KEPT = (
    *("id", "organization_id", "at", "action", "actor_id", "affected", "affected_id", "affected_count"),
    *("channel", "command", "idempotency_key"),
)
OLD, NEW = (", ".join(f"{row}.{name}" for name in KEPT) for row in ("OLD", "NEW"))
POSTGRESQL = (
    f"""
    CREATE FUNCTION activity_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND current_setting('rollcall.activity_deletion', true) = 'on' THEN
            RETURN OLD;
        END IF;
        IF TG_OP = 'UPDATE' AND current_setting('rollcall.activity_erasure', true) = 'on' THEN
            IF ({OLD}) IS NOT DISTINCT FROM ({NEW}) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'Entries of the activity log can''t be changed or deleted';
    END
    $$
    """,
    """
    CREATE TRIGGER activity_is_final BEFORE UPDATE OR DELETE ON accounts_activityentry
    FOR EACH ROW EXECUTE FUNCTION activity_is_final()
    """,
    # TRUNCATE passes by triggers for rows. Only tests set this, to empty their database: see tests/settings.py.
    """
    CREATE FUNCTION activity_is_not_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('rollcall.activity_truncation', true) = 'on' THEN
            RETURN NULL;
        END IF;
        RAISE EXCEPTION 'Entries of the activity log can''t be changed or deleted';
    END
    $$
    """,
    """
    CREATE TRIGGER activity_is_not_truncated BEFORE TRUNCATE ON accounts_activityentry
    FOR EACH STATEMENT EXECUTE FUNCTION activity_is_not_truncated()
    """,
)
SQLITE = (
    f"""
    CREATE TRIGGER activity_is_not_changed BEFORE UPDATE ON accounts_activityentry
    WHEN NOT EXISTS (SELECT 1 FROM accounts_activityerasure)
        OR {" OR ".join(f"OLD.{name} IS NOT NEW.{name}" for name in KEPT)}
    BEGIN
        SELECT RAISE(ABORT, 'Entries of the activity log can''t be changed or deleted');
    END
    """,
    """
    CREATE TRIGGER activity_is_not_deleted BEFORE DELETE ON accounts_activityentry
    WHEN NOT EXISTS (SELECT 1 FROM accounts_activitydeletion)
    BEGIN
        SELECT RAISE(ABORT, 'Entries of the activity log can''t be changed or deleted');
    END
    """,
)


def create_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop_triggers(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION activity_is_final, activity_is_not_truncated CASCADE")
        return
    for name in ("activity_is_not_changed", "activity_is_not_deleted"):
        schema_editor.execute(f"DROP TRIGGER {name}")


class Migration(migrations.Migration):
    dependencies = (("accounts", "0001_accounts"),)
    operations = (migrations.RunPython(create_triggers, drop_triggers),)

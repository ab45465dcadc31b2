"""The database of the fast tests: where it comes from, and how it is emptied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import connection, transaction

from accounts.models import ActivityDeletion
from config.harness.running import copy_prepared_database

# What `migrate` fills in, which stays the same.
KEPT = {"auth_permission", "django_content_type", "django_migrations"}
LARGE_BYTES = 1_000_000


def use_copy() -> None:
    """Let Django use a copy of a migrated SQLite database."""
    path = connection.settings_dict["TEST"]["NAME"]
    copy_prepared_database(Path(path))
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = path


def empty_tables_quickly(patch: pytest.MonkeyPatch) -> None:
    """After a test that commits, delete rows only where there are some, and keep those of `migrate`.

    Triggers protect the activity log, on SQLite until the table of its deletions has a row.
    """

    def flush_statements(_style: Any, tables: list[str], **_: Any) -> list[str]:
        emptied = [connection.ops.quote_name(table) for table in tables if table not in KEPT]
        if connection.vendor == "postgresql":
            if _are_large(tables):
                return [f"TRUNCATE {', '.join(emptied)};"]
            # Neither triggers nor foreign keys are checked. TRUNCATE takes longer, because it replaces many files.
            switch = "SET LOCAL session_replication_role = "
            return [f"{switch}replica;", *(f"DELETE FROM {table};" for table in emptied), f"{switch}DEFAULT;"]
        guard = connection.ops.quote_name(ActivityDeletion._meta.db_table)
        others = [f"DELETE FROM {table}" for table in emptied if table != guard]
        return [f"INSERT INTO {guard} DEFAULT VALUES", *others, f"DELETE FROM {guard}"]

    patch.setattr(type(connection.ops), "sql_flush", lambda _self, *how, **options: flush_statements(*how, **options))
    patch.setattr(flush, "emit_post_migrate_signal", lambda *_: None)


@contextmanager
def undone() -> Iterator[None]:
    """Afterwards, the database is as it was before, so that a test can try many things on the same people."""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)


def _are_large(tables: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relname = ANY(%s)", [tables])
        return bool(cursor.fetchone()[0] > LARGE_BYTES)

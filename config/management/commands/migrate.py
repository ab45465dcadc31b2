"""`manage.py migrate`: Django's command, which also refuses a database of an earlier version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader

FIRST = (("accounts", "0001_accounts"), ("invites", "0001_invites"))
EARLIER_VERSION = "This database is from an earlier version. Remove var/ to start again."


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError if an app of ours was migrated, but not by the first migration of this version."""
        applied = MigrationLoader(connections[options["database"]], ignore_no_migrations=True).applied_migrations
        for app, first in FIRST:
            if (app, first) not in applied and any(name == app for name, _ in applied):
                raise CommandError(EARLIER_VERSION)
        super().handle(*args, **options)

"""`manage.py migrate`: Django's command, which also refuses a database of an earlier version."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.migrations.loader import MigrationLoader

OURS = ("accounts", "invites")
EARLIER_VERSION = "This database is from an earlier version. Remove var/ to start again."


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError if migrations were applied that this version doesn't have."""
        loader = MigrationLoader(connections[options["database"]], ignore_no_migrations=True)
        unknown = {each for each in loader.applied_migrations if each[0] in OURS} - loader.disk_migrations.keys()
        if unknown:
            raise CommandError(EARLIER_VERSION)
        super().handle(*args, **options)

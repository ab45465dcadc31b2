"""`manage.py batch_report ID`: the result of an import."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invites.management.batch_results import batch_as_json, batch_as_text
from invites.models import Batch


class Command(BaseCommand):
    help = "Show the state and the results of an import."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the ID of the import")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = Batch.objects.select_related("organization").filter(pk=options["id"]).first()
        if batch is None:
            raise CommandError(f"There is no import {options['id']}.", returncode=2)
        self.stdout.write(json.dumps(batch_as_json(batch)) if options["json"] else batch_as_text(batch))

"""`manage.py batch_report ID`: what became of a batch."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invites.imports.presentation.banners import banner_of
from invites.imports.selectors.summary import ledger_of, summary_of
from invites.models import Batch


class Command(BaseCommand):
    help = "Tell what became of a batch: its state and the ledger that adds up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the number of the batch")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = Batch.objects.select_related("organization").filter(pk=options["id"]).first()
        if batch is None:
            raise CommandError(f"There is no batch {options['id']}.", returncode=2)
        self.stdout.write(json.dumps(summary_of(batch)) if options["json"] else told(batch))


def told(batch: Batch) -> str:
    """The batch for people: the state, the news, the ledger."""
    ledger = ledger_of(batch)
    lines = [f"Batch {batch.pk}: {batch.file_name} for {batch.organization.name}. {batch.get_state_display()}."]
    if not batch.is_running:
        banner = banner_of(batch)
        lines.append(" ".join(part for part in (banner.title, banner.text) if part))
        if batch.rejection:
            lines.append(str(batch.rejection.get("hint", "")))
    counts = [
        ("Invited", ledger.invited),
        ("Already a member", ledger.already_member),
        ("Already invited", ledger.already_invited),
        ("Twice in the file", ledger.duplicate),
        ("Problems", ledger.problems),
        ("Failed", ledger.failed),
        *([("Waiting", ledger.waiting)] if ledger.waiting else []),
        ("Rows in the file", ledger.rows),
    ]
    lines += [f"  {label:<18}{count:>9,}" for label, count in counts]
    return "\n".join(line for line in lines if line)

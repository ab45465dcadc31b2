"""`manage.py batch_report ID`: the result of an import."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from invites.imports.presentation.banners import banner_of
from invites.imports.selectors.summary import summary_as_json, summary_of
from invites.models import Batch
from invites.problems import hint_of, stored_problem


class Command(BaseCommand):
    help = "Show the state and the results of an import."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int, help="the ID of the import")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = Batch.objects.select_related("organization").filter(pk=options["id"]).first()
        if batch is None:
            raise CommandError(f"There is no import {options['id']}.", returncode=2)
        self.stdout.write(json.dumps(summary_as_json(batch)) if options["json"] else report_text(batch))


def report_text(batch: Batch) -> str:
    """The state, the banner and the summary of the import."""
    summary = summary_of(batch)
    lines = [f"Import {batch.pk}: {batch.file_name} for {batch.organization.name}. {batch.get_state_display()}."]
    if not batch.is_running:
        banner = banner_of(batch)
        lines.append(" ".join(part for part in (banner.title, banner.text) if part))
        if batch.rejection:
            lines.append(hint_of(stored_problem(batch.rejection)))
    counts = [
        ("Invited", summary.invited),
        ("Already a member", summary.already_member),
        ("Already invited", summary.already_invited),
        ("Duplicate", summary.duplicate),
        ("Problems", summary.problems),
        ("Failed", summary.failed),
        *([("Waiting", summary.waiting)] if summary.waiting else []),
        ("Rows in the file", summary.rows),
    ]
    lines += [f"  {label:<18}{count:>9,}" for label, count in counts]
    return "\n".join(line for line in lines if line)

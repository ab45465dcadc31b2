"""How imports appear in the activity log."""

from __future__ import annotations

from dataclasses import replace

from accounts.activity.actions import Affected
from accounts.activity.log import Change, Subject
from accounts.activity.source import AUTOMATIC, current_source
from invites.imports.selectors.summary import Summary
from invites.invitations.activity import granted_by
from invites.models import Batch


def about_import(batch: Batch, *, count: int | None = None) -> Subject:
    """`count` is the number of users who were invited or revoked."""
    facts = {"pasted_at": batch.pasted_at.isoformat()} if batch.pasted_at else {}
    return Subject(Affected.IMPORT, batch.pk, batch.file_name, count=count, facts=facts)


def source_now(batch: Batch) -> dict[str, str]:
    """The source of the admin who works on the batch. A worker continues what they began, so it uses the stored one."""
    source = current_source()
    return batch.source if source == AUTOMATIC else source.as_json()


def results_of(batch: Batch, summary: Summary) -> Change:
    """What everyone was given, and how many rows were not invited."""
    not_invited = {"skipped": summary.skipped, "problems": summary.problems, "failed": summary.failed}
    return replace(granted_by(batch.grant), values={name: count for name, count in not_invited.items() if count})

"""The state and the results of an import, as commands print them."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from invites.imports import reading
from invites.imports.presentation.banners import banner_of
from invites.imports.presentation.confirmation import able_text
from invites.imports.presentation.names import import_name
from invites.imports.presentation.status import possible_mistakes
from invites.imports.presentation.summary import summary_lines
from invites.imports.selectors.summary import summary_as_json, summary_of
from invites.imports.selectors.typos import typos_of
from invites.invitations.authorization import user_powers_of
from invites.management.open_decisions import decisions_as_json, decisions_as_lines
from invites.models import Batch, Row
from invites.problems import hint_of, stored_problem


def batch_as_json(batch: Batch) -> dict[str, Any]:
    """The summary, and what is open if the import waits for an answer or a confirmation."""
    found = summary_as_json(batch)
    if batch.state == Batch.State.NEEDS_ANSWER:
        found["decisions"] = decisions_as_json(reading.decide(batch))
        found["answer_at"] = _page_of(batch)
    if batch.state == Batch.State.NEEDS_CORRECTION:
        found["possible_mistakes"] = typos_of(batch).open
        found["fix_at"] = _page_of(batch)
    if batch.state == Batch.State.SCHEDULED and batch.send_at:
        found["send_at"] = batch.send_at.isoformat()
    if batch.state == Batch.State.NEEDS_CONFIRMATION:
        found["confirm_at"] = _page_of(batch)
    return found


def batch_as_text(batch: Batch) -> str:
    """The state, the banner and the summary of the import, or what is open if it waits for an answer."""
    lines = [f"Import {batch.pk}: {import_name(batch)} for {batch.organization.name}. {batch.get_state_display()}."]
    if batch.state == Batch.State.NEEDS_ANSWER:
        return "\n".join([*lines, *_answer_lines(batch)])
    summary = summary_of(batch)
    if not batch.is_running:
        banner = banner_of(batch)
        lines.append(" ".join(part for part in (banner.title, banner.text) if part))
        if batch.rejection:
            lines.append(hint_of(stored_problem(batch.rejection)))
    if batch.state == Batch.State.NEEDS_CONFIRMATION:
        lines += _confirmation_lines(batch)
    if batch.state == Batch.State.NEEDS_CORRECTION:
        lines += _correction_lines(batch)
    _invited, skipped, *_others = summary_lines(summary)
    counts = [
        ("Invited", summary.invited),
        *[(Row.Reason(line.outcome).label, line.count) for line in skipped[1:]],
        ("Problems", summary.problems),
        ("Failed", summary.failed),
        *([("Waiting", summary.waiting)] if summary.waiting else []),
        ("Rows in the file", summary.rows),
    ]
    lines += [f"  {label:<22}{count:>9,}" for label, count in counts]
    return "\n".join(line for line in lines if line)


def _answer_lines(batch: Batch) -> list[str]:
    days = reading.WAITS_FOR_ANSWER.days
    return [
        *decisions_as_lines(reading.decide(batch)),
        f"Or answer at {_page_of(batch)}. Without an answer, this import is deleted after {days} days.",
    ]


def _confirmation_lines(batch: Batch) -> list[str]:
    able = able_text(user_powers_of(batch.grant))
    return [line for line in (able, f"Confirm it at {_page_of(batch)}.") if line]


def _correction_lines(batch: Batch) -> list[str]:
    mistakes = possible_mistakes(typos_of(batch))
    lines = [f"Fix this import at {_page_of(batch)}."]
    if batch.has_damaged_cells:
        lines = [mistakes, *lines, "To invite them as written, run the command again with --as-written."]
    return lines


def _page_of(batch: Batch) -> str:
    return f"{settings.BASE_URL}{banner_of(batch).link_url}"

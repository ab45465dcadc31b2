"""The lines of the summary, and the sentence on how the file was read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from invites.imports.presentation.summary import OUTCOME_LABELS, how_read, summary_lines
from invites.imports.selectors.rows import rows_of
from invites.imports.selectors.summary import revoked_counts, summary_of
from invites.models import Batch, Invitation, Row
from tests.files import csv_of, many

Run = Callable[..., Batch]


def test_people_refused_by_the_mail_server_do_not_count_as_revoked(run: Run) -> None:
    batch = run(many(4))
    _refuse(batch)

    summary = summary_of(batch)

    assert (summary.invited, summary.waiting_answer, summary.revoked, summary.mail_refused) == (3, 3, 0, 1)
    assert revoked_counts([batch]) == {}
    for group in summary_lines(summary):
        for line in group:
            assert rows_of(batch, line.outcome).count() == line.count, line.label


def _refuse(batch: Batch) -> None:
    """Do what a worker does when the server refuses the first address."""
    refused = batch.invitations.order_by("pk")[0]
    revoked_values = {
        "state": Invitation.State.REVOKED,
        "mail_state": Invitation.Mail.FAILED,
        "closed_at": timezone.now(),
    }
    Invitation.objects.filter(pk=refused.pk).update(**revoked_values)
    batch.rows.filter(invitation=refused).update(outcome=Row.Outcome.FAILED, reason=Row.Reason.MAIL_REFUSED)


def test_each_line_of_the_summary_counts_what_its_filter_lists(run: Run, member: User) -> None:
    people = [member.email, "a@example.com", "A@example.com", *(f"p{n}@example.com" for n in range(6))]
    skipped, failed, problem = Row.Outcome.SKIPPED, Row.Outcome.FAILED, Row.Outcome.PROBLEM
    not_invited = {
        Row.Reason.DEACTIVATED: skipped,
        Row.Reason.ALREADY_DECLINED: skipped,
        Row.Reason.ADDRESS_BLOCKED: skipped,
        Row.Reason.STOPPED: failed,
        Row.Reason.SKIPPED_BY_ADMIN: problem,
    }
    others = [f"{reason}@example.com" for reason in not_invited]
    batch = run(csv_of(*people, *others, "P0@example.com", "Total: 9,,,"))
    batch.rows.filter(email="P0@example.com").update(reason=Row.Reason.ADDRESS_OF_ANOTHER)
    for reason, outcome in not_invited.items():
        batch.invitations.filter(email=f"{reason}@example.com").delete()
        batch.rows.filter(email=f"{reason}@example.com").update(outcome=outcome, reason=reason)
    states: list[dict[str, Any]] = [
        {"state": Invitation.State.ACCEPTED},
        {"state": Invitation.State.REVOKED},
        {"mail_state": Invitation.Mail.BOUNCED},
        {"expires_at": timezone.now() - timedelta(days=1)},
        {"expires_at": timezone.now() - timedelta(days=1), "mail_state": Invitation.Mail.FAILED},
        {"mail_state": Invitation.Mail.SCHEDULED},
        {"state": Invitation.State.DECLINED},
    ]
    for invitation, changed in zip(batch.invitations.order_by("pk"), states, strict=False):
        Invitation.objects.filter(pk=invitation.pk).update(**changed)
    lines = [line for group in summary_lines(summary_of(batch)) for line in group]
    assert {line.outcome for line in lines} == set(OUTCOME_LABELS)
    assert {line.label: line.count for line in lines} == {
        line.label: rows_of(batch, line.outcome).count() for line in lines
    }
    assert sum(line.count for line in lines if not line.is_part) == summary_of(batch).rows == 16
    invited = [line.count for line in lines[:8]]
    assert invited == [7, 1, 1, 0, 2, 1, 1, 1]
    assert invited[0] == sum(invited[1:])


@pytest.mark.parametrize(
    ("encoding", "delimiter", "ignored", "said"),
    [
        ("UTF-8", "semicolon", [], "Read as UTF-8, separated by semicolons."),
        ("UTF-8 with BOM", "comma", [], "Read as UTF-8 with BOM, separated by commas."),
        ("UTF-8", "comma", ["Team"], "Read as UTF-8, separated by commas. The column “Team” was not read."),
        (
            "UTF-8",
            "tab",
            ["A", "B", "C"],
            "Read as UTF-8, separated by tabs. The columns “A”, “B” and “C” were not read.",
        ),
        ("", "", [], ""),
    ],
)
def test_says_how_a_file_was_read(encoding: str, delimiter: str, ignored: list[str], said: str) -> None:
    assert how_read(Batch(encoding=encoding, delimiter=delimiter, ignored_columns=ignored)) == said

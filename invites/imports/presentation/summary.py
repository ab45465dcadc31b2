"""The lines of the summary, and a sentence on how the file was read."""

from __future__ import annotations

from dataclasses import dataclass

from invites.imports.selectors.summary import Summary
from invites.models import Batch

DELIMITERS = {"comma": "commas", "semicolon": "semicolons", "tab": "tabs", "pipe": "pipes"}


@dataclass(frozen=True)
class Line:
    """One line of the summary. `outcome` is the filter for its rows. If `is_part`, it is a part of the line above."""

    label: str
    count: int
    outcome: str
    is_part: bool = False


def summary_lines(summary: Summary) -> list[list[Line]]:
    """Groups of lines, each a sum and its parts. The sums add up to the rows of the file.

    Lines with 0 are shown, except for "expired" and "withdrawn".
    """
    invited = [
        Line("Invited", summary.invited, "invited"),
        Line("accepted", summary.accepted, "accepted", is_part=True),
        Line("waiting for an answer", summary.waiting_answer, "waiting", is_part=True),
        Line("bounced", summary.bounced, "bounced", is_part=True),
    ]
    if summary.expired:
        invited.append(Line("expired", summary.expired, "expired", is_part=True))
    if summary.revoked:
        invited.append(Line("withdrawn", summary.revoked, "withdrawn", is_part=True))
    skipped = [
        Line("Skipped", summary.skipped, "skipped"),
        Line("already a member", summary.already_member, "already_member", is_part=True),
        Line("already invited", summary.already_invited, "already_invited", is_part=True),
        Line("twice in the file", summary.duplicate, "duplicate", is_part=True),
    ]
    return [
        invited,
        skipped,
        [Line("Problems", summary.problems, "problem")],
        [Line("Failed", summary.failed, "failed")],
    ]


def how_read(batch: Batch) -> str:
    """ "Read as UTF-8 with semicolons. The column “Team” was not read.", or "" before the check has ended."""
    if not batch.encoding:
        return ""
    cells = DELIMITERS.get(batch.delimiter, batch.delimiter)
    joined = "and" if " with " in batch.encoding else "with"
    read = f"Read as {batch.encoding} {joined} {cells}." if cells else f"Read as {batch.encoding}."
    ignored = [f"“{name}”" for name in batch.ignored_columns]
    if len(ignored) == 1:
        return f"{read} The column {ignored[0]} was not read."
    if ignored:
        return f"{read} The columns {', '.join(ignored[:-1])} and {ignored[-1]} were not read."
    return read

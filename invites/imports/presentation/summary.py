"""The lines of the summary, and a sentence on how the file was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext_lazy

from accounts.texts import StrPromise
from accounts.wording import counted, listed, separated
from invites.imports.presentation.names import pasted_name
from invites.imports.presentation.skip_reasons import SKIP_REASONS
from invites.imports.presentation.wording import notice_text
from invites.imports.selectors.not_people import not_people_notice
from invites.imports.selectors.summary import Summary
from invites.models import Batch
from invites.problems import stored_notice
from invites.wording import as_sentence

# By the names of the filters in selectors/rows.py.
OUTCOME_LABELS = {
    "invited": pgettext_lazy("rows", "Invited"),
    "scheduled": gettext_lazy("scheduled"),
    "accepted": gettext_lazy("accepted"),
    "waiting": gettext_lazy("pending"),
    "bounced": gettext_lazy("bounced"),
    "expired": gettext_lazy("expired"),
    "declined": gettext_lazy("declined"),
    "revoked": gettext_lazy("revoked"),
    "skipped": pgettext_lazy("rows", "Skipped"),
    **{reason: skipped.line for reason, skipped in SKIP_REASONS.items()},
    "problem": gettext_lazy("Problems"),
    "skipped_by_admin": gettext_lazy("skipped by an admin"),
    "failed": pgettext_lazy("rows", "Failed"),
    "stopped": gettext_lazy("not invited"),
}
_READ_WITH = {
    "comma": gettext_lazy("Read as {encoding}, separated by commas."),
    "semicolon": gettext_lazy("Read as {encoding}, separated by semicolons."),
    "tab": gettext_lazy("Read as {encoding}, separated by tabs."),
    "pipe": gettext_lazy("Read as {encoding}, separated by pipes."),
}
# What the file has that wasn't read, or was read in a way that has to be known.
_TOLD = (
    *("rows_above", "hidden_rows_excluded", "hidden_rows_included", "hidden_rows_unknown", "other_sheets"),
    *("separators_replaced", "notes_beside"),
)
_IGNORED = ngettext_lazy("The column {columns} was not read.", "The columns {columns} were not read.")


@dataclass(frozen=True)
class Line:
    """One line of the summary. `outcome` is the filter for its rows. If `is_part`, it is a part of the line above."""

    outcome: str
    count: int
    is_part: bool = False

    @property
    def label(self) -> StrPromise:
        return OUTCOME_LABELS[self.outcome]


def summary_lines(summary: Summary) -> list[list[Line]]:
    """Groups of lines, each a sum and its parts. The sums add up to the rows of the file.

    Lines with 0 are shown, except for "scheduled", "expired", "declined", "revoked", unexpected reasons to skip a row,
    and parts of the problems and of those that failed.
    """
    invited = [
        Line("invited", summary.invited),
        Line("accepted", summary.accepted, is_part=True),
        Line("waiting", summary.waiting_answer, is_part=True),
        Line("bounced", summary.bounced, is_part=True),
    ]
    if summary.scheduled:
        invited.insert(1, Line("scheduled", summary.scheduled, is_part=True))
    gone = [("expired", summary.expired), ("declined", summary.declined), ("revoked", summary.revoked)]
    invited += [Line(outcome, count, is_part=True) for outcome, count in gone if count]
    expected = [reason for reason, skipped in SKIP_REASONS.items() if skipped.is_expected]
    others = [reason for reason in SKIP_REASONS if reason not in expected and summary.skips[reason]]
    skipped = [
        Line("skipped", summary.skipped),
        *[Line(reason, summary.skips[reason], is_part=True) for reason in (*expected, *others)],
    ]
    problems, failed = [Line("problem", summary.problems)], [Line("failed", summary.failed)]
    if summary.skipped_by_admin:
        problems.append(Line("skipped_by_admin", summary.skipped_by_admin, is_part=True))
    if summary.stopped:
        failed.append(Line("stopped", summary.stopped, is_part=True))
    return [invited, skipped, problems, failed]


def _how_decoded(batch: Batch) -> str:
    if names := batch.read_as.get("names"):
        # The encoding is only likely: the names show whether it's right.
        return _("Read as {encoding}: {names}.").format(encoding=batch.encoding, names=separated(names))
    # A workbook has no delimiter.
    read = _READ_WITH.get(batch.delimiter) or _("Read as {encoding}.")
    return read.format(encoding=batch.encoding)


def _remembered_from(batch: Batch) -> str:
    if pasted_at := batch.read_as.get("remembered_pasted_at"):
        return pasted_name(datetime.fromisoformat(pasted_at))
    return str(batch.read_as.get("remembered_from", ""))


def how_read(batch: Batch) -> str:
    """ "Read as UTF-8, separated by semicolons. The column “Team” was not read."; "" before the check has ended."""
    if not batch.encoding:
        return ""
    # The encoding and the delimiter of pasted rows are ours.
    sentences = [] if batch.pasted_at else [_how_decoded(batch)]
    if file := _remembered_from(batch):
        sentences.append(_("Read as remembered from {file}.").format(file=file))
    if export := batch.read_as.get("export"):
        sentences.append(_("Columns recognized: {program}.").format(program=export))
    told = [notice for notice in batch.warnings if notice["code"] in _TOLD]
    sentences += [as_sentence(notice_text(batch, stored_notice(notice))) for notice in told]
    if others := not_people_notice(batch):
        sentences.append(as_sentence(notice_text(batch, others)))
    if batch.ignored_columns:
        columns = listed([f"“{name}”" for name in batch.ignored_columns])
        sentences.append(counted(_IGNORED, len(batch.ignored_columns), columns=columns))
    return " ".join(sentences)

"""The status of an import in words: the title of its dialog, and its three steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import ngettext_lazy

from invites.imports.presentation.banners import (
    STILL_GOING_OUT,
    USERS_WERE_INVITED,
    result_text,
    stopped_text,
    stopped_title,
    undone_text,
    undone_title,
)
from invites.imports.selectors.summary import Summary
from invites.imports.selectors.typos import Typos, typos_of
from invites.live.progress import Progress
from invites.models import Batch, CorrectionJob, FailureReason
from invites.wording import INVITATIONS, PEOPLE, ROWS, smart_quotes

Action = CorrectionJob.Action

# How much of a file is checked, by the share of its bytes.
_PARTS = {
    1 / 4: "about a quarter of the file",
    1 / 3: "about a third of the file",
    1 / 2: "about half of the file",
    2 / 3: "about two thirds of the file",
    3 / 4: "about three quarters of the file",
    0.95: "nearly all of the file",
}


@dataclass(frozen=True)
class _JobTexts:
    """The texts about a correction job. `title` may contain the names of the file and of the corrected file."""

    title: str
    step: str
    text: str
    before_stopping: str


_JOBS = {
    Action.APPLY: _JobTexts(
        title="Applying the fix to {file}",
        step="Applying the fix",
        text="Does in each row what its button says. Nobody is invited yet.",
        before_stopping="Rows that are fixed already stay fixed, and the others stay as they are.",
    ),
    Action.CHECK: _JobTexts(
        title="Checking {file} again",
        step="Checking again",
        text="Every row that was edited is checked again before anyone is invited.",
        before_stopping="Everything that was fixed stays fixed. Nobody has been invited yet, and nobody will be.",
    ),
    Action.USE_FILE: _JobTexts(
        title="Checking {corrected}",
        step="Checking the corrected file",
        text="It is checked as a whole before it is used. Until then, everything that was fixed here is kept.",
        before_stopping="The corrected file is not used, and everything that was fixed here is kept.",
    ),
}
_BYTES = ngettext_lazy("{} byte", "{} bytes")
_ROWS_NEED_FIXING = ngettext_lazy("{:,} row needs fixing", "{:,} rows need fixing")
_MAY_BE_TYPOS = ngettext_lazy(
    "{:,} good address may be a slip of the keyboard.", "{:,} good addresses may be slips of the keyboard."
)
_SKIPPED = ngettext_lazy(
    "{:,} person was skipped: already a member, or invited.",
    "{:,} people were skipped: members or invited already.",
)
_ARE_INVITED = ngettext_lazy(
    "{:,} person is invited already and stays invited. The mail is still going out.",
    "{:,} people are invited already and stay invited. Their mails are still going out.",
)
_WERE_INVITED = ngettext_lazy(
    "{:,} person was invited when you pressed Stop, and stays invited.",
    "{:,} people were invited when you pressed Stop. Whoever is invited stays invited.",
)
_MORE_ARE_INVITED = ngettext_lazy(
    "{:,} more is invited, too. The mail is still going out.",
    "{:,} more are invited, too. Their mails are still going out.",
)
# Shown earlier, a bar may disappear at once and only flicker.
BAR_AFTER = timedelta(seconds=1)


@dataclass(frozen=True)
class Step:
    """One of the steps. `state`: done, now, next, warn, failed or stopped. A `share` from 0 to 1 is shown as a bar.

    `found` and `expected` are the columns of a file whose header is wrong.
    """

    state: str
    name: str
    fact: str = ""
    text: str = ""
    share: float | None = None
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Stage:
    """What the dialog of a batch says. Screen readers get `announced`, which changes with the step and each quarter."""

    title: str
    steps: list[Step]
    announced: str


def stage_of(batch: Batch, *, summary: Summary, progress: Progress | None, may_change: bool = True) -> Stage:
    """The status of a batch. `progress` is that of the running step, if any; `may_change`: the viewer may fix it."""
    title = _title(batch, summary)
    check, invite = _check(batch, summary, progress, may_change=may_change), _invite(batch, summary, progress)
    announced = f"{title}. {progress.quarter} percent." if progress and progress.quarter else title
    return Stage(title, [Step("done", "Uploaded", file_size(batch.file_size)), check, invite], announced)


def _title(batch: Batch, summary: Summary) -> str:
    if batch.undone_at:
        return undone_title(batch, summary).removesuffix(".")
    match batch.state:
        case Batch.State.CHECKING if job := batch.current_job:
            return _JOBS[Action(job.action)].title.format(file=batch.file_name, corrected=job.file_name)
        case Batch.State.CHECKING:
            return f"Checking {batch.file_name}"
        case Batch.State.INVITING:
            return f"Inviting from {batch.file_name}"
        case Batch.State.NEEDS_CORRECTION:
            return rows_need_fixing(summary.to_fix)
        case Batch.State.DONE if summary.invited:
            return USERS_WERE_INVITED.format(summary.invited, batch.organization.name)
        case Batch.State.DONE:
            return f"Nobody new was invited to {batch.organization.name}"
        case Batch.State.STOPPED:
            return stopped_title(batch, summary)
    return f"{batch.file_name} was not imported"


def file_size(size: int) -> str:
    """ "174 bytes", "18 KB", "1.2 MB": the same as in the drop zone."""
    if size < 1024:
        return _BYTES.format(size)
    return f"{size / 1024:,.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


def rows_need_fixing(count: int) -> str:
    """ "1 row needs fixing", "11 rows need fixing", "Nothing is left to fix"."""
    return _ROWS_NEED_FIXING.format(count) if count else "Nothing is left to fix"


def rows_of_job(progress: Progress) -> str:
    """ "12,000 of 150,000 rows"."""
    return f"{progress.done:,} of {ROWS.format(progress.total)}"


def _check(batch: Batch, summary: Summary, progress: Progress | None, *, may_change: bool) -> Step:
    match batch.state:
        case Batch.State.CHECKING if progress and (job := batch.current_job):
            texts = _JOBS[Action(job.action)]
            fact = rows_of_job(progress) if progress.done else ""
            bar = _bar(job.created_at, progress) if progress.total else None
            return Step("now", texts.step, fact, f"{texts.text} {progress.time_left}".strip(), bar)
        case Batch.State.CHECKING if progress:
            fact = ", ".join(part for part in (ROWS.format(progress.done), _part_of_file(progress.share)) if part)
            fact = fact if progress.done else ""
            text = f"Every row is looked at before anyone is invited. {progress.time_left}"
            # A workbook is read in one step, so its share is unknown.
            bar = _bar(batch.created_at, progress) if progress.share else None
            return Step("now", "Checking", fact, text.strip(), bar)
        case Batch.State.REJECTED:
            refused = batch.rejection or {}
            return Step(
                "failed",
                smart_quotes(str(refused.get("message", "")).removesuffix(".")),
                text=f"{smart_quotes(refused.get('hint', ''))} Nobody has been invited.".strip(),
                found=", ".join(refused.get("found", [])),
                expected=", ".join(refused.get("expected", [])),
            )
        case Batch.State.NEEDS_CORRECTION:
            parts = [
                smart_quotes(batch.notice),
                "Nobody has been invited yet.",
                "Fix the rows, upload a corrected file, or go on without them." if may_change else "",
                _typos_text(typos_of(batch)),
            ]
            return Step("warn", "Checked", _checked(batch, summary), " ".join(part for part in parts if part))
        case Batch.State.FAILED | Batch.State.STOPPED if batch.checked_at is None:
            return Step("failed" if batch.state == Batch.State.FAILED else "stopped", "Not checked", "", _why(batch))
    return Step("done", "Checked", _checked(batch, summary))


def _typos_text(typos: Typos) -> str:
    if not typos.open:
        return ""
    if typos.at_least:
        return f"At least {typos.open:,} good addresses may be slips of the keyboard."
    return _MAY_BE_TYPOS.format(typos.open)


def _part_of_file(share: float) -> str:
    """About how much of the file is checked; "" at the beginning. The number of its rows is not known yet."""
    return _PARTS[min(_PARTS, key=lambda part: abs(part - share))] if share >= 0.2 else ""


def _checked(batch: Batch, summary: Summary) -> str:
    problems = f"{summary.problems:,} with problems" if summary.problems else "no problems"
    return f"{ROWS.format(batch.row_total)}, {problems}"


def _invite(batch: Batch, summary: Summary, progress: Progress | None) -> Step:
    if batch.is_being_undone:
        text = f"The links do not work any more. {undone_text(batch.file_name, summary)}"
        if batch.error_reference:
            text += " Something went wrong on our side, so this takes longer. We try again every few minutes. "
            text += f"If you contact support, mention reference {batch.error_reference}."
        return Step("now", "Taking back", INVITATIONS.format(summary.undone), text)
    if batch.undone_at:
        return Step("stopped", "Invited", PEOPLE.format(summary.invited), undone_text(batch.file_name, summary))
    match batch.state:
        case Batch.State.INVITING if progress:
            fact = f"{progress.done:,} of {PEOPLE.format(progress.total)}" if progress.total else ""
            return Step("now", "Inviting", fact, _so_far(progress), _bar(batch.created_at, progress))
        case Batch.State.DONE:
            text = result_text(batch.file_name, summary)
            return Step("done", "Invited", PEOPLE.format(summary.invited), text)
        case Batch.State.STOPPED | Batch.State.FAILED if batch.checked_at:
            if batch.state == Batch.State.STOPPED:
                stay = "Whoever is invited already stays invited." if summary.invited else "Nobody has been invited."
                text = f"{stopped_text(batch, summary)} {stay}".strip()
                return Step("stopped", "Invited", PEOPLE.format(summary.invited), text)
            return Step("failed", "Invited", PEOPLE.format(summary.invited), _why(batch))
    return Step("next", "Inviting")


def _so_far(progress: Progress) -> str:
    """The time left, and the people who are not in the count next to it."""
    parts = [progress.time_left]
    if progress.on_the_way and not progress.waiting:
        parts.append(f"Everybody is invited; {STILL_GOING_OUT.format(progress.on_the_way)}.")
    if progress.skipped:
        parts.append(_SKIPPED.format(progress.skipped))
    if progress.failed:
        parts.append(f"{PEOPLE.format(progress.failed)} could not be invited.")
    return " ".join(part for part in parts if part)


def _why(batch: Batch) -> str:
    return FailureReason.text_of(batch.state_reason) or "Nobody has been invited."


def before_stopping(batch: Batch, progress: Progress | None) -> str:
    """What stopping does, for the question before it. Emails to people who are already invited are sent anyway."""
    if job := batch.current_job:
        return _JOBS[Action(job.action)].before_stopping
    inviting = progress if batch.state == Batch.State.INVITING else None
    done, out = (inviting.done, inviting.on_the_way) if inviting else (0, 0)
    if not (done or out):
        return "Nobody has been invited yet, and nobody will be."
    if inviting and out and not inviting.waiting:
        going_out = STILL_GOING_OUT.format(out)
        return f"Everybody is invited already, and stays invited. {going_out}, and stopping does not change that."
    if not done:
        return _ARE_INVITED.format(out)
    return f"{_WERE_INVITED.format(done)} {_MORE_ARE_INVITED.format(out)}" if out else _WERE_INVITED.format(done)


def _bar(began: datetime, progress: Progress) -> float | None:
    return progress.share if timezone.now() - began > BAR_AFTER else None

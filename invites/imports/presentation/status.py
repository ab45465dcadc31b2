"""A batch at this moment in words: the title of its dialog and the three steps under one another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from invites.imports.presentation.banners import (
    people,
    result_text,
    stopped_text,
    stopped_title,
    undone_text,
    undone_title,
)
from invites.imports.selectors.summary import Summary
from invites.imports.selectors.typos import Typos, typos_of
from invites.live.progress import Progress
from invites.models import Batch, CorrectionJob
from invites.wording import smart_quotes

Action = CorrectionJob.Action

# What is told of a file that is being checked, by the share of its bytes.
_PARTS = {
    1 / 4: "about a quarter of the file",
    1 / 3: "about a third of the file",
    1 / 2: "about half of the file",
    2 / 3: "about two thirds of the file",
    3 / 4: "about three quarters of the file",
    0.95: "nearly all of the file",
}


@dataclass(frozen=True)
class _JobWords:
    """What is told of something that many rows are changed by. `title` may name the file and the corrected one."""

    title: str
    step: str
    text: str
    before_stopping: str


_JOBS = {
    Action.APPLY: _JobWords(
        title="Applying the fix to {file}",
        step="Applying the fix",
        text="Does in each row what its button says. Nobody is invited yet.",
        before_stopping="Rows that are fixed already stay fixed, and the others stay as they are.",
    ),
    Action.CHECK: _JobWords(
        title="Checking {file} again",
        step="Checking again",
        text="Every row that was edited is checked again before anyone is invited.",
        before_stopping="Everything that was fixed stays fixed. Nobody has been invited yet, and nobody will be.",
    ),
    Action.USE_FILE: _JobWords(
        title="Checking {corrected}",
        step="Checking the corrected file",
        text="It is checked as a whole before it is used. Until then, everything that was fixed here is kept.",
        before_stopping="The corrected file is not used, and everything that was fixed here is kept.",
    ),
}
# A bar that is gone before it was seen is only a flicker.
BAR_AFTER = timedelta(seconds=1)


@dataclass(frozen=True)
class Step:
    """One line of the steps. `state`: done, now, next, warn, failed or stopped; `share` from 0 to 1 draws a bar.

    `found` and `expected` are the columns of a file whose header does not fit.
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
    """What the dialog of a batch says. `told` is for those who listen: it changes with the stage and each quarter."""

    title: str
    steps: list[Step]
    told: str


def stage_of(batch: Batch, *, summary: Summary, progress: Progress | None, may_change: bool = True) -> Stage:
    """`progress` is that of the running step, and None when no step runs. `may_change`: the viewer can fix the rows."""
    title = _title(batch, summary)
    check, invite = _check(batch, summary, progress, may_change=may_change), _invite(batch, summary, progress)
    told = f"{title}. {progress.quarter} percent." if progress and progress.quarter else title
    return Stage(title, [Step("done", "Uploaded", file_size(batch.file_size)), check, invite], told)


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
            return f"{people(summary.invited)} invited to {batch.organization.name}"
        case Batch.State.DONE:
            return f"Nobody new was invited to {batch.organization.name}"
        case Batch.State.STOPPED:
            return stopped_title(batch, summary)
    return f"{batch.file_name} was not imported"


def file_size(size: int) -> str:
    """ "174 bytes", "18 KB", "1.2 MB", as the drop zone says it, too."""
    if size < 1024:
        return "1 byte" if size == 1 else f"{size} bytes"
    return f"{size / 1024:,.0f} KB" if size < 1024 * 1024 else f"{size / 1024 / 1024:,.1f} MB"


def rows_need_fixing(count: int) -> str:
    """ "1 row needs fixing", "11 rows need fixing", "Nothing is left to fix"."""
    if not count:
        return "Nothing is left to fix"
    return "1 row needs fixing" if count == 1 else f"{count:,} rows need fixing"


def rows(count: int) -> str:
    """ "1 row", "12,480 rows"."""
    return "1 row" if count == 1 else f"{count:,} rows"


def rows_of_job(progress: Progress) -> str:
    """ "12,000 of 150,000 rows"."""
    return f"{progress.done:,} of {rows(progress.total)}"


def _check(batch: Batch, summary: Summary, progress: Progress | None, *, may_change: bool) -> Step:
    match batch.state:
        case Batch.State.CHECKING if progress and (job := batch.current_job):
            words = _JOBS[Action(job.action)]
            fact = rows_of_job(progress) if progress.done else ""
            bar = _bar(job.created_at, progress) if progress.total else None
            return Step("now", words.step, fact, f"{words.text} {progress.time_left}".strip(), bar)
        case Batch.State.CHECKING if progress:
            fact = ", ".join(part for part in (rows(progress.done), _part_of_file(progress.share)) if part)
            fact = fact if progress.done else ""
            text = f"Every row is looked at before anyone is invited. {progress.time_left}"
            # Of a workbook it is not known either how far it is read.
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
            way_on = " Fix the rows, upload a corrected file, or go on without them." if may_change else ""
            text = f"{smart_quotes(batch.notice)} Nobody has been invited yet.{way_on}{_slips(typos_of(batch))}"
            return Step("warn", "Checked", _checked(batch, summary), text.lstrip())
        case Batch.State.FAILED | Batch.State.STOPPED if batch.checked_at is None:
            return Step("failed" if batch.state == Batch.State.FAILED else "stopped", "Not checked", "", _why(batch))
    return Step("done", "Checked", _checked(batch, summary))


def _slips(typos: Typos) -> str:
    """Of what is no problem, and is invited if nobody looks."""
    if not typos.open:
        return ""
    if typos.open == 1 and not typos.at_least:
        return " 1 good address may be a slip of the keyboard."
    return f" {'At least ' if typos.at_least else ''}{typos.open:,} good addresses may be slips of the keyboard."


def _part_of_file(share: float) -> str:
    """In words, since how many rows it has is not known before its end; empty at its beginning."""
    return _PARTS[min(_PARTS, key=lambda part: abs(part - share))] if share >= 0.2 else ""


def _checked(batch: Batch, summary: Summary) -> str:
    problems = f"{summary.problems:,} with problems" if summary.problems else "no problems"
    return f"{rows(batch.row_total)}, {problems}"


def _invite(batch: Batch, summary: Summary, progress: Progress | None) -> Step:
    if batch.is_being_undone:
        text = f"The links do not work any more. {undone_text(batch.file_name, summary)}"
        if batch.error_reference:
            text += " Something went wrong on our side, so this takes longer. We try again every few minutes. "
            text += f"If you contact support, mention reference {batch.error_reference}."
        return Step("now", "Taking back", _invitations(summary.undone), text)
    if batch.undone_at:
        return Step("stopped", "Invited", _people(summary.invited), undone_text(batch.file_name, summary))
    match batch.state:
        case Batch.State.INVITING if progress:
            fact = f"{progress.done:,} of {_people(progress.total)}" if progress.total else ""
            return Step("now", "Inviting", fact, _so_far(progress), _bar(batch.created_at, progress))
        case Batch.State.DONE:
            text = result_text(batch.file_name, summary)
            return Step("done", "Invited", _people(summary.invited), text)
        case Batch.State.STOPPED | Batch.State.FAILED if batch.checked_at:
            if batch.state == Batch.State.STOPPED:
                text = f"{stopped_text(batch, summary)} {_stays(summary)}".strip()
                return Step("stopped", "Invited", _people(summary.invited), text)
            return Step("failed", "Invited", _people(summary.invited), _why(batch))
    return Step("next", "Inviting")


def _so_far(progress: Progress) -> str:
    """The time that is left, and who is not in the count beside it."""
    told = [progress.time_left]
    if progress.on_the_way and not progress.waiting:
        told.append(f"Everybody is invited; {_going_out(progress.on_the_way)}.")
    told.append(_skipped(progress.skipped))
    if progress.failed:
        told.append(f"{_people(progress.failed)} could not be invited.")
    return " ".join(part for part in told if part)


def _why(batch: Batch) -> str:
    return batch.state_reason or "Nobody has been invited."


def _stays(summary: Summary) -> str:
    return "Whoever is invited already stays invited." if summary.invited else "Nobody has been invited."


def before_stopping(batch: Batch, progress: Progress | None) -> str:
    """What stopping changes, with the figures of the progress: mail to who is invited goes out all the same."""
    if job := batch.current_job:
        return _JOBS[Action(job.action)].before_stopping
    inviting = progress if batch.state == Batch.State.INVITING else None
    done, out = (inviting.done, inviting.on_the_way) if inviting else (0, 0)
    if not (done or out):
        return "Nobody has been invited yet, and nobody will be."
    if inviting and out and not inviting.waiting:
        return f"Everybody is invited already, and stays invited. {_going_out(out)}, and stopping does not change that."
    if not done:
        return f"{_people(out)} {_are(out)} invited already and {_stay(out)} invited. {_their_mail(out)}."
    if done == 1:
        told = "1 person was invited when you pressed Stop, and stays invited."
    else:
        told = f"{_people(done)} were invited when you pressed Stop. Whoever is invited stays invited."
    return f"{told} {out:,} more {_are(out)} invited, too. {_their_mail(out)}." if out else told


def _going_out(count: int) -> str:
    return "1 mail is still going out" if count == 1 else f"{count:,} mails are still going out"


def _their_mail(count: int) -> str:
    return "The mail is still going out" if count == 1 else "Their mails are still going out"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _bar(began: datetime, progress: Progress) -> float | None:
    return progress.share if timezone.now() - began > BAR_AFTER else None


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count:,} people"


def _invitations(count: int) -> str:
    return "1 invitation" if count == 1 else f"{count:,} invitations"


def _skipped(count: int) -> str:
    if not count:
        return ""
    were = "was skipped: already a member, or invited" if count == 1 else "were skipped: members or invited already"
    return f"{_people(count)} {were}."

"""The status of an import in words: the title of its dialog, and its three steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy, pgettext

from accounts.support import mention_to_support
from accounts.wording import counted, grouped, separated
from invites.checking import Problem, found_columns
from invites.imports.presentation.confirmation import able_text, confirm_heading
from invites.imports.presentation.job_texts import JOB_TEXTS
from invites.imports.presentation.names import import_name
from invites.imports.presentation.wording import (
    STILL_SENDING,
    result_text,
    result_title,
    scheduled_text,
    stopped_text,
    undone_text,
)
from invites.imports.reading import decide
from invites.imports.selectors.summary import Summary
from invites.imports.selectors.typos import Typos, typos_of
from invites.invitations.authorization import user_powers_of
from invites.live.progress import Progress
from invites.models import Batch, CorrectionJob
from invites.problems import expected_columns, hint_of, message_of, stored_problem
from invites.reasons import text_of
from invites.wording import emptied_text

Action, State = CorrectionJob.Action, Batch.State

_INVITATIONS = ngettext_lazy("{count} invitation", "{count} invitations")
_PEOPLE = ngettext_lazy("{count} person", "{count} people")
_PEOPLE_OF = ngettext_lazy("{done} of {count} person", "{done} of {count} people")
_ROWS_OF = ngettext_lazy("{done} of {count} row", "{done} of {count} rows")
_BYTES = ngettext_lazy("{count} byte", "{count} bytes")
_ROWS = ngettext_lazy("{count} row", "{count} rows")
_NO_PROBLEMS = ngettext_lazy("{count} row, no problems", "{count} rows, no problems")
_WITH_PROBLEMS = ngettext_lazy("{count} with a problem", "{count} with problems")
# How much of a file is checked, by the share of its bytes: the number of its rows isn't known yet.
_ROWS_CHECKED = {
    0: _ROWS,
    1 / 4: ngettext_lazy("{count} row, about a quarter of the file", "{count} rows, about a quarter of the file"),
    1 / 3: ngettext_lazy("{count} row, about a third of the file", "{count} rows, about a third of the file"),
    1 / 2: ngettext_lazy("{count} row, about half of the file", "{count} rows, about half of the file"),
    2 / 3: ngettext_lazy("{count} row, about two thirds of the file", "{count} rows, about two thirds of the file"),
    3 / 4: ngettext_lazy(
        "{count} row, about three quarters of the file", "{count} rows, about three quarters of the file"
    ),
    0.95: ngettext_lazy("{count} row, nearly all of the file", "{count} rows, nearly all of the file"),
}
_ROWS_NEED_FIXING = ngettext_lazy("{count} row needs fixing", "{count} rows need fixing")
_MAY_HAVE_MISTAKES = ngettext_lazy("{count} cell may have a mistake", "{count} cells may have mistakes")
_TYPOS = ngettext_lazy("{count} cell may have a mistake.", "{count} cells may have mistakes.")
_WHAT_TO_DO = ngettext_lazy(
    "Fix the row, upload a corrected file, or continue without it.",
    "Fix the rows, upload a corrected file, or continue without them.",
)
_SKIPPED = ngettext_lazy(
    "{count} person was skipped. The results will say why.", "{count} people were skipped. The results will say why."
)
_FAILED = ngettext_lazy("{count} person couldn’t be invited.", "{count} people couldn’t be invited.")
_TO_CONFIRM = ngettext_lazy(
    "Someone has to confirm before {count} person is invited.",
    "Someone has to confirm before {count} people are invited.",
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
    title = announced = stage_title(batch, summary)
    if progress and progress.quarter:
        announced = _("{title}: {percent}% done").format(title=title, percent=progress.quarter)
    steps = [
        _first_step(batch),
        _check_step(batch, summary, progress, may_change=may_change),
        _invite_step(batch, summary, progress),
    ]
    return Stage(title, steps, announced)


def stage_title(batch: Batch, summary: Summary) -> str:
    """What is happening, or the result: "Checking team.csv". Only the result needs the summary."""
    if batch.undone_at:
        return result_title(batch, summary)
    name = import_name(batch)
    match batch.state:
        case State.CHECKING if job := batch.current_job:
            return JOB_TEXTS[Action(job.action)].title.format(file=name, corrected=job.file_name)
        case State.CHECKING:
            return _("Checking {file}").format(file=name)
        case State.INVITING if batch.send_at is not None:
            return _("Scheduling {file}").format(file=name)
        case State.INVITING:
            return _("Inviting from {file}").format(file=name)
        case State.NEEDS_ANSWER:
            return _("{file} needs your answer").format(file=name)
        case State.NEEDS_CORRECTION:
            return what_is_left(batch, summary.to_fix)
        case State.NEEDS_CONFIRMATION:
            return confirm_heading(name)
    return result_title(batch, summary)


def _first_step(batch: Batch) -> Step:
    return Step("done", _("Pasted")) if batch.pasted_at else Step("done", _("Uploaded"), file_size(batch.file_size))


def file_size(size: int) -> str:
    """ "174 bytes", "18 KB", "1.2 MB": the same as in the drop zone."""
    if size < 1024:
        return counted(_BYTES, size)
    if size < 1024 * 1024:
        return _("{size} KB").format(size=grouped(round(size / 1024)))
    return _("{size} MB").format(size=megabytes(size))


def megabytes(size: int) -> str:
    """A number of bytes in megabytes, with one decimal place."""
    return number_format(round(size / 1024 / 1024, 1), 1, force_grouping=True)


def rows_need_fixing(count: int) -> str:
    """ "1 row needs fixing", "11 rows need fixing", "Nothing is left to fix"."""
    return counted(_ROWS_NEED_FIXING, count) if count else _("Nothing is left to fix")


def what_is_left(batch: Batch, to_fix: int) -> str:
    """The same, or if no row needs fixing: "3 cells may have mistakes"."""
    if to_fix or batch.has_invited or not (typos := typos_of(batch)).open:
        return rows_need_fixing(to_fix)
    return counted(_MAY_HAVE_MISTAKES, typos.open)


def progress_count(batch: Batch, progress: Progress) -> str:
    """How much of the running step is done: "12,000 of 150,000 rows". Empty before anything is done."""
    if batch.state == State.INVITING:
        return counted(_PEOPLE_OF, progress.total, done=grouped(progress.done)) if progress.total else ""
    if not progress.done:
        return ""
    if batch.current_job:
        return counted(_ROWS_OF, progress.total, done=grouped(progress.done))
    return counted(_ROWS, progress.done)


def _check_step(batch: Batch, summary: Summary, progress: Progress | None, *, may_change: bool) -> Step:
    match batch.state:
        case State.CHECKING if progress:
            return _checking(batch, progress)
        case State.REJECTED if batch.rejection is None:
            return Step("failed", _("Not imported"), text=emptied_text(batch) if batch.emptied_at else "")
        case State.REJECTED:
            rejection = batch.rejection or {}
            return _not_read(stored_problem(rejection), rejection["found"], _("Nobody has been invited."))
        case State.NEEDS_ANSWER:
            return _undecided(batch)
        case State.NEEDS_CORRECTION:
            return Step("warn", _("Checked"), _checked(batch, summary), _to_correct(batch, summary, may_change))
        case State.FAILED | State.STOPPED if batch.checked_at is None:
            return Step("failed" if batch.state == State.FAILED else "stopped", _("Not checked"), text=_why(batch))
    return Step("done", _("Checked"), _checked(batch, summary))


def _to_correct(batch: Batch, summary: Summary, may_change: bool) -> str:
    typos = typos_of(batch)
    what_to_do = ""
    if may_change and summary.problems:
        what_to_do = counted(_WHAT_TO_DO, summary.unfixed)
    elif may_change and typos.open:
        what_to_do = _("Fix what’s wrong, upload a corrected file, or invite everyone as written.")
    return _joined([text_of(batch.notice), _("Nobody has been invited yet."), what_to_do, possible_mistakes(typos)])


def _checking(batch: Batch, progress: Progress) -> Step:
    if job := batch.current_job:
        texts = JOB_TEXTS[Action(job.action)]
        bar = _bar(job.created_at, progress) if progress.total else None
        text = _joined([str(texts.text), progress.time_left])
        return Step("now", str(texts.step), progress_count(batch, progress), text, bar)
    # At the beginning, no share is shown.
    share = min(_ROWS_CHECKED, key=lambda part: abs(part - progress.share)) if progress.share >= 0.2 else 0
    fact = counted(_ROWS_CHECKED[share], progress.done) if progress.done else ""
    text = _joined([_("Every row is checked before anyone is invited."), progress.time_left])
    # A workbook is read in one step, so its share is unknown.
    return Step("now", _("Checking"), fact, text, _bar(batch.created_at, progress) if progress.share else None)


def _undecided(batch: Batch) -> Step:
    doubt = decide(batch).doubt
    not_yet = _("Nobody has been invited yet.")
    if doubt is None:
        return Step("warn", _("There is a question about this file"), text=not_yet)
    return _not_read(doubt, found_columns(doubt), not_yet)


def _not_read(problem: Problem, found: Sequence[str] | None, nobody: str) -> Step:
    """What is wrong with the file as a whole. `found` are its columns, if they are the problem."""
    text = _joined([hint_of(problem), nobody])
    if found is None:
        return Step("failed", message_of(problem), text=text)
    columns = separated([each for each in found if each])
    return Step("failed", message_of(problem), text=text, found=columns, expected=separated(expected_columns()))


def possible_mistakes(typos: Typos) -> str:
    """ "3 cells may have mistakes."; empty for none that are open."""
    return counted(_TYPOS, typos.open) if typos.open else ""


def _checked(batch: Batch, summary: Summary) -> str:
    if summary.problems:
        return separated([counted(_ROWS, batch.row_total), counted(_WITH_PROBLEMS, summary.problems)])
    return counted(_NO_PROBLEMS, batch.row_total)


def _invite_step(batch: Batch, summary: Summary, progress: Progress | None) -> Step:
    invited = counted(_PEOPLE, summary.invited)
    if batch.is_being_undone:
        return _undoing(batch, summary)
    if batch.undone_at:
        return Step("stopped", pgettext("step", "Invited"), invited, undone_text(batch, summary))
    match batch.state:
        case State.INVITING if progress:
            bar = _bar(batch.created_at, progress)
            return Step("now", _("Inviting"), progress_count(batch, progress), _so_far(progress), bar)
        case State.SCHEDULED:
            return Step("next", pgettext("step", "Scheduled"), invited, scheduled_text(batch, summary))
        case State.NEEDS_CONFIRMATION:
            return Step("warn", _("Inviting"), text=_to_confirm(batch, summary))
        case State.DONE:
            text = _joined([result_text(batch, summary), text_of(batch.notice)])
            return Step("done", pgettext("step", "Invited"), invited, text)
        case State.STOPPED if batch.checked_at:
            stay = _("People who have already been invited stay invited.")
            sentences = [stopped_text(batch, summary), stay if summary.invited else _("Nobody has been invited.")]
            sentences.append(text_of(batch.notice))
            return Step("stopped", pgettext("step", "Invited"), invited, _joined(sentences))
        case State.FAILED if batch.checked_at:
            return Step("failed", pgettext("step", "Invited"), invited, _why(batch))
    return Step("next", _("Inviting"))


def _to_confirm(batch: Batch, summary: Summary) -> str:
    able = able_text(user_powers_of(batch.grant))
    return _joined([able, counted(_TO_CONFIRM, summary.waiting), nobody_yet(batch)])


def nobody_yet(batch: Batch) -> str:
    """Who has been invited so far by an import that waits for an admin."""
    return (
        _("People who have already been invited stay invited.")
        if batch.has_invited
        else _("Nobody has been invited yet.")
    )


def _undoing(batch: Batch, summary: Summary) -> Step:
    sentences = [_("The links no longer work."), undone_text(batch, summary)]
    if batch.error_reference:
        delayed = _("Something went wrong on our side, so this is taking longer. We’ll try again every few minutes.")
        sentences += [delayed, mention_to_support(batch.error_reference)]
    return Step("now", _("Revoking"), counted(_INVITATIONS, summary.undone), _joined(sentences))


def _so_far(progress: Progress) -> str:
    """The time left, and the people who are not in the count next to it."""
    sentences = [progress.time_left]
    if progress.on_the_way and not progress.waiting:
        sentences += [_("Everyone has been invited."), counted(STILL_SENDING, progress.on_the_way)]
    if progress.skipped:
        sentences.append(counted(_SKIPPED, progress.skipped))
    if progress.failed:
        sentences.append(counted(_FAILED, progress.failed))
    return _joined(sentences)


def _why(batch: Batch) -> str:
    return text_of(batch.state_reasons) or _("Nobody has been invited.")


def _joined(sentences: list[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _bar(began: datetime, progress: Progress) -> float | None:
    return progress.share if timezone.now() - began > BAR_AFTER else None

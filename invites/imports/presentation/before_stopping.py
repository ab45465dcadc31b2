"""What stopping an import does, for the question before it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.wording import counted
from invites.imports.presentation.job_texts import JOB_TEXTS
from invites.imports.selectors.summary import has_emailed
from invites.live.progress import Progress
from invites.models import Batch, CorrectionJob

Action, State = CorrectionJob.Action, Batch.State

_ALL_INVITED = ngettext_lazy(
    "Everyone has already been invited and stays invited. {count} email is still being sent, even if you stop now.",
    "Everyone has already been invited and stays invited. {count} emails are still being sent, even if you stop now.",
)
_INVITED_NOT_SENT = ngettext_lazy(
    "{count} person has already been invited and stays invited. The email is still being sent.",
    "{count} people have already been invited and stay invited. Their emails are still being sent.",
)
_INVITED = ngettext_lazy(
    "{count} person has already been invited and stays invited.",
    "{count} people have already been invited and stay invited.",
)
_MORE_NOT_SENT = ngettext_lazy(
    "{count} more person has been invited. The email is still being sent.",
    "{count} more people have been invited. Their emails are still being sent.",
)


def before_stopping(batch: Batch, progress: Progress | None) -> str:
    """What stopping does, for the question before it. Emails to people who are already invited are sent anyway."""
    if job := batch.current_job:
        return str(JOB_TEXTS[Action(job.action)].before_stopping)
    if batch.state == State.SCHEDULED and has_emailed(batch):
        return _("People who have already been emailed stay invited. Nobody else will be emailed.")
    inviting = progress if batch.state == State.INVITING and batch.send_at is None else None
    done, on_the_way = (inviting.done, inviting.on_the_way) if inviting else (0, 0)
    if not (done or on_the_way):
        if batch.has_invited and not _is_first_time(batch):
            return _("Nobody else has been invited yet, and nobody will be. Rows that you fixed stay fixed.")
        return _("Nobody has been invited yet, and nobody will be.")
    if inviting and on_the_way and not inviting.waiting:
        return counted(_ALL_INVITED, on_the_way)
    if not done:
        return counted(_INVITED_NOT_SENT, on_the_way)
    return " ".join([counted(_INVITED, done), *([counted(_MORE_NOT_SENT, on_the_way)] if on_the_way else [])])


def _is_first_time(batch: Batch) -> bool:
    """Whether an import is inviting, or scheduled, that hadn't ended before."""
    return batch.continued_at is None and batch.state in (State.INVITING, State.SCHEDULED)

"""What pages say about correction jobs."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from accounts.texts import StrPromise
from invites.models import CorrectionJob

Action = CorrectionJob.Action


@dataclass(frozen=True)
class JobTexts:
    """The texts about a correction job. `title` may contain the names of the file and of the corrected file."""

    title: StrPromise
    step: StrPromise
    text: StrPromise
    before_stopping: StrPromise


JOB_TEXTS = {
    Action.APPLY: JobTexts(
        title=gettext_lazy("Fixing {file}"),
        step=gettext_lazy("Applying the fix"),
        text=gettext_lazy("Applies the suggested fix to every row. This doesn’t invite anyone."),
        before_stopping=gettext_lazy("What is already fixed stays fixed. Everything else stays as it is."),
    ),
    Action.FIX: JobTexts(
        title=gettext_lazy("Fixing {file}"),
        step=gettext_lazy("Using the suggestions"),
        text=gettext_lazy("Uses the suggestion for every possible mistake. This doesn’t invite anyone."),
        before_stopping=gettext_lazy("What is already fixed stays fixed. Everything else stays as it is."),
    ),
    Action.CHECK: JobTexts(
        title=gettext_lazy("Checking {file} again"),
        step=gettext_lazy("Checking again"),
        text=gettext_lazy("Every edited row is checked again before anyone is invited."),
        before_stopping=gettext_lazy("All fixes are kept. This doesn’t invite anyone."),
    ),
    Action.USE_ROWS: JobTexts(
        title=gettext_lazy("Checking {corrected}"),
        step=gettext_lazy("Using the corrected file"),
        text=gettext_lazy("What is left to fix is replaced by the corrected file, and checked."),
        before_stopping=gettext_lazy("What is already fixed stays fixed. Everything else stays as it is."),
    ),
    Action.USE_FILE: JobTexts(
        title=gettext_lazy("Checking {corrected}"),
        step=gettext_lazy("Checking the corrected file"),
        text=gettext_lazy("The whole file is checked before it is used. Until then, all fixes made here are kept."),
        before_stopping=gettext_lazy("The corrected file won’t be used. All fixes made here are kept."),
    ),
}

"""What became of an import, in the sentences that banners, dialogs, pages and the result email share.

Titles have no period, because they are headings, too.
"""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.wording import counted
from invites.checking import FULL_NAME, Notice, with_row_names
from invites.imports.presentation.names import import_name
from invites.imports.presentation.skip_reasons import SKIP_REASONS
from invites.imports.selectors.progress import count_unsent
from invites.imports.selectors.summary import Summary, has_emailed
from invites.invitations.wording import send_time_text
from invites.models import Batch
from invites.problems import column_title, message_of
from invites.reasons import text_of

STILL_SENDING = ngettext_lazy("{count} email is still being sent.", "{count} emails are still being sent.")
_USERS_INVITED = ngettext_lazy(
    "{count} user was invited to {organization}", "{count} users were invited to {organization}"
)
_WILL_BE_INVITED = ngettext_lazy(
    "{count} user will be invited to {organization}", "{count} users will be invited to {organization}"
)
_STOPPED = ngettext_lazy(
    "Stopped. {count} user was invited to {organization}", "Stopped. {count} users were invited to {organization}"
)
_REVOKING = ngettext_lazy("Revoking {count} invitation", "Revoking {count} invitations")
_UNDONE = ngettext_lazy("Undone. {count} invitation was revoked", "Undone. {count} invitations were revoked")
_HAD_ACCEPTED = ngettext_lazy(
    "{count} person from {file} had already accepted and stays a member.",
    "{count} people from {file} had already accepted and stay members.",
)
_NOT_INVITED = ngettext_lazy("{count} person in {file} was not invited.", "{count} people in {file} were not invited.")
_NOT_SENT = ngettext_lazy("{count} email couldn’t be sent.", "{count} emails couldn’t be sent.")
_PROBLEMS = ngettext_lazy("{count} had a problem.", "{count} had problems.")
_SKIPPED_BY_ADMIN = ngettext_lazy("{count} was skipped by an admin.", "{count} were skipped by an admin.")
_BOUNCED = ngettext_lazy("{count} email bounced.", "{count} emails bounced.")
_FAILED = ngettext_lazy("{count} couldn’t be invited.", "{count} couldn’t be invited.")
_ALL_SKIPPED = ngettext_lazy("The only row of {file} was skipped.", "All {count} rows of {file} were skipped.")


def key_title(key: str) -> str:
    """The name of what a column of a file is used for."""
    return _("Full name") if key == FULL_NAME else column_title(key)


def row_name(batch: Batch, number: int) -> str:
    """The number of a row as its spreadsheet shows it: "4", or "Crew 2025, row 4" if several sheets were read."""
    place = _place_in_sheet(batch, number)
    return _("{sheet}, row {number}").format(sheet=place[0], number=place[1]) if place else str(number)


def row_number(batch: Batch, number: int) -> str:
    """The same after the word "row": "4", or "4 of Crew 2025"."""
    place = _place_in_sheet(batch, number)
    return _("{number} of {sheet}").format(sheet=place[0], number=place[1]) if place else str(number)


def notice_text(batch: Batch, notice: Notice) -> str:
    """The notice, which names its rows as the spreadsheet does. Without a period at the end."""
    return message_of(with_row_names(notice, partial(row_number, batch)))


def _place_in_sheet(batch: Batch, number: int) -> tuple[str, int] | None:
    """The sheet of a row, and its number there; None if only one sheet was read."""
    sheets = [(name, before) for name, before in batch.read_as.get("sheets", []) if before < number]
    return (sheets[-1][0], number - sheets[-1][1]) if sheets else None


def result_title(batch: Batch, summary: Summary) -> str:
    """The result of an import that has ended: "231 users were invited to Acme"."""
    organization = batch.organization.name
    if batch.undone_at:
        return counted(_REVOKING if batch.is_being_undone else _UNDONE, summary.undone)
    if batch.state == Batch.State.SCHEDULED:
        return counted(_WILL_BE_INVITED, summary.invited, organization=organization)
    if batch.state not in (Batch.State.DONE, Batch.State.STOPPED):
        return _("{file} was not imported").format(file=import_name(batch))
    if summary.invited:
        title = _USERS_INVITED if batch.state == Batch.State.DONE else _STOPPED
        return counted(title, summary.invited, organization=organization)
    if batch.state == Batch.State.DONE:
        return _("Nobody new was invited to {organization}").format(organization=organization)
    return _("Stopped. Nobody was invited to {organization}").format(organization=organization)


def undone_text(batch: Batch, summary: Summary) -> str:
    """How many people had accepted, and so are members."""
    if summary.accepted:
        return counted(_HAD_ACCEPTED, summary.accepted, file=import_name(batch))
    return _("Nobody from {file} had accepted.").format(file=import_name(batch))


def scheduled_text(batch: Batch, summary: Summary) -> str:
    """When its emails will be sent, and how many people were not invited, and why."""
    assert batch.send_at is not None
    if has_emailed(batch):
        text = _("The other emails will be sent {time}.")
    else:
        text = _("The emails will be sent {time}. Nobody has been emailed yet.")
    sentences = [text.format(time=send_time_text(batch.organization, batch.send_at))]
    if summary.rows > summary.invited:
        sentences.append(result_text(batch, summary))
    return " ".join(sentences)


def stopped_text(batch: Batch, summary: Summary) -> str:
    """Why it stopped, how many people were not invited, and how many emails are still being sent."""
    sentences = [text_of(batch.state_reasons)] if batch.state_reasons else []
    if summary.stopped:
        sentences.append(counted(_NOT_INVITED, summary.stopped, file=import_name(batch)))
    elif summary.invited:
        sentences.append(_("Everyone had already been invited."))
    if summary.invited and (unsent := count_unsent(batch)):
        sentences.append(counted(STILL_SENDING, unsent))
    if summary.mail_refused:
        sentences.append(counted(_NOT_SENT, summary.mail_refused))
    return " ".join(sentences)


def result_text(batch: Batch, summary: Summary) -> str:
    """How many people of an import that is done were not invited or not reached, and why."""
    if not summary.invited and summary.rows and summary.skipped == summary.rows:
        return _all_skipped_text(batch, summary)
    counts = (
        *[(skipped.sentence, summary.skips[reason]) for reason, skipped in SKIP_REASONS.items()],
        (_PROBLEMS, summary.to_fix),
        (_SKIPPED_BY_ADMIN, summary.skipped_by_admin),
        (_NOT_SENT, summary.mail_refused),
        (_BOUNCED, summary.bounced),
        (_FAILED, summary.failed - summary.stopped - summary.mail_refused),
    )
    sentences = " ".join(counted(message, count) for message, count in counts if count)
    if not sentences:
        return _("Everyone in {file} was invited.").format(file=import_name(batch))
    return _("From {file}: {sentences}").format(file=import_name(batch), sentences=sentences)


def _all_skipped_text(batch: Batch, summary: Summary) -> str:
    only = next((SKIP_REASONS[reason] for reason, count in summary.skips.items() if count == summary.rows), None)
    message = (only and only.all_skipped) or _ALL_SKIPPED
    return counted(message, summary.rows, file=import_name(batch))

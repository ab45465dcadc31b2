"""Start an import, upload a corrected file for it, or invite its valid rows only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action as Logged
from accounts.activity.log import record
from accounts.activity.source import current_source
from accounts.errors import DomainError
from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.checking import FIND_OUT, PastedText, ReadingOptions
from invites.imports.activity import about_import
from invites.imports.correction_jobs import check_all_again, start_job
from invites.imports.corrections import lock_batch
from invites.imports.upload_parts import in_turn, plain_name, store_upload
from invites.invitations.authorization import check_may_invite, create_grant
from invites.invitations.messages import written_by
from invites.invitations.send_time import check_send_time
from invites.models import Batch, CorrectionJob

Action = CorrectionJob.Action


@in_turn()
@transaction.atomic
def start_batch(
    by: Membership,
    *,
    file_name: str,
    content: Iterable[bytes],
    selection: AccessSelection,
    only_valid: bool = False,
    options: ReadingOptions = FIND_OUT,
    confirm_access: bool = False,
    as_written: bool = False,
    message: str = "",
    send_at: datetime | None = None,
) -> Batch:
    """Store the file and its batch in one transaction. The file isn't read yet.

    `content` yields the file in pieces of any size, and `options` says how to read it. With `confirm_access`, nobody is
    asked to confirm what everyone will be able to do, unless the roles gain permissions meanwhile. With `as_written`,
    cells that look damaged don't keep anyone from being invited.
    `message` is added to every email. With `send_at`, emails are sent at that time: see schedule.py.
    Raises AccessDenied when `by` may not invite or can't grant the selection, and DomainError: "gone", "too_large",
    "bad_message", "past", "too_far".
    """
    return _start(
        by,
        content,
        selection=selection,
        message=message,
        send_at=send_at,
        options=options,
        file_name=plain_name(file_name),
        only_valid=only_valid,
        as_written=as_written,
        confirmed_powers=list(selection.user_powers) if confirm_access else [],
    )


@in_turn()
@transaction.atomic
def start_pasted_batch(
    by: Membership,
    pasted: PastedText,
    *,
    selection: AccessSelection,
    message: str = "",
    send_at: datetime | None = None,
) -> Batch:
    """The same for pasted rows, which become a file that leaves no doubt about its encoding. Raises the same."""
    return _start(
        by,
        [pasted.content()],
        selection=selection,
        message=message,
        send_at=send_at,
        options=pasted.options,
        pasted_at=timezone.now(),
        first_row=pasted.first_row,
    )


def _start(
    by: Membership,
    content: Iterable[bytes],
    *,
    selection: AccessSelection,
    options: ReadingOptions,
    message: str,
    send_at: datetime | None,
    **facts: object,
) -> Batch:
    check_may_invite(by)
    if send_at is not None:
        check_send_time(by.organization, send_at)
    written = written_by(by, message)
    batch = Batch.objects.create(
        organization=by.organization,
        inviter=by.user,
        grant=create_grant(by, selection),
        reading=options.as_json(),
        source=current_source().as_json(),
        authors=[by.user_id],
        send_at=send_at,
        **written,
        **facts,
    )
    batch.file_size = store_upload(batch, content)
    batch.save(update_fields=["file_size"])
    return batch


@in_turn()
@transaction.atomic
def correct_batch(
    batch: Batch, *, file_name: str, content: Iterable[bytes], selection: AccessSelection | None, by: Membership
) -> Batch:
    """Store a corrected file for a batch that waits for one. A job (use_corrected_file.py) finds out if it can be used.

    The rows of a problem file, which we offer for download, are merged into the file of the batch. Any other file
    replaces it. Until that is done, the batch keeps its file and all edits. Then `by` becomes its inviter.
    If the batch has ended, it keeps its roles and sites, so `selection` is None: the rows of a problem file correct
    those that are left, who are invited if nothing is left to fix. Any other file isn't used.
    Raises the same as `start_batch`, and DomainError "busy" or "moved_on" if the batch no longer waits, or has ended
    since `by` was asked.
    """
    lock_batch(batch, by)
    if batch.has_invited != (selection is None):
        raise DomainError("moved_on", _("People of this import have been invited meanwhile. Choose the file again."))
    what: dict[str, Any] = {"action": Action.USE_ROWS, "then": CorrectionJob.Then.INVITE_IF_FIXED}
    if selection is not None:
        what = {"action": Action.USE_FILE, "grant": create_grant(by, selection)}
    job = start_job(batch, by, file_name=plain_name(file_name), **what)
    job.file_size = store_upload(batch, content, is_correction=True)
    job.save(update_fields=["file_size"])
    record(by.organization_id, Logged.IMPORT_CORRECTED, about_import(batch), by=by)
    return batch


@transaction.atomic
def invite_valid_rows(batch: Batch, *, by: Membership) -> None:
    """Invite the valid rows of a batch that waits for a correction. The other rows stay problems.

    If many rows were edited, a worker checks them again first. Raises AccessDenied, and DomainError: "none_valid",
    "busy", "moved_on".
    """
    check_all_again(batch, by=by, then=CorrectionJob.Then.INVITE_VALID)

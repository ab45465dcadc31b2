"""What an admin does with a batch: start it, give it a corrected file, go on without its problem rows."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.imports.correction_jobs import check_all_again, start_job
from invites.imports.corrections import lock_batch
from invites.imports.upload_parts import in_turn, plain_name, store_upload
from invites.invitations.authorization import check_may_invite, create_grant
from invites.models import Batch, CorrectionJob


@in_turn()
@transaction.atomic
def start_batch(
    by: Membership, *, file_name: str, content: Iterable[bytes], selection: AccessSelection, only_valid: bool = False
) -> Batch:
    """Store the upload and the batch together; nothing is read of it yet.

    `content` gives the file in pieces of any size. Raises DomainError when `by` may not invite, or may
    not grant what was chosen, or the file is over the limit.
    """
    check_may_invite(by)
    batch = Batch.objects.create(
        organization=by.organization,
        inviter=by.user,
        grant=create_grant(by, selection),
        file_name=plain_name(file_name),
        only_valid=only_valid,
        authors=[by.user_id],
    )
    batch.file_size = store_upload(batch, content)
    batch.save(update_fields=["file_size"])
    return batch


@in_turn()
@transaction.atomic
def correct_batch(
    batch: Batch, *, file_name: str, content: Iterable[bytes], selection: AccessSelection, by: Membership
) -> Batch:
    """Store a corrected file for a batch that waits for one; imports/correction_jobs.py looks whether it can be used.

    A file of problem rows, as we hand it out, puts its rows back into the file of the batch; any other one takes its
    place. Until that is done, the batch keeps its file and everything that was edited. Then it is that of whoever has
    corrected it. Raises DomainError as `start_batch` does, "busy", and "moved_on" when the batch no longer waits.
    """
    lock_batch(batch, by)
    grant = create_grant(by, selection)
    job = start_job(batch, by, CorrectionJob.Action.USE_FILE, file_name=plain_name(file_name), grant=grant)
    job.file_size = store_upload(batch, content, is_correction=True)
    job.save(update_fields=["file_size"])
    return batch


@transaction.atomic
def invite_valid_rows(batch: Batch, *, by: Membership) -> None:
    """Go on with the valid rows of a batch that waits for a correction; the others stay problems.

    Many edited rows are checked again by a worker first. Raises AccessDenied, and DomainError: "none_valid",
    "busy", "moved_on".
    """
    check_all_again(batch, by=by, then=CorrectionJob.Then.INVITE_VALID)

"""What an admin does with a batch: start it, give it a corrected file, go on without its problem rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.errors import RuleBroken
from accounts.models import Membership
from accounts.services.grants import GrantChoice, check_grant
from invites.checking import Check
from invites.models import Batch, Row, UploadPart
from invites.queries.banners import topic_of
from invites.services.checks import limits
from invites.services.corrected_files import merge_corrected
from invites.services.granting import check_may_invite, choice_of, create_grant
from invites.services.inviting import begin_inviting
from invites.services.mending import check_mended


@transaction.atomic
def start_batch(
    by: Membership, *, file_name: str, content: Iterable[bytes], choice: GrantChoice, only_valid: bool = False
) -> Batch:
    """Store the upload and the batch together; nothing is read of it yet.

    `content` gives the file in pieces of any size. Raises RuleBroken when `by` may not invite, or may
    not grant what was chosen, or the file is over the limit.
    """
    check_may_invite(by)
    batch = Batch.objects.create(
        organization=by.organization,
        inviter=by.user,
        grant=create_grant(by, choice),
        file_name=_plain_name(file_name),
        only_valid=only_valid,
    )
    _store_upload(batch, content)
    return batch


@transaction.atomic
def correct_batch(
    batch: Batch, *, file_name: str, content: Iterable[bytes], choice: GrantChoice, by: Membership
) -> Batch:
    """Take a corrected file for a batch that waits for one; it is checked from the start again.

    A file of problem rows, as we hand it out, puts its rows back into the file of the batch; any other one takes
    its place. The batch is that of whoever corrects it, from now on. Raises RuleBroken as `start_batch` does,
    "moved_on" when the batch no longer waits, and "unreadable" for a file that the check would refuse: with the
    batch refused, whatever was mended in the page would be lost.
    """
    check_may_invite(by)
    _leave_waiting(
        batch,
        to=Batch.State.CHECKING,
        inviter=by.user,
        created_at=timezone.now(),
        checked_at=None,
        rows_checked=0,
        bytes_checked=0,
        row_total=0,
        attempts=0,
    )
    upload = _set_aside(content)
    merged = merge_corrected(batch, upload, name=file_name)
    if merged is None:
        batch.file_name, batch.left_out = _plain_name(file_name), []
    _check_not_refused(merged or upload, name=batch.file_name)
    batch.rows.all().delete()
    batch.parts.all().delete()
    batch.grant = create_grant(by, choice)
    batch.save(update_fields=["grant", "file_name", "left_out"])
    _store_upload(batch, _pieces_of(merged or upload))
    return batch


def _set_aside(content: Iterable[bytes]) -> BinaryIO:
    """The upload as a file that can be looked at before it takes the place of another."""
    aside = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=UploadPart.SIZE))  # noqa: SIM115 - read while it is open
    for piece in content:
        aside.write(piece)
    return aside


def _check_not_refused(file: BinaryIO, *, name: str) -> None:
    """Raises RuleBroken "unreadable" when the check will refuse the file as a whole; the rows are left to it."""
    file.seek(0)
    check = Check(file, limits=limits(), name=name)
    for _block in check.blocks():
        pass
    if refused := check.report.rejection:
        raise RuleBroken("unreadable", f"{refused.message}. {refused.hint}".strip())


def _pieces_of(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(UploadPart.SIZE):
        yield piece


@transaction.atomic
def invite_valid_rows(batch: Batch, *, by: Membership) -> None:
    """Go on with the valid rows of a batch that waits for a correction; the others stay problems.

    Whoever presses becomes the inviter: it is their right that is looked at while inviting. Raises
    RuleBroken: "not_allowed", "beyond_rights", "none_valid", "moved_on".
    """
    # From here on it is held: it may be another file, with other roles and sites, than when it was shown.
    check_mended(batch, by=by)
    check_grant(by, choice_of(batch.grant))
    if not batch.rows.filter(outcome=Row.Outcome.WAITING).exists():
        raise RuleBroken("none_valid", "No row of this file can be invited as it is. Upload a corrected file.")
    _leave_waiting(batch, to=Batch.State.INVITING, only_valid=True, inviter=by.user)
    begin_inviting(batch)


def close_banner(batch: Batch, *, read: str) -> None:
    """The admin has read the news of this batch, which were about `read`; what has happened to it since is news."""
    if read == topic_of(batch):
        same = Batch.objects.filter(pk=batch.pk, state=batch.state, undone_at=batch.undone_at)
        same.filter(banner_closed_at=None).update(banner_closed_at=timezone.now())


def _leave_waiting(batch: Batch, *, to: Batch.State, **also: object) -> None:
    """Move on from needs_correction, once: two admins who press at the same time do it together."""
    moved = Batch.objects.filter(pk=batch.pk, state=Batch.State.NEEDS_CORRECTION).update(
        state=to, banner_closed_at=None, progressed_at=timezone.now(), **also
    )
    if not moved:
        raise RuleBroken("moved_on", "This file is no longer waiting to be corrected.")
    batch.refresh_from_db()


def _store_upload(batch: Batch, content: Iterable[bytes]) -> None:
    limit = settings.MAX_UPLOAD_MB * 1024 * 1024
    size = 0
    for number, part in enumerate(_cut(content, UploadPart.SIZE)):
        size += len(part)
        if size > limit:
            raise RuleBroken(
                "too_large", f"The file is larger than {settings.MAX_UPLOAD_MB} MB, the most that is read."
            )
        UploadPart.objects.create(batch=batch, number=number, content=part)
    batch.file_size = size
    batch.save(update_fields=["file_size"])


def _cut(content: Iterable[bytes], size: int) -> Iterator[bytes]:
    pending = bytearray()
    for piece in content:
        pending += piece
        while len(pending) >= size:
            yield bytes(pending[:size])
            del pending[:size]
    if pending:
        yield bytes(pending)


def _plain_name(file_name: str) -> str:
    """The last part of the name, for people to recognise the file by; it is never used as a path."""
    name = PurePath(file_name.replace("\\", "/")).name
    shown = "".join(sign for sign in name if sign.isprintable()).strip()
    return shown[-255:] or "file.csv"

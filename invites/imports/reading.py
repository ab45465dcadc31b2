"""How the file of an import is read: what admins decide, and what an organization remembers of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, record
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization, User
from accounts.organizations.grants import allowed_now
from accounts.permissions import Permission
from invites import checking
from invites.checking import Decisions, Evidence, Limits, Preview, ReadingOptions
from invites.imports.activity import about_import, source_now
from invites.imports.upload_parts import limits
from invites.invitations.authorization import lock_to_change
from invites.models import Batch, RememberedReading

# A file that nobody answers for is deleted after this time.
WAITS_FOR_ANSWER = timedelta(days=7)
# A stored table is UTF-16, and has columns that the file doesn't have.
_TIMES_LARGER = 4
# How many files' columns are remembered in an organization. All are loaded for each check.
MOST_REMEMBERED = 200
# What is remembered for files with the same columns. Sheets and hidden rows are different in each file.
_REMEMBERED = ("encoding", "header_row", "columns", "not_in_file", "name_order")


# --- For the check -----------------------------------------------------------------------------------


def evidence_of(batch: Batch) -> Evidence:
    """What is known about the sender of the file of this batch."""
    return evidence_for(batch.inviter, batch.organization)


def evidence_for(inviter: User | None, organization: Organization) -> Evidence:
    """The same before there is a batch."""
    languages = [inviter.language if inviter else "", organization.language]
    return Evidence(languages=tuple(dict.fromkeys(filter(None, languages))), remembered=remembered_in(organization))


def remembered_in(organization: Organization) -> dict[str, ReadingOptions]:
    """How files are read in this organization, by the signature of their column names."""
    stored = organization.remembered_readings.values_list("signature", "reading")
    return {signature: ReadingOptions.from_json(reading) for signature, reading in stored}


def limits_of(batch: Batch, given: Limits) -> Limits:
    """The limits of the stored file: a table that the check has stored may be larger than an upload."""
    if batch.first_row:
        return given
    largest = _TIMES_LARGER * given.max_bytes
    # The check may have added columns.
    return replace(given, max_bytes=largest, max_line=largest, max_columns=given.max_columns + len(checking.REQUIRED))


def read_as(batch: Batch, report: checking.Report) -> dict[str, Any]:
    """How the check read the file, for the page of the batch. Kept when a table replaces the file."""
    if not batch.first_row:
        return batch.read_as
    known = batch.organization.remembered_readings
    remembered = only_one(known.filter(signature=report.remembered)) if report.remembered else None
    return {
        "certainty": report.certainty,
        "names": list(report.example_names),
        "sheets": [list(sheet) for sheet in report.sheets],
        "export": report.export,
        "remembered_from": remembered.file_name if remembered else "",
        "remembered_pasted_at": remembered.pasted_at.isoformat() if remembered and remembered.pasted_at else "",
    }


def wait_for_answer(batch: Batch, decisions: Decisions) -> None:
    """Make a locked batch wait until an admin has decided how its file is read."""
    batch.state = Batch.State.NEEDS_ANSWER
    batch.preview = decisions.preview.as_json()
    batch.progressed_at = timezone.now()
    batch.save()


# --- What an admin decides ---------------------------------------------------------------------------


def decide(batch: Batch, options: ReadingOptions | None = None) -> Decisions:
    """How the file of a batch that waits for an answer is read with these options, or with those it has."""
    return decider_of(batch)(ReadingOptions.from_json(batch.reading) if options is None else options)


def decider_of(batch: Batch) -> Callable[[ReadingOptions], Decisions]:
    """`decide` for several options in turn, which loads what it needs once."""
    preview, evidence, most = Preview.from_json(batch.preview or {}), evidence_of(batch), limits()
    return lambda options: checking.decide(preview, options, evidence, limits=most)


def asks_columns(batch: Batch) -> bool:
    """Whether the columns of its file are in doubt, which takes a page to decide. Other questions are short."""
    return decide(batch).doubt is not None


def _lock_waiting(batch: Batch, by: Membership) -> None:
    try:
        lock_to_change(by, batch)
    except Batch.DoesNotExist:
        raise not_here() from None
    if batch.state != Batch.State.NEEDS_ANSWER:
        raise not_here()


@transaction.atomic
def answer(batch: Batch, options: ReadingOptions, *, by: Membership, remember: bool = False) -> None:
    """Read the file as decided. The caller starts the check.

    `by` becomes the inviter, because the person who uploaded the file may have left.

    `options` must leave nothing open. Raises AccessDenied, and DomainError("not_here") if the batch no longer waits.
    """
    _lock_waiting(batch, by)
    decisions = decide(batch, options)
    is_unknown = not decisions.preview.is_workbook and options.encoding not in ("", decisions.table.name)
    if decisions.open or decisions.problem or is_unknown:
        raise DomainError("undecided", _("Some questions about this file are still open."))
    decided = decisions.as_options()
    if remember and decisions.signature:
        _remember(batch, decisions, decided, by=by)
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.CHECKING,
        # A command may have said which delimiter the file has.
        reading=replace(decided, delimiter=ReadingOptions.from_json(batch.reading).delimiter).as_json(),
        preview=None,
        inviter=by.user,
        source=source_now(batch),
        # What is in which column decides what the rows are.
        authors=sorted({*batch.authors, by.user_id}),
        claims=F("claims") + 1,
        attempts=0,
        claimed_until=None,
        banner_closed_at=None,
        progressed_at=timezone.now(),
    )
    batch.refresh_from_db()
    record(by.organization_id, Action.IMPORT_ANSWERED, about_import(batch), by=by)


@transaction.atomic
def forget(by: Membership, pk: int) -> RememberedReading | None:
    """Ask again about files with these columns. Returns what was forgotten; None if there was nothing.

    Raises AccessDenied.
    """
    allowed_now(by, Permission.MANAGE_ORGANIZATION)
    reading = by.organization.remembered_readings.select_for_update().filter(pk=pk).first()
    if reading:
        reading.delete()
        change = Change(before={"remembered_columns": ", ".join(reading.column_names)})
        record(by.organization_id, Action.SETTINGS_CHANGED, ORGANIZATION, by=by, change=change)
    return reading


def not_here() -> DomainError:
    """The error for a file that was deleted, or about which someone else has answered the questions."""
    return DomainError("not_here", _("This file isn’t here anymore. Choose it again."))


def _remember(batch: Batch, decisions: Decisions, decided: ReadingOptions, *, by: Membership) -> None:
    if len(decisions.preview.tables) == 1:
        # Nobody was asked about the encoding.
        decided = replace(decided, encoding="")
    reading = {name: value for name, value in decided.as_json().items() if name in _REMEMBERED}
    RememberedReading.objects.update_or_create(
        organization=batch.organization,
        signature=decisions.signature,
        defaults={
            "column_names": [column.name for column in decisions.columns],
            "reading": reading,
            "file_name": batch.file_name,
            "pasted_at": batch.pasted_at,
            "chosen_by": by.user,
            "chosen_at": timezone.now(),
        },
    )
    latest = batch.organization.remembered_readings.values("pk")[:MOST_REMEMBERED]
    batch.organization.remembered_readings.exclude(pk__in=list(latest.values_list("pk", flat=True))).delete()


@transaction.atomic
def delete_undecided(batch: Batch, *, by: Membership) -> None:
    """Delete a batch that waits for an answer, and its file. Nobody was invited.

    Raises AccessDenied, and DomainError("not_here").
    """
    _lock_waiting(batch, by)
    _delete(batch)


def delete_forgotten() -> int:
    """Delete the batches for which nobody has answered in time. Returns how many there were.

    Those of suspended organizations wait, because nobody can answer.
    """
    forgotten = Batch.objects.filter(
        state=Batch.State.NEEDS_ANSWER,
        progressed_at__lt=timezone.now() - WAITS_FOR_ANSWER,
        organization__in=Organization.objects.active(),
    )
    count = 0
    for batch in forgotten:
        with transaction.atomic():
            locked = forgotten.select_for_update(no_key=True).filter(pk=batch.pk).first()
            if locked:
                _delete(locked)
                count += 1
    return count


def _delete(batch: Batch) -> None:
    batch.delete()
    batch.grant.delete()

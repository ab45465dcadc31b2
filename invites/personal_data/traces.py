"""Where an address is stored, in all organizations. Exporting and erasing a person look in the same places."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.activity.addresses import address_pattern, has_address
from accounts.models import Organization
from invites.models import (
    Batch,
    BlockedAddress,
    BulkActionRow,
    DailyRecipientMail,
    EarlierLink,
    Invitation,
    RememberedReading,
    Reminder,
    ReplyToRequest,
    Row,
    UploadPart,
)
from invites.models.erased_address import erased_key

CHUNK = 500
# Values of a row that may have cells of the file.
_WITH_CELLS = ("cells", "edit", "problems", "doubts")
# Values of an import that may have names of columns.
OF_FILES = ("rejection", "warnings", "ignored_columns", "read_as", "preview")
# How files of spreadsheet programs begin.
_WORKBOOKS = (b"PK", b"\xd0\xcf\x11\xe0")
Found = TypeVar("Found", bound=Model)


def in_chunks(found: QuerySet[Found]) -> Iterator[list[Found]]:
    """Yield them in chunks, so that memory is bounded and transactions are short."""
    last = 0
    while chunk := list(found.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def invitations_to(email: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email_key=email)


def earlier_links_to(email: str) -> QuerySet[EarlierLink]:
    """Links that went to the address, also of invitations whose address was corrected since."""
    return EarlierLink.objects.filter(email__iexact=email)


def rows_with(email: str) -> Iterator[list[Row]]:
    """Yield, in chunks, the rows of files that have the address in a cell, or whose invitation was corrected to it.

    Batches and organizations are loaded with them, but previews aren't.
    """
    pattern = address_pattern(email)
    rows = _rows_that_may_have(email).select_related("batch__organization").defer("batch__preview")
    for chunk in in_chunks(rows):
        of_invitations = invitations_to(email).filter(row__in=[row.pk for row in chunk])
        invited = set(of_invitations.values_list("row_id", flat=True))
        yield [row for row in chunk if row.pk in invited or _has_in_cells(row, email, pattern)]


def _has_in_cells(row: Row, email: str, pattern: re.Pattern[str]) -> bool:
    return row.email_key == email or any(has_address(getattr(row, name), pattern) for name in _WITH_CELLS)


def _rows_that_may_have(email: str) -> QuerySet[Row]:
    """The rows of `rows_with`, and some with a longer address: a query can't tell them apart."""
    found = Q(email_key=email) | Q(pk__in=invitations_to(email).filter(row__isnull=False).values("row_id"))
    texts = {f"{name}_text": Cast(name, TextField()) for name in _WITH_CELLS}
    for name in texts:
        # SQLite stores letters beyond ASCII as JSON escapes them.
        for written in {email, json.dumps(email)[1:-1]}:
            found |= Q(**{f"{name}__icontains": written})
    return Row.objects.alias(**texts).filter(found)


def files_naming(email: str) -> Iterator[Batch]:
    """Ended imports with the address among what was found in the file, such as columns named like its first row."""
    found, texts = Q(), {f"{name}_text": Cast(name, TextField()) for name in OF_FILES}
    for name in texts:
        found |= Q(**{f"{name}__icontains": email})
    pattern = address_pattern(email)
    for chunk in in_chunks(Batch.objects.alias(**texts).filter(found, state__in=Batch.ENDED)):
        yield from (each for each in chunk if any(has_address(getattr(each, name), pattern) for name in OF_FILES))


def readings_naming(email: str) -> QuerySet[RememberedReading]:
    """Remembered columns whose names have the address, because they were the first row of a file."""
    readings = RememberedReading.objects.alias(text=Cast("column_names", TextField())).filter(text__icontains=email)
    pattern = address_pattern(email)
    ids = [each.pk for each in readings.order_by("pk") if has_address(each.column_names, pattern)]
    return RememberedReading.objects.filter(pk__in=ids)


def changes_of(email: str) -> QuerySet[BulkActionRow]:
    """Also those of its invitations when they had another address."""
    return BulkActionRow.objects.filter(
        Q(email__iexact=email) | Q(invitation_id__in=invitations_to(email).values("pk"))
    )


def mail_counts_of(email: str) -> QuerySet[DailyRecipientMail]:
    return DailyRecipientMail.objects.filter(email_key=email)


def reminders_to(email: str) -> QuerySet[Reminder]:
    return Reminder.objects.filter(email_key=email)


def blocks_of(email: str) -> QuerySet[BlockedAddress]:
    """Also one that was erased."""
    return BlockedAddress.objects.filter(email_key__in=(email, erased_key(email)))


def replies_to(email: str) -> tuple[QuerySet[Organization], QuerySet[ReplyToRequest]]:
    """Organizations that use the address for replies, and requests to."""
    used = Organization.objects.filter(email_reply_to__iexact=email)
    return used, ReplyToRequest.objects.filter(email__iexact=email)


def unfinished_files_with(email: str) -> list[int]:
    """The imports that haven't ended and whose stored file has the address, or is a workbook, which isn't searched."""
    batches = Batch.objects.exclude(state__in=Batch.ENDED).filter(parts__isnull=False).order_by("pk").distinct()
    return [batch_id for batch_id in batches.values_list("pk", flat=True) if _is_in_file(batch_id, email)]


def _is_in_file(batch_id: int, email: str) -> bool:
    wanted = [email.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    overlap, end = max(map(len, wanted)), b""
    parts = UploadPart.objects.filter(batch=batch_id).order_by("is_correction", "number")
    for content in parts.values_list("content", flat=True).iterator(chunk_size=1):
        part = bytes(content)
        text = end + part.lower()
        if part.startswith(_WORKBOOKS) or any(each in text for each in wanted):
            return True
        end = text[-overlap:]
    return False


def facts(stored: Model, names: tuple[str, ...]) -> dict[str, Any]:
    """The values of these fields by their names."""
    return {name: getattr(stored, name) for name in names}

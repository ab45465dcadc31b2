"""Where an address is stored, in all organizations. Exporting and erasing a person look in the same places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.models import Organization
from invites.models import (
    Batch,
    BlockedAddress,
    BulkActionRow,
    DailyRecipientMail,
    EarlierLink,
    Invitation,
    ReplyToRequest,
    Row,
)
from invites.models.erased_address import erased_key

CHUNK = 500
# Values of a row that may have cells of the file.
_WITH_CELLS = ("cells", "edit", "problems", "doubts")
Found = TypeVar("Found", bound=Model)


def in_chunks(found: QuerySet[Found]) -> Iterator[list[Found]]:
    """All of them, so many at a time, so that memory is bounded and transactions are short."""
    last = 0
    while chunk := list(found.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def invitations_to(email: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email_key=email)


def earlier_links_to(email: str) -> QuerySet[EarlierLink]:
    """Links that went to the address, also of invitations whose address was corrected since."""
    return EarlierLink.objects.filter(email__iexact=email)


def rows_with(email: str) -> QuerySet[Row]:
    """Rows of files with the address in one of their cells."""
    found, texts = Q(email_key=email), {f"{name}_text": Cast(name, TextField()) for name in _WITH_CELLS}
    for name in texts:
        # SQLite stores letters beyond ASCII as JSON escapes them.
        for written in {email, json.dumps(email)[1:-1]}:
            found |= Q(**{f"{name}__icontains": written})
    return Row.objects.alias(**texts).filter(found)


def changes_of(email: str) -> QuerySet[BulkActionRow]:
    return BulkActionRow.objects.filter(email__iexact=email)


def mail_counts_of(email: str) -> QuerySet[DailyRecipientMail]:
    return DailyRecipientMail.objects.filter(email_key=email)


def blocks_of(email: str) -> QuerySet[BlockedAddress]:
    """Also one that was erased."""
    return BlockedAddress.objects.filter(email_key__in=(email, erased_key(email)))


def replies_to(email: str) -> tuple[QuerySet[Organization], QuerySet[ReplyToRequest]]:
    """Organizations that use the address for replies, and requests to."""
    used = Organization.objects.filter(email_reply_to__iexact=email)
    return used, ReplyToRequest.objects.filter(email__iexact=email)


def unfinished_imports() -> QuerySet[Batch]:
    """Imports with a stored file, in which nobody can search."""
    return Batch.objects.exclude(state__in=Batch.ENDED)


def facts(stored: Model, names: tuple[str, ...]) -> dict[str, Any]:
    """The values of these fields by their names."""
    return {name: getattr(stored, name) for name in names}

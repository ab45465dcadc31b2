"""The personal messages of invitations."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.errors import DomainError
from accounts.labels import clean_message
from accounts.models import Membership, User


def written_by(by: Membership, text: str) -> dict[str, str | User | None]:
    """The fields of a message that `by` wrote, for an invitation or a batch.

    Raises DomainError("bad_message") if it is too long or has something that mail programs turn into a link.
    """
    try:
        message = clean_message(text)
    except ValidationError as error:
        raise DomainError("bad_message", error.messages[0]) from error
    return {"message": message, "message_by": by.user if message else None}

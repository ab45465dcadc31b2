"""What a mail provider reports afterwards: an address that no mail reaches."""

from __future__ import annotations

from invites.mailing.template import one_line
from invites.models import Invitation

REASON_LENGTH = 300
# No address is longer, and SQLite compares no pattern of tens of thousands of characters.
ADDRESS_LENGTH = 320


def note_bounce(token_hash: str, *, email: str, reason: str) -> bool:
    """Note that the mail with this link came back; False if it is none that waits for an answer.

    The link tells which mail: one that was sent again since has another. So does the address tell: whoever forwards
    mail does not speak for the invitee.
    """
    address = _storable(email)[:ADDRESS_LENGTH]
    invitations = Invitation.objects.open().filter(token_hash=token_hash, email__iexact=address)
    detail = _storable(reason)[:REASON_LENGTH]
    return bool(invitations.update(mail_state=Invitation.Mail.BOUNCED, mail_detail=detail, mail_due_at=None))


def _storable(text: str) -> str:
    """The text without characters that no database takes: JSON can have NUL and half of a surrogate pair."""
    return one_line(text.encode("utf-8", "replace").decode("utf-8"))

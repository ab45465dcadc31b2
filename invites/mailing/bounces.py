"""Bounces: emails that a provider accepted first and then reported as undelivered."""

from __future__ import annotations

from django.utils import timezone

from invites.mailing.template import one_line
from invites.models import EarlierLink, Invitation

REASON_LENGTH = 300
# No email address is longer, and SQLite refuses to compare patterns of tens of thousands of characters.
ADDRESS_LENGTH = 320


def note_bounce(token_hash: str, *, email: str, reason: str) -> bool:
    """Mark the open invitation with this link as bounced. Returns False if there is none.

    A resent invitation has another link. A late report about the old email is only kept for the person's history. The
    address has to match as well: a bounce from an address to which the email was forwarded says nothing about the
    invitee.
    """
    address = _storable(email)[:ADDRESS_LENGTH]
    bounced = {
        "mail_state": Invitation.Mail.BOUNCED,
        "mail_detail": _storable(reason)[:REASON_LENGTH],
        "bounced_at": timezone.now(),
    }
    invitations = Invitation.objects.open().filter(token_hash=token_hash, email__iexact=address)
    if invitations.update(mail_due_at=None, **bounced):
        return True
    # Asked afterwards: the link may just have been replaced.
    EarlierLink.objects.filter(token_hash=token_hash, email__iexact=address).update(**bounced)
    return False


def _storable(text: str) -> str:
    """The text without characters that databases refuse: JSON may contain NUL and unpaired surrogates."""
    return one_line(text.encode("utf-8", "replace").decode("utf-8"))

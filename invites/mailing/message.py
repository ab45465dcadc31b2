"""The mails of invitations that are still to be sent, each made when its turn comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from anymail.message import AnymailMessage

from invites.invitations.tokens import derive_token, hash_token, link_for
from invites.mailing.template import InvitationTemplate
from invites.mailing.transports.smtp import Rendered
from invites.models import Invitation, InvitationQuerySet

REFERENCE = "invitation"


class MessageData(NamedTuple):
    """What a mail needs of its invitation: a whole one of the model would take longer to make than the mail."""

    id: int
    email: str
    email_key: str
    first_name: str
    token_seed: str
    token_hash: str
    expires_at: datetime
    organization_id: int
    grant_id: int
    inviter_id: int | None


def load_unsent(ids: Sequence[int]) -> list[MessageData]:
    """Read anew for each group: somebody may have revoked one since the run began."""
    return [MessageData(*values) for values in _unsent(ids).order_by("pk").values_list(*MessageData._fields)]


def filter_unsent(ids: Iterable[int]) -> set[int]:
    """The same in the middle of a group, for mail that goes slowly."""
    return set(_unsent(ids).values_list("pk", flat=True))


def _unsent(ids: Iterable[int]) -> InvitationQuerySet:
    return Invitation.objects.open().unsent().filter(pk__in=ids)


class OutgoingMessage:
    """The mail to one person, made when its turn comes."""

    def __init__(self, due: MessageData, letter: InvitationTemplate) -> None:
        self.due = due
        self.letter = letter

    @property
    def is_plain(self) -> bool:
        return self.letter.is_plain_for(self.due)

    @property
    def addresses(self) -> tuple[str, str]:
        return self.letter.sender_address, self.due.email

    def rendered(self) -> Rendered:
        return self.letter.rendered(self.due, link=self.link)

    def message(self) -> AnymailMessage:
        message = self.letter.to(self.due, link=self.link)
        message.metadata = self.reference
        return message

    @property
    def reference(self) -> dict[str, str]:
        """What a provider tells again when it reports what became of the mail: mailing/bounces.py."""
        return {REFERENCE: self.due.token_hash}

    @cached_property
    def link(self) -> str:
        """Made again from the seed; the stored hash follows when the secret key was changed."""
        token = derive_token(self.due.token_seed)
        token_hash = hash_token(token)
        if token_hash != self.due.token_hash:
            Invitation.objects.filter(pk=self.due.id, token_hash=self.due.token_hash).update(token_hash=token_hash)
            self.due = self.due._replace(token_hash=token_hash)
        return link_for(token)

"""The unsent invitations of a run, and their messages, which are built when they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from anymail.message import AnymailMessage

from accounts.models import User
from invites.invitations.tokens import derive_token, former_token, hash_token, link_for, opt_out_token
from invites.mailing.reminders.sending import kinds_of
from invites.mailing.template import InvitationTemplate, InviteeAccount
from invites.mailing.transports.smtp import RenderedMessage
from invites.models import Invitation, InvitationQuerySet

# The name under which a provider returns the hash of the token when it reports a bounce.
REFERENCE = "invitation"


class MessageData(NamedTuple):
    """The values of an invitation that its message needs. Creating a model instance would take longer."""

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
    batch_id: int | None
    message: str
    message_by_id: int | None
    mail_state: str
    account: InviteeAccount | None = None
    # The kind of the reminder, if it is one.
    reminder: str = ""

    @property
    def template_key(self) -> tuple[object, ...]:
        """Messages with the same key have the same template."""
        same = (self.grant_id, self.inviter_id, self.batch_id, self.message, self.message_by_id)
        return *same, self.account, self.reminder


def load_unsent(ids: Sequence[int]) -> list[MessageData]:
    """Load the invitations that are still unsent. Called per group, because some may have been revoked meanwhile."""
    records = list(_unsent(ids).order_by("pk").values_list(*MessageData._fields[:-2]))
    group = [MessageData(*values) for values in records]
    if reminded := [data.id for data in group if data.mail_state == Invitation.Mail.REMINDING]:
        kinds = kinds_of(reminded)
        # One that was canceled or sent just now has none.
        group = [data for data in group if data.id not in set(reminded).difference(kinds)]
        group = [data._replace(reminder=kinds.get(data.id, "")) for data in group]
    languages = dict(User.objects.filter(email__in={data.email_key for data in group}).values_list("email", "language"))
    if not languages:
        return group
    accounts = {email: InviteeAccount(language) for email, language in languages.items()}
    return [data._replace(account=accounts.get(data.email_key)) for data in group]


def filter_unsent(ids: Iterable[int]) -> set[int]:
    """The IDs that are still unsent, for a check in the middle of a slow group."""
    return set(_unsent(ids).values_list("pk", flat=True))


def _unsent(ids: Iterable[int]) -> InvitationQuerySet:
    return Invitation.objects.open().to_send().filter(pk__in=ids)


class OutgoingMessage:
    """The message to one invitee."""

    def __init__(self, data: MessageData, template: InvitationTemplate) -> None:
        self.data = data
        self.template = template

    @property
    def is_simple(self) -> bool:
        return self.template.is_simple_for(self.data)

    @property
    def addresses(self) -> tuple[str, str]:
        return self.template.sender_address, self.data.email

    def render(self) -> RenderedMessage:
        return self.template.render(self.data, link=self.link, opt_out=self.opt_out)

    def build(self) -> AnymailMessage:
        """Raises ValueError for an address that no header can contain."""
        message = self.template.build(self.data, link=self.link, opt_out=self.opt_out)
        message.metadata = self.metadata
        return message

    @property
    def metadata(self) -> dict[str, str]:
        """What a provider returns when it reports a bounce: mailing/bounces.py."""
        return {REFERENCE: self.data.token_hash}

    @cached_property
    def link(self) -> str:
        """Derived from the seed. If the secret key has changed since, the stored hash is updated.

        But not for a reminder as long as the former key is known: the earlier email has the same link.
        """
        if self.data.reminder and (former := former_token(self.data.token_seed, self.data.token_hash)):
            return link_for(former)
        token = derive_token(self.data.token_seed)
        token_hash = hash_token(token)
        if token_hash != self.data.token_hash:
            Invitation.objects.filter(pk=self.data.id, token_hash=self.data.token_hash).update(token_hash=token_hash)
            self.data = self.data._replace(token_hash=token_hash)
        return link_for(token)

    @property
    def opt_out(self) -> str:
        """The token in the links to decline and to report abuse."""
        return opt_out_token(self.data.id, self.data.email_key)

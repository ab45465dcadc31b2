"""What an invitation email says, as plain values. The same for all invitees of one import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.selectors import as_member, name_in
from invites.models import Invitation


@dataclass(frozen=True)
class Writing:
    """A message in the email, and who wrote it. An empty text is no message."""

    text: str = ""
    author: str = ""


@dataclass(frozen=True)
class EmailSettings:
    """How an organization appears in its emails. Without a sender name, it is the name of the organization."""

    sender_name: str = ""
    reply_to: str = ""
    message: str = ""
    language: str = ""
    # Days; None if they are switched off.
    reminder_days_after: int | None = None
    reminder_days_before: int | None = None

    @classmethod
    def of(cls, organization: Organization) -> EmailSettings:
        return cls(
            sender_name=organization.email_sender_name,
            reply_to=organization.email_reply_to,
            message=organization.email_message,
            language=organization.language,
            reminder_days_after=organization.reminder_days_after,
            reminder_days_before=organization.reminder_days_before,
        )


@dataclass(frozen=True)
class Inviter:
    """Who sent the invitation. All values are empty if the account was deleted."""

    name: str = ""
    first_name: str = ""
    email: str = ""

    @classmethod
    def of(cls, sender: Membership | User | None) -> Inviter:
        return cls(sender.get_full_name(), sender.first_name or sender.email, sender.email) if sender else cls()


@dataclass(frozen=True)
class EmailContent:
    """Everything in the email that doesn't depend on the invitee. Names of roles and sites are in their order."""

    organization: str
    settings: EmailSettings
    inviter: Inviter
    roles: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    all_sites: bool = False
    personal: Writing = Writing()
    zone: tzinfo = UTC
    is_test: bool = False
    # The kind of the reminder, if it is one.
    reminder: str = ""

    @property
    def messages(self) -> list[Writing]:
        """The personal message first, then that of the organization."""
        everyone = Writing(self.settings.message, self.organization)
        return [each for each in (self.personal, everyone) if each.text]


def content_of(invitation: Invitation) -> EmailContent:
    """What the email of this invitation says."""
    grant, organization = invitation.grant, invitation.organization
    return EmailContent(
        organization=organization.name,
        settings=EmailSettings.of(organization),
        inviter=Inviter.of(as_member(organization, invitation.inviter) if invitation.inviter else None),
        roles=names_of(grant.roles.all()),
        sites=names_of(grant.sites.all()),
        all_sites=grant.all_sites,
        personal=_personal_message(invitation),
        zone=organization.zone,
    )


def names_of(named: Iterable[Role | Site]) -> tuple[str, ...]:
    return tuple(each.name for each in named)


def _personal_message(invitation: Invitation) -> Writing:
    """The personal message. If its author was deleted, the inviter sends it."""
    written = invitation.message_source
    author = written.message_by or invitation.inviter
    if not (written.message and author):
        return Writing(written.message, invitation.organization.name)
    return Writing(written.message, name_in(invitation.organization, author))

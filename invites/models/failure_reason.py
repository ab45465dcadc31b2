"""Why an email wasn't delivered, or why background work stopped."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class FailureReason(models.TextChoices):
    """Codes that are stored instead of sentences. Pages show the sentences in the reader's language.

    The same fields may contain the reply of a mail server.
    """

    INVITER_LEFT = "inviter_left", _("The person who started this can no longer invite users.")
    ACCESS_LOST = "access_lost", _("The person who started this can no longer grant these roles and sites.")
    NOT_ALLOWED = "not_allowed", _("The person who started this no longer has the permission for it.")
    ACCESS_DELETED = "access_deleted", _("A role or site that it changes was deleted.")
    OVER_QUOTA = "over_quota", _("Too many people were invited that day.")
    DAILY_LIMIT = "daily_limit", _("This address reached the daily limit for invitations.")
    DOMAIN_NOT_ALLOWED = "domain_not_allowed", _("Your organization no longer invites addresses with this domain.")
    ALREADY_DECLINED = "already_declined", _("This person declined an earlier invitation.")
    ADDRESS_BLOCKED = "address_blocked", _("This address doesn’t accept invitations.")
    BOUNCED = "bounced", _("The email bounced.")
    UNREACHABLE = "unreachable", _("The mail server was busy or couldn’t be reached.")
    INTERRUPTED = "interrupted", _("The email couldn’t be sent because every attempt was interrupted.")
    ADDRESS_INVALID = "address_invalid", _("The email provider says that the address is invalid.")
    ADDRESS_REFUSED = "address_refused", _("The email provider rejected the address.")
    ADDRESS_UNSUPPORTED = "address_unsupported", _("The mail server doesn’t support this kind of address.")
    ADDRESS_UNUSABLE = "address_unusable", _("Email can’t be sent to this address.")
    MESSAGE_REFUSED = "message_refused", _("The email provider rejected the message.")
    MESSAGE_UNSUPPORTED = "message_unsupported", _("The email provider can’t send this message.")
    NOT_INVITED = "not_invited", _("This person couldn’t be invited. Import them again.")
    WORKERS_DIED = "workers_died", _("Something went wrong on our side. Select the users again to continue.")
    UNEXPECTED = "unexpected", _("Something went wrong on our side.")

    @classmethod
    def text_of(cls, reason: str) -> str:
        """The sentence for a code. Any other text, such as the reply of a mail server, is returned unchanged."""
        return str(cls(reason).label) if reason in cls.values else reason

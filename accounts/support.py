"""Whom people ask for help: the address in SUPPORT_EMAIL, or without one, the person who runs this site.

In HTML, the filter `support_link` makes the address in a sentence a link.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _


def ask_support(reference: str) -> str:
    """The sentence that tells a user the reference of an error."""
    return _choose(
        _("If this happens again, write to {address} and mention reference {reference}."),
        _("If this happens again, tell the person who runs this site, and mention reference {reference}."),
        reference=reference,
    )


def mention_to_support(reference: str) -> str:
    """The same for what we try again, so that nobody needs to ask."""
    return _choose(
        _("If you write to {address}, mention reference {reference}."),
        _("If you ask the person who runs this site, mention reference {reference}."),
        reference=reference,
    )


def ask_if_repeated() -> str:
    """What to do if an error without a reference happens again."""
    return _choose(
        _("If this happens again, write to {address}."),
        _("If this happens again, tell the person who runs this site."),
    )


def ask_for_invitations() -> str:
    """What to do after reporting abuse, to get invitations again."""
    return _choose(
        _("To get invitations again, write to {address}."),
        _("To get invitations again, ask the person who runs this site."),
    )


def _choose(with_address: str, without: str, **values: str) -> str:
    text = with_address if settings.SUPPORT_EMAIL else without
    return text.format(address=settings.SUPPORT_EMAIL, **values)

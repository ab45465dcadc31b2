"""Whom people ask for help: the address in SUPPORT_EMAIL, or without one, the person who runs this site.

In HTML, the filter `support_link` makes the address in a sentence a link.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _


def ask_support(reference: str) -> str:
    """The sentence that tells a user the reference of an error."""
    if settings.SUPPORT_EMAIL:
        text = _("If this happens again, write to {address} and mention reference {reference}.")
    else:
        text = _("If this happens again, tell the person who runs this site, and mention reference {reference}.")
    return text.format(address=settings.SUPPORT_EMAIL, reference=reference)


def mention_to_support(reference: str) -> str:
    """The same for what we try again, so that nobody needs to ask."""
    if settings.SUPPORT_EMAIL:
        text = _("If you write to {address}, mention reference {reference}.")
    else:
        text = _("If you ask the person who runs this site, mention reference {reference}.")
    return text.format(address=settings.SUPPORT_EMAIL, reference=reference)


def ask_for_invitations() -> str:
    """What to do after reporting abuse, to get invitations again."""
    if settings.SUPPORT_EMAIL:
        text = _("To get invitations again, write to {address}.")
    else:
        text = _("To get invitations again, ask the person who runs this site.")
    return text.format(address=settings.SUPPORT_EMAIL)

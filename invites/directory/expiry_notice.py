"""The banner about invitations that expire, until the member closes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.wording import counted
from invites.invitations.expiry import Expiring, MayExist, count_expiring
from invites.models import ExpiryNotice

# A closed banner comes back after this time if an invitation still expires soon.
CLOSED_FOR = timedelta(days=1)

_EXPIRING = ngettext_lazy(
    "{count} invitation expires within three days.", "{count} invitations expire within three days."
)
_EXPIRED = ngettext_lazy("{count} invitation has expired.", "{count} invitations have expired.")
_MORE_EXPIRED = ngettext_lazy("{count} has expired.", "{count} have expired.")
_OF_OTHERS = ngettext_lazy(
    "{count} of them was sent by someone who can’t invite that person anymore.",
    "{count} of them were sent by people who can’t invite them anymore.",
)


@dataclass(frozen=True)
class ExpiryText:
    """How many expire soon or have expired, in words."""

    title: str
    text: str


@dataclass(frozen=True)
class ExpiryBanner:
    """The banner, and the numbers that it shows."""

    words: ExpiryText
    found: Expiring


def expiry_text(found: Expiring) -> ExpiryText:
    """The words for a banner and an email. There must be some."""
    parts = []
    if found.expiring:
        parts.append(counted(_EXPIRING, found.expiring))
    if found.expired:
        parts.append(counted(_MORE_EXPIRED if parts else _EXPIRED, found.expired))
    if found.others:
        parts.append(
            counted(_OF_OTHERS, found.others)
            if found.others < found.total
            else _("Their inviter can’t invite them anymore.")
        )
    return ExpiryText(parts[0], " ".join(parts[1:]))


def banner_for(
    viewer: Membership,
    *,
    may_exist: MayExist = MayExist(),  # noqa: B008 - can't change
    was_closed: bool = True,
) -> ExpiryBanner | None:
    """The banner, unless there is nothing to tell or to do, or the member has closed it.

    Callers who know that the member has never closed it save a query.
    """
    if not viewer.organization.is_active:
        return None
    now = timezone.now()
    found = count_expiring(viewer, now, may_exist=may_exist)
    if not found.total:
        return None
    notices = ExpiryNotice.objects.filter(membership=viewer, closed_at__isnull=False)
    closed = notices.first() if was_closed else None
    if closed is not None and closed.closed_at is not None:
        is_more = found.expiring > closed.closed_expiring or found.expired > closed.closed_expired
        is_back = bool(found.expiring) and now >= closed.closed_at + CLOSED_FOR
        if not (is_more or is_back):
            return None
    return ExpiryBanner(expiry_text(found), found)


def close_banner(viewer: Membership, *, expiring: int, expired: int) -> None:
    """Close the banner that showed these numbers. It comes back if they grow."""
    values = {"closed_at": timezone.now(), "closed_expiring": expiring, "closed_expired": expired}
    ExpiryNotice.objects.update_or_create(membership=viewer, defaults=values)

"""Looks at the rights of inviters again before their mail goes: a link that would not work is not sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from accounts.errors import RuleBroken
from accounts.models import User
from invites.models import Grant
from invites.services.granting import check_still_allowed


class Offer(NamedTuple):
    """What many invitations share: what they give, and who answers for them."""

    grant_id: int
    inviter_id: int | None


def lapsed_among(offers: Iterable[Offer]) -> dict[Offer, str]:
    """Those of the offers that their inviters could not make today, each with the reason."""
    reasons = {}
    for offer in set(offers):
        grant = Grant.objects.select_related("organization").get(pk=offer.grant_id)
        inviter = User.objects.filter(pk=offer.inviter_id).first() if offer.inviter_id else None
        try:
            check_still_allowed(inviter, grant.organization, grant)
        except RuleBroken as broken:
            reasons[offer] = broken.message
    return reasons

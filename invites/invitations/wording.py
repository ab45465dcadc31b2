"""How pages and emails describe access, and when something is sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership, Organization
from accounts.time_zones import UTC_NAME, is_shown_twice, offset_text
from accounts.wording import counted, listed, separated
from invites.invitations.send_time import zone_name
from invites.models import AccessGrant
from invites.wording import moment

NAMED_SITES = 3

_MORE_SITES = ngettext_lazy("{count} more site", "{count} more sites")


def role_names(grant: AccessGrant | Membership) -> list[str]:
    """The names of the roles, in their order."""
    return [role.name for role in grant.roles.all()]


def site_names(grant: AccessGrant | Membership, *, at_most: int = NAMED_SITES) -> list[str]:
    """The names of the sites, to use in a sentence. A long list ends in "5 more sites"."""
    if grant.all_sites:
        return [_("all sites")]
    return shortened([site.name for site in grant.sites.all()], at_most=at_most)


def shortened(names: Sequence[str], *, at_most: int = NAMED_SITES) -> list[str]:
    """The names of sites. A long list ends in "5 more sites"."""
    if len(names) <= at_most + 1:
        return list(names)
    return [*names[:at_most], counted(_MORE_SITES, len(names) - at_most)]


def site_list(grant: AccessGrant | Membership) -> list[str]:
    """The same, to use in a list: "All sites"."""
    return [_("All sites")] if grant.all_sites else site_names(grant)


def grant_line(grant: AccessGrant) -> str:
    """ "ReadOnly · Lyon, Ghent, Turin", for the head of a dialog."""
    return " · ".join(part for part in (separated(role_names(grant)), separated(site_list(grant))) if part)


def grant_sentence(grant: AccessGrant | Membership) -> str:
    """ "ReadOnly for Lyon, Ghent and Turin", for the head of a page."""
    roles, sites = listed(role_names(grant)), listed(site_names(grant))
    return _("{roles} for {sites}").format(roles=roles, sites=sites) if roles and sites else roles or sites


def send_time_text(organization: Organization, at: datetime) -> str:
    """ "Dec 1, 9:00 AM, Paris time". When clocks show it twice, says which one it is."""
    with timezone.override(organization.zone):
        values = {"time": moment(at), "zone": zone_name(organization)}
    if organization.time_zone == UTC_NAME:
        return _("{time} UTC").format(**values)
    text = _("{time}, {zone} time").format(**values)
    if is_shown_twice(organization.zone, at):
        return _("{text}, the first of two ({offset})").format(
            text=text, offset=offset_text(organization.time_zone, at)
        )
    return text

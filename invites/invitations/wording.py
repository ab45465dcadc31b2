"""How pages and emails describe access, and the results of resending and revoking."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from accounts.models import Membership
from accounts.wording import counted, listed, separated
from invites.models import AccessGrant

NAMED_SITES = 3

_MORE_SITES = ngettext_lazy("{count} more site", "{count} more sites")
_RESENT = ngettext_lazy("{count} invitation will be resent.", "{count} invitations will be resent.")
_REVOKED = ngettext_lazy("{count} invitation was revoked.", "{count} invitations were revoked.")
_NOT_RESENT = ngettext_lazy(
    "{count} was skipped because it was sent recently, hit the resend limit, or grants access you don’t have.",
    "{count} were skipped because they were sent recently, hit the resend limit, or grant access you don’t have.",
)
_NOT_REVOKED = ngettext_lazy(
    "{count} was skipped because it grants access you don’t have.",
    "{count} were skipped because they grant access you don’t have.",
)


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


def resend_title(count: int) -> str:
    """ "61 invitations will be resent." Not "were", because no mail server has accepted them yet."""
    return counted(_RESENT, count) if count else _("No invitations will be resent.")


def revoke_title(count: int) -> str:
    """ "61 invitations were revoked."."""
    return counted(_REVOKED, count) if count else _("No invitations were revoked.")


def not_resent_text(count: int) -> str:
    """How many were not resent, and why; empty for none."""
    return counted(_NOT_RESENT, count) if count else ""


def not_revoked_text(count: int) -> str:
    """How many were not revoked, and why; empty for none."""
    return counted(_NOT_REVOKED, count) if count else ""

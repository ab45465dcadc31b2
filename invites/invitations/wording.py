"""Roles and sites in words, as the pages and the mails say them, and which of them are still to be given."""

from __future__ import annotations

from django.utils.text import get_text_list
from django.utils.translation import ngettext_lazy

from invites.models import AccessGrant
from invites.wording import INVITATIONS

NAMED_SITES = 3

_REVOKED = ngettext_lazy("{:,} invitation was revoked.", "{:,} invitations were revoked.")
_BEYOND = ngettext_lazy(
    "{:,} was skipped because it grants access you don’t have.",
    "{:,} were skipped because they grant access you don’t have.",
)
_SKIPPED = ngettext_lazy(
    "{:,} was skipped because it was sent recently, hit the resend limit, or grants access you don’t have.",
    "{:,} were skipped because they were sent recently, hit the resend limit, or grant access you don’t have.",
)


def role_names(grant: AccessGrant) -> list[str]:
    """The names of the roles, in their order."""
    return [role.name for role in grant.roles.all()]


def site_names(grant: AccessGrant, *, at_most: int = NAMED_SITES) -> list[str]:
    """The names of the sites; of a long list the first ones, and "5 more sites"."""
    if grant.all_sites:
        return ["all sites"]
    names = [site.name for site in grant.sites.all()]
    return names if len(names) <= at_most + 1 else [*names[:at_most], f"{len(names) - at_most} more sites"]


def grant_line(grant: AccessGrant) -> str:
    """ "ReadOnly · Lyon, Ghent, Turin", for the head of a dialog."""
    sites = [name[0].upper() + name[1:] if grant.all_sites else name for name in site_names(grant)]
    return " · ".join(part for part in (", ".join(role_names(grant)), ", ".join(sites)) if part)


def grant_sentence(grant: AccessGrant) -> str:
    """ "ReadOnly on Lyon, Ghent and Turin", for the head of a page."""
    return " on ".join(
        part for part in (get_text_list(role_names(grant), "and"), get_text_list(site_names(grant), "and")) if part
    )


def resend_title(count: int) -> str:
    """ "61 invitations will be resent." They are not called sent before a mail server has accepted them."""
    return f"{INVITATIONS.format(count) if count else 'No invitations'} will be resent."


def revoke_title(count: int) -> str:
    """ "61 invitations were revoked."."""
    return _REVOKED.format(count) if count else "No invitations were revoked."


def beyond_text(count: int) -> str:
    """Why some were not revoked; empty when all were."""
    return _BEYOND.format(count) if count else ""


def skipped_text(count: int) -> str:
    """Why some were not resent; empty when all were."""
    return _SKIPPED.format(count) if count else ""

"""Roles and sites in words, as the pages and the mails say them, and which of them are still to be given."""

from __future__ import annotations

from django.utils.text import get_text_list

from invites.models import AccessGrant

NAMED_SITES = 3


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


def invitations_were(count: int) -> str:
    """ "1 invitation was", "61 invitations were"."""
    return "1 invitation was" if count == 1 else f"{count:,} invitations were"


def resend_title(count: int) -> str:
    """ "61 invitations will be resent." None of them is called sent: no server took it yet."""
    return f"{_invitations(count) if count else 'No invitations'} will be resent."


def revoke_title(count: int) -> str:
    """ "61 invitations were revoked."."""
    return f"{invitations_were(count) if count else 'No invitations were'} revoked."


def beyond_text(count: int) -> str:
    """Why some were not revoked; empty when all were."""
    if not count:
        return ""
    return (
        "1 was skipped because it grants access you don’t have."
        if count == 1
        else f"{count:,} were skipped because they grant access you don’t have."
    )


def skipped_text(count: int) -> str:
    """Why some were not resent; empty when all were."""
    if not count:
        return ""
    if count == 1:
        return "1 was skipped because it was sent recently, hit the resend limit, or grants access you don’t have."
    why = "because they were sent recently, hit the resend limit, or grant access you don’t have"
    return f"{count:,} were skipped {why}."


def _invitations(count: int) -> str:
    return "1 invitation" if count == 1 else f"{count:,} invitations"

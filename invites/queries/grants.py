"""Roles and sites in words, as the pages and the mails say them."""

from __future__ import annotations

from collections.abc import Sequence

from invites.models import Grant

NAMED_SITES = 3


def in_words(names: Sequence[str]) -> str:
    """ "Lyon", "Lyon and Ghent", "Lyon, Ghent and Turin"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def role_names(grant: Grant) -> list[str]:
    """The names of the roles, in their order."""
    return [role.name for role in grant.roles.all()]


def site_names(grant: Grant, *, at_most: int = NAMED_SITES) -> list[str]:
    """The names of the sites; of a long list the first ones, and "5 more sites"."""
    if grant.all_sites:
        return ["all sites"]
    names = [site.name for site in grant.sites.all()]
    return names if len(names) <= at_most + 1 else [*names[:at_most], f"{len(names) - at_most} more sites"]


def grant_line(grant: Grant) -> str:
    """ "ReadOnly · Lyon, Ghent, Turin", for the head of a dialog."""
    sites = [name[0].upper() + name[1:] if grant.all_sites else name for name in site_names(grant)]
    return " · ".join(part for part in (", ".join(role_names(grant)), ", ".join(sites)) if part)


def grant_sentence(grant: Grant) -> str:
    """ "ReadOnly on Lyon, Ghent and Turin", for the head of a page."""
    return " on ".join(part for part in (in_words(role_names(grant)), in_words(site_names(grant))) if part)

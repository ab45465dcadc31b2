"""Roles and sites in words, as the pages and the mails say them, and which of them are still to be given."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from accounts.models import Role
from invites.models import Batch, CorrectionJob, Grant, Invitation
from invites.queries.undoing import not_being_undone

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


def open_grants(roles: QuerySet[Role]) -> QuerySet[Grant]:
    """The grants with one of these roles that open invitations or imports that have not ended will give."""
    organizations = roles.order_by().values("organization")
    pending = Invitation.objects.filter(
        not_being_undone(), organization__in=organizations, state=Invitation.State.PENDING
    )
    imports = Batch.objects.filter(organization__in=organizations).exclude(state__in=Batch.ENDED).order_by()
    jobs = CorrectionJob.objects.filter(batch__in=imports, grant__isnull=False)
    is_open = Q(pk__in=pending.values("grant")) | Q(pk__in=imports.values("grant")) | Q(pk__in=jobs.values("grant"))
    return Grant.objects.filter(is_open, roles__in=roles)

"""Sites of an organization."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.errors import AccessDenied, DomainError
from accounts.models import Membership, Site
from accounts.organizations.grants import AccessSelection, GrantableAccess, membership_now
from accounts.organizations.in_use import site_in_use
from accounts.organizations.signals import reasons_to_keep


def save_site(by: Membership, *, name: str, country: str, site: Site | None = None) -> Site:
    """A new site, or `site` changed. Who has not all sites gets the one that they add.

    Raises AccessDenied for a site that `by` has no access to, and DomainError: "name_taken", "gone".
    """
    with transaction.atomic():
        is_new = site is None
        # Whoever is removed at this moment gets no site, or is removed with it.
        if is_new and not Membership.objects.select_for_update(no_key=True).filter(pk=by.pk).first():
            raise AccessDenied("not_allowed", "You are no longer a member of this organization.")
        site = Site(organization=by.organization) if site is None else _locked(by, site)
        site.name, site.country = name, country
        try:
            with transaction.atomic():
                site.save()
        except IntegrityError as error:
            raise DomainError("name_taken", f"There is a site “{name}” already. Choose another name.") from error
        if is_new and not by.all_sites:
            by.sites.add(site)
        return site


@transaction.atomic
def delete_site(by: Membership, site: Site) -> None:
    """Deletes a site that nobody is limited to and that no open invitation gives.

    Raises AccessDenied, and DomainError: "in_use", "gone". Who has all sites does not count: they
    keep the others.
    """
    site = _locked(by, site)
    people = site.memberships.count()
    if people:
        raise DomainError("in_use", site_in_use(people))
    for reason in reasons_to_keep(site):
        raise DomainError("in_use", reason)
    site.delete()


def check_can_change(by: Membership, site: Site) -> None:
    """Raises AccessDenied for somebody who has no access to the site."""
    GrantableAccess(by).check_can_manage(AccessSelection(sites=(site,)), to="change this site")


def why_not_change(by: Membership, site: Site) -> str:
    """What a page says to somebody who has no access to the site; empty for somebody who has."""
    return GrantableAccess(by).why_not_manage(AccessSelection(sites=(site,)), to="change this site")


def _locked(by: Membership, site: Site) -> Site:
    """The site as it is now, for somebody who may change it."""
    found = Site.objects.select_for_update().filter(organization=by.organization, pk=site.pk).first()
    if found is None:
        raise DomainError("gone", "This site was deleted in the meantime.")
    check_can_change(membership_now(by), found)
    return found

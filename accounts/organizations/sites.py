"""Create, change and delete sites."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_site, record
from accounts.errors import DomainError
from accounts.models import Membership, Organization, Site
from accounts.organizations.grants import AccessSelection, GrantableAccess, allowed_now
from accounts.organizations.in_use import why_in_use
from accounts.organizations.signals import reasons_to_keep
from accounts.organizations.suspension import check_not_suspended
from accounts.permissions import Permission

NO_ACCESS = gettext_lazy("You can’t edit {access} because you don’t have access to it.")


def save_site(by: Membership, *, name: str, country: str, site: Site | None = None) -> Site:
    """Create a site, or change `site`. If `by` doesn't have all sites, they get the new one.

    Raises AccessDenied for a site that `by` has no access to, and DomainError: "name_taken", "gone".
    """
    with transaction.atomic():
        check_not_suspended(Organization.objects.get(pk=by.organization_id))
        is_new = site is None
        if is_new:
            # Locked, so that a member who is being removed at this moment can't get the site.
            Membership.objects.select_for_update(of=("self",), no_key=True).filter(pk=by.pk).first()
            allowed_now(by, Permission.MANAGE_SITES)
        site = Site(organization=by.organization) if site is None else _locked(by, site)
        before = {"name": site.name, "country": site.country}
        site.name, site.country = name, country
        try:
            with transaction.atomic():
                site.save()
        except IntegrityError as error:
            message = _("There is already a site named “{name}”. Choose another name.").format(name=name)
            raise DomainError("name_taken", message) from error
        if is_new and not by.all_sites:
            by.sites.add(site)
        _record_saved(by, site, before=None if is_new else before)
        return site


def _record_saved(by: Membership, site: Site, *, before: dict[str, str] | None) -> None:
    """Record a new site, or what is different from `before`."""
    after = {"name": site.name, "country": site.country}
    if before is None:
        record(by.organization_id, Action.SITE_ADDED, about_site(site), by=by, change=Change(after=after))
        return
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        change = Change(before={name: before[name] for name in changed}, after={name: after[name] for name in changed})
        record(by.organization_id, Action.SITE_CHANGED, about_site(site), by=by, change=change)


@transaction.atomic
def delete_site(by: Membership, site: Site) -> None:
    """Delete a site to which nobody is assigned and that no open invitation grants.

    Members with all sites don't count. Raises AccessDenied, and DomainError: "in_use", "gone".
    """
    check_not_suspended(Organization.objects.get(pk=by.organization_id))
    site = _locked(by, site)
    if in_use := why_in_use(site):
        raise DomainError("in_use", in_use)
    for reason in reasons_to_keep(site):
        raise DomainError("in_use", reason)
    record(by.organization_id, Action.SITE_DELETED, about_site(site), by=by)
    site.delete()


def check_can_change(by: Membership, site: Site) -> None:
    """Raises AccessDenied unless `by` has access to the site."""
    GrantableAccess(by).check_can_manage(AccessSelection(sites=(site,)), NO_ACCESS)


def why_not_change(by: Membership, site: Site) -> str:
    """Why `by` can't change the site, as a sentence; empty if they can."""
    return GrantableAccess(by).why_not_manage(AccessSelection(sites=(site,)), NO_ACCESS)


def _locked(by: Membership, site: Site) -> Site:
    """Lock and refresh the site, and check that `by` may change it."""
    found = Site.objects.select_for_update().filter(organization=by.organization, pk=site.pk).first()
    if found is None:
        raise DomainError("gone", _("This site has been deleted."))
    check_can_change(allowed_now(by, Permission.MANAGE_SITES), found)
    return found

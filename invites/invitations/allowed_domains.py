"""Which addresses an organization invites: every one, or only those with its email domains."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, record
from accounts.models import Membership, Organization
from accounts.organizations.organizations import lock_settings
from invites.checking import AllowedDomains


def allowed_domains(organization: Organization) -> AllowedDomains:
    """The domains from the settings of the organization, for every check of an address that it may invite."""
    only_warns = organization.other_domains == Organization.OtherDomains.WARNED
    return AllowedDomains(tuple(organization.email_domains), only_warns=only_warns)


@transaction.atomic
def change_allowed_domains(by: Membership, domains: Sequence[str], other_domains: str) -> None:
    """Replace the email domains. `domains` are in their normal form; `other_domains` is a value of OtherDomains.

    Open invitations stay as they are. An import that is checked already invites nobody with another domain. Raises
    AccessDenied.
    """
    organization = lock_settings(by)
    before, mode_before = organization.email_domains, organization.other_domains
    organization.email_domains, organization.other_domains = list(domains), other_domains
    organization.save(update_fields=["email_domains", "other_domains"])
    by.organization.email_domains, by.organization.other_domains = list(domains), other_domains
    has_new_mode = other_domains != mode_before
    change = Change(
        added={"domains": [each for each in domains if each not in before]},
        removed={"domains": [each for each in before if each not in domains]},
        before={"other_domains": mode_before} if has_new_mode else {},
        after={"other_domains": other_domains} if has_new_mode else {},
    )
    if change.as_json():
        record(organization.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=by, change=change)

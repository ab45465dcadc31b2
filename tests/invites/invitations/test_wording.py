"""How access is described."""

from __future__ import annotations

import pytest

from accounts.models import Membership, Organization, Role, Site
from accounts.organizations.grants import AccessSelection
from invites.invitations.authorization import create_grant
from invites.invitations.wording import (
    grant_line,
    grant_sentence,
    site_names,
)


@pytest.fixture
def roles(acme: Organization) -> list[Role]:
    return list(acme.roles.all())


def test_describes_roles_and_sites(admin_membership: Membership, read_only: AccessSelection) -> None:
    grant = create_grant(admin_membership, read_only)

    assert grant_line(grant) == "ReadOnly · Ghent, Lyon depot"
    assert grant_sentence(grant) == "ReadOnly for Ghent and Lyon depot"


def test_describes_all_sites(admin_membership: Membership, roles: list[Role]) -> None:
    grant = create_grant(admin_membership, AccessSelection.of(roles[:2], all_sites=True))

    assert grant_line(grant).endswith(" · All sites")
    assert grant_sentence(grant).endswith(" for all sites")


def test_counts_the_sites_of_a_long_list(admin_membership: Membership, roles: list[Role]) -> None:
    organization = admin_membership.organization
    sites = [Site.objects.create(organization=organization, name=f"Site {number}") for number in range(6)]
    grant = create_grant(admin_membership, AccessSelection.of(roles[:1], sites))

    assert site_names(grant) == ["Site 0", "Site 1", "Site 2", "3 more sites"]
    assert site_names(grant, at_most=4) == ["Site 0", "Site 1", "Site 2", "Site 3", "2 more sites"]


def test_roles_or_sites_may_be_missing(admin_membership: Membership, roles: list[Role], sites: list[Site]) -> None:
    assert grant_sentence(create_grant(admin_membership, AccessSelection.of(roles[:1]))) == roles[0].name
    assert grant_sentence(create_grant(admin_membership, AccessSelection.of([], sites[:1]))) == sites[0].name

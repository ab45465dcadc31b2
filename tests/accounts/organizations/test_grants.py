"""Nobody grants a permission or a site that they don't have."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.forms import ALL_SITES, GrantForm
from accounts.organizations.grants import (
    AccessSelection,
    GrantableAccess,
    grantable_roles,
    grantable_sites,
)
from accounts.permissions import all_permissions
from tests.rules import domain_error

ROLES = ("Org Admin", "Project manager", "ReadOnly", "Inviter", "Auditor")


@pytest.fixture
def roles(acme: Organization) -> dict[str, Role]:
    """The default ones, one that invites and sees work, and one that exports data."""
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite", "work.view"])
    Role.objects.create(organization=acme, name="Auditor", permissions=["users.view", "data.export"])
    return {role.name: role for role in acme.roles.all()}


@pytest.fixture
def inviter(acme: Organization, sites: list[Site], roles: dict[str, Role], join: Callable[..., User]) -> Membership:
    """Can invite users and see work, at Lyon depot and Ghent."""
    return join(acme, "inviter@example.com", "Inviter", sites=sites[:2]).memberships.get()


def names(found: object) -> set[str]:
    return {each.name for each in found}  # type: ignore[attr-defined]


def test_an_org_admin_may_grant_everything(
    admin_membership: Membership, roles: dict[str, Role], sites: list[Site]
) -> None:
    assert names(grantable_roles(admin_membership)) == set(ROLES)
    assert names(grantable_sites(admin_membership)) == names(sites)
    assert admin_membership.all_sites


def test_others_may_grant_what_they_have(inviter: Membership) -> None:
    assert names(grantable_roles(inviter)) == {"ReadOnly", "Inviter"}
    assert names(grantable_sites(inviter)) == {"Lyon depot", "Ghent"}
    assert not inviter.all_sites


def test_a_project_manager_cannot_make_an_org_admin(manager_membership: Membership, roles: dict[str, Role]) -> None:
    assert "Org Admin" not in names(grantable_roles(manager_membership))
    with domain_error("beyond_permissions", match="You can’t grant Org Admin because"):
        GrantableAccess(manager_membership).check_can_grant(AccessSelection.of([roles["Org Admin"]], all_sites=True))


@pytest.mark.parametrize("giver", ROLES)
@pytest.mark.parametrize("given", ROLES)
@pytest.mark.parametrize("site", ["own", "beyond", "all"])
def test_every_role_grants_only_roles_and_sites_within_its_own_access(
    giver: str,
    given: str,
    site: str,
    acme: Organization,
    roles: dict[str, Role],
    sites: list[Site],
    join: Callable[..., User],
) -> None:
    held, wanted = roles[giver].allowed, roles[given].allowed
    by = join(acme, "giver@example.com", giver, sites=sites[:1]).memberships.get()
    chosen = {"own": sites[:1], "beyond": sites[1:2], "all": []}[site]
    selection = AccessSelection.of([roles[given]], chosen, all_sites=site == "all")
    data = {"roles": [roles[given].pk], "sites": [ALL_SITES] if site == "all" else [each.pk for each in chosen]}
    allowed = wanted <= held and site == "own"
    assert GrantForm(data, membership=by).is_valid() is allowed
    if allowed:
        GrantableAccess(by).check_can_grant(selection)
    else:
        with domain_error("beyond_permissions"):
            GrantableAccess(by).check_can_grant(selection)


def test_a_set_of_roles_is_refused_for_any_of_them(
    inviter: Membership, roles: dict[str, Role], sites: list[Site]
) -> None:
    for others in itertools.combinations([roles["ReadOnly"], roles["Inviter"]], 2):
        with domain_error("beyond_permissions"):
            GrantableAccess(inviter).check_can_grant(AccessSelection.of([*others, roles["Auditor"]], sites[:1]))


def test_all_sites_needs_all_sites_and_not_each_of_them(
    acme: Organization, sites: list[Site], roles: dict[str, Role], join: Callable[..., User]
) -> None:
    has_each = join(acme, "each@example.com", "Org Admin", sites=sites).memberships.get()
    with domain_error("beyond_permissions", match="You can’t grant access to all sites"):
        GrantableAccess(has_each).check_can_grant(AccessSelection.of([roles["ReadOnly"]], all_sites=True))


def test_what_belongs_to_another_organization_is_refused_and_not_named(
    admin_membership: Membership, outsider: User, globex: Organization
) -> None:
    theirs = Role.objects.create(organization=globex, name="Secret role", permissions=["work.view"])
    site = Site.objects.create(organization=globex, name="Secret place")
    for selection in (AccessSelection.of([theirs]), AccessSelection.of([], [site])):
        with domain_error("beyond_permissions") as refused:
            GrantableAccess(admin_membership).check_can_grant(selection)
        assert "Secret" not in refused.value.message


def test_forged_form_values_are_refused(
    admin_membership: Membership, inviter: Membership, roles: dict[str, Role], sites: list[Site], globex: Organization
) -> None:
    theirs = Role.objects.get(organization=globex, name="ReadOnly")
    far = Site.objects.create(organization=globex, name="Far away")
    read_only, lyon = roles["ReadOnly"].pk, sites[0].pk
    for field, data in (
        ("roles", {"roles": [roles["Org Admin"].pk], "sites": [lyon]}),
        ("roles", {"roles": [read_only, theirs.pk], "sites": [lyon]}),
        ("roles", {"roles": ["Org Admin"], "sites": [lyon]}),
        ("roles", {"roles": ["0 OR 1=1"], "sites": [lyon]}),
        ("sites", {"roles": [read_only], "sites": [ALL_SITES]}),
        ("sites", {"roles": [read_only], "sites": [lyon, far.pk]}),
        ("sites", {"roles": [read_only], "sites": [sites[2].pk]}),
        ("sites", {"roles": [read_only], "sites": ["Lyon depot"]}),
    ):
        form = GrantForm(data, membership=inviter)
        assert not form.is_valid(), data
        assert list(form.errors) == [field], data
        assert "from the list" in form.errors[field][0]


def test_the_form_asks_for_a_role_and_a_site(admin_membership: Membership, sites: list[Site]) -> None:
    form = GrantForm({}, membership=admin_membership)
    assert form.errors == {"roles": ["Choose at least one role."], "sites": ["Choose at least one site, or All sites."]}


def test_an_organization_without_sites_can_invite(outsider: User, globex: Organization) -> None:
    by = outsider.memberships.get()
    role = globex.roles.get(name="ReadOnly")
    form = GrantForm({"roles": [role.pk]}, membership=by)
    assert form.is_valid()
    assert form.selection() == AccessSelection((role,))


def test_all_sites_with_some_of_them_is_all_sites(
    admin_membership: Membership, roles: dict[str, Role], sites: list[Site]
) -> None:
    form = GrantForm({"roles": [roles["ReadOnly"].pk], "sites": [ALL_SITES, sites[0].pk]}, membership=admin_membership)
    assert form.is_valid()
    assert form.selection() == AccessSelection((roles["ReadOnly"],), (), all_sites=True)


def test_an_earlier_selection_is_shown_again(
    admin_membership: Membership, roles: dict[str, Role], sites: list[Site]
) -> None:
    selection = AccessSelection.of([roles["ReadOnly"]], sites[:2])
    initial = GrantForm.initial_for(selection)
    form = GrantForm(initial, membership=admin_membership)
    assert form.is_valid()
    assert form.selection() == selection


def test_a_permission_that_was_removed_from_the_product_does_not_count(
    admin_membership: Membership, acme: Organization
) -> None:
    """A role may have a name that this version doesn't know. Nobody has that permission, so nobody can grant it."""
    old = Role.objects.create(organization=acme, name="Old", permissions=["work.view", "work.paint"])
    assert admin_membership.permissions() == all_permissions()
    with domain_error("beyond_permissions"):
        GrantableAccess(admin_membership).check_can_grant(AccessSelection.of([old]))

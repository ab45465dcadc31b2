"""Names and descriptions belong to the membership: each organization may use others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import MemberDetails, change_membership
from accounts.users.account_changes import change_account
from invites.invitations.acceptance import accept_with_existing_account
from invites.invitations.invite import invite_person
from tests.invites.invitations.helpers import deliver, link_of, selection_of
from tests.pages import words_of


def name_in(organization: Organization, user: User) -> str:
    return organization.memberships.get(user=user).get_full_name()


def rename(by: Membership, membership: Membership, first_name: str, last_name: str) -> None:
    held = AccessSelection.held_by(membership)
    change_membership(by, membership, held, details=MemberDetails(first_name, last_name, ""))


@pytest.fixture
def elsewhere(member: User, globex: Organization) -> Membership:
    """Mara is in two organizations."""
    return Membership.objects.create(user=member, organization=globex)


def test_a_new_member_has_the_names_of_the_invitation(
    admin_membership: Membership, acme: Organization, outsider: User, globex: Organization
) -> None:
    invitation = invite_person(
        admin_membership,
        selection=selection_of(acme, "ReadOnly"),
        email=outsider.email,
        first_name="Otto",
        last_name="White",
        description="Contractor",
    )

    joined = accept_with_existing_account(outsider, invitation.token_hash)

    assert (joined.get_full_name(), joined.description) == ("Otto White", "Contractor")
    assert (name_in(globex, outsider), str(outsider)) == ("Otto Weiss", "Otto Weiss")


def test_two_organizations_call_a_person_by_different_names(
    admin_membership: Membership, member: User, elsewhere: Membership, acme: Organization, globex: Organization
) -> None:
    rename(admin_membership, member.memberships.get(organization=acme), "Maria", "Conti")

    assert (name_in(acme, member), name_in(globex, member)) == ("Maria Conti", "Mara Conti")
    member.refresh_from_db()
    assert str(member) == "Mara Conti"


def test_a_new_name_of_the_account_is_used_where_nobody_chose_another(
    admin_membership: Membership, member: User, elsewhere: Membership, acme: Organization, globex: Organization
) -> None:
    rename(admin_membership, member.memberships.get(organization=acme), "Maria", "Conti")

    change_account(member, {"first_name": "Mara", "last_name": "Berg"})

    assert (name_in(acme, member), name_in(globex, member)) == ("Maria Conti", "Mara Berg")


def test_a_new_name_is_recorded_only_where_it_is_used(
    admin_membership: Membership, member: User, elsewhere: Membership, acme: Organization, globex: Organization
) -> None:
    rename(admin_membership, member.memberships.get(organization=acme), "Maria", "Conti")
    before = set(ActivityEntry.objects.values_list("pk", flat=True))

    change_account(member, {"first_name": "Mara", "last_name": "Berg"})

    (entry,) = ActivityEntry.objects.exclude(pk__in=before)
    assert (entry.organization_id, entry.details["after"]) == (globex.pk, {"last_name": "Berg"})


def test_an_operator_renames_where_nobody_chose_another_name(
    admin_membership: Membership,
    client_of: Callable[[User | None], Client],
    member: User,
    elsewhere: Membership,
    acme: Organization,
    globex: Organization,
) -> None:
    rename(admin_membership, member.memberships.get(organization=acme), "Maria", "Conti")
    before = set(ActivityEntry.objects.values_list("pk", flat=True))
    operator = User.objects.create_superuser("operator@example.com", "a few plain words")

    values = {"first_name": "Mara", "last_name": "Berg", "is_active": "on"}
    client_of(operator).post(f"/operators/accounts/user/{member.pk}/change/", values)

    assert (name_in(acme, member), name_in(globex, member)) == ("Maria Conti", "Mara Berg")
    (entry,) = ActivityEntry.objects.exclude(pk__in=before).filter(action=Action.USER_CHANGED)
    assert (entry.organization_id, entry.actor_email) == (globex.pk, "operator@example.com")


def test_users_are_found_by_the_name_in_the_organization(
    ines: Client, admin_membership: Membership, member_membership: Membership
) -> None:
    rename(admin_membership, member_membership, "Łucja", "Berg")

    assert "Łucja Berg" in words_of(ines.get("/o/acme/users/", {"q": "lucja"}))
    assert "Nobody matches" in words_of(ines.get("/o/acme/users/", {"q": "conti"}))


def test_the_email_of_an_invitation_has_the_name_of_the_inviter_in_the_organization(
    admin_membership: Membership, colleague: Membership, acme: Organization
) -> None:
    rename(colleague, admin_membership, "Agnes", "Martin")
    admin_membership.refresh_from_db()
    names = {"first_name": "Chiara", "last_name": "Rossi"}
    selection = selection_of(acme, "ReadOnly")
    invite_person(admin_membership, selection=selection, email="c@people.example.com", **names)

    (message,) = deliver(acme)

    assert message.subject == "Agnes Martin invited you to Acme"
    assert "Ines" not in message.body


def test_the_page_of_an_invitation_has_the_name_of_the_inviter_in_the_organization(
    client: Client, admin_membership: Membership, colleague: Membership, acme: Organization
) -> None:
    rename(colleague, admin_membership, "Agnes", "Martin")
    names = {"first_name": "Chiara", "last_name": "Rossi"}
    selection = selection_of(acme, "ReadOnly")
    invitation = invite_person(admin_membership, selection=selection, email="c@people.example.com", **names)

    page = client.get(link_of(invitation), follow=True)

    assert "Agnes Martin invited you." in words_of(page)


def test_the_activity_log_has_the_name_in_the_organization(
    admin_membership: Membership, colleague: Membership, member_membership: Membership
) -> None:
    rename(colleague, admin_membership, "Agnes", "Martin")
    admin_membership.refresh_from_db()
    rename(admin_membership, member_membership, "Maria", "Conti")

    entry = ActivityEntry.objects.filter(action=Action.USER_CHANGED).first()
    assert entry is not None
    assert (entry.actor_name, entry.details["after"]) == ("Agnes Martin", {"first_name": "Maria"})


def test_a_manager_changes_names_in_the_dialog(ines: Client, member_membership: Membership) -> None:
    grant = AccessSelection.held_by(member_membership)
    form = {"roles": [role.pk for role in grant.roles], "sites": [site.pk for site in grant.sites]}
    names = {"first_name": " Maria ", "last_name": "Berg", "description": "Night shift"}
    url = f"/o/acme/users/{member_membership.pk}/edit/"

    assert ines.post(url, form | names, headers={"HX-Request": "true"}).status_code == 204

    member_membership.refresh_from_db()
    assert (member_membership.get_full_name(), member_membership.description) == ("Maria Berg", "Night shift")
    assert member_membership.person_key == "maria berg member@example.com"
    assert "They sign in with this address, so it can’t be changed here." in words_of(ines.get(url))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("first_name", "", "Enter a first name."),
        ("last_name", "evil.example", "link"),
        ("description", "x" * 3000, "character"),
    ],
)
def test_says_what_is_wrong_with_a_name(
    ines: Client, member_membership: Membership, field: str, value: str, error: str
) -> None:
    grant = AccessSelection.held_by(member_membership)
    form = {"roles": [role.pk for role in grant.roles], "sites": [site.pk for site in grant.sites]}
    names = {"first_name": "Mara", "last_name": "Conti", field: value}

    answer = ines.post(f"/o/acme/users/{member_membership.pk}/edit/", form | names)

    assert answer.status_code == 422
    assert error in answer.context["form"].errors[field][0]


def test_names_that_are_missing_may_stay_missing(ines: Client, member_membership: Membership) -> None:
    Membership.objects.filter(pk=member_membership.pk).update(first_name="", last_name="")
    grant = AccessSelection.held_by(member_membership)
    form = {"roles": [role.pk for role in grant.roles], "sites": [site.pk for site in grant.sites]}

    answer = ines.post(f"/o/acme/users/{member_membership.pk}/edit/", form | {"description": "Crew"})

    assert answer.status_code == 302
    member_membership.refresh_from_db()
    assert member_membership.description == "Crew"

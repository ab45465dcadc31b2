"""The page of a person: what it shows to whom, and which actions it offers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.members import deactivate_membership
from invites.invitations.acceptance import NewAccount, accept_with_existing_account, accept_with_new_account
from invites.invitations.actions import resend, revoke
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of, words_of

ClientOf = Callable[[User | None], Client]


def address_of(person: Membership | Invitation) -> str:
    return f"/o/acme/{'users' if isinstance(person, Membership) else 'invitations'}/{person.pk}/"


def words(client: Client, person: Membership | Invitation, **query: str) -> str:
    answer = client.get(address_of(person), query)
    assert answer.status_code == 200
    return words_of(answer)


def actions(client: Client, person: Membership | Invitation) -> list[str]:
    head = client.get(address_of(person)).content.decode().split("rc-page-actions")[1].split("</div>")[0]
    return [name for name in NAMES if name in text_of(head)]


NAMES = ("Edit", "Resend", "Revoke", "Deactivate", "Reactivate", "Leave organization", "Remove")


def test_shows_a_member(ines: Client, member_membership: Membership) -> None:
    Membership.objects.filter(pk=member_membership.pk).update(description="Night shift")

    shown = words(ines, member_membership)

    assert "Users Mara Conti" in shown
    assert "Mara Conti Active member@example.com · Night shift" in shown
    assert "ReadOnly Can see everything on their sites, but can’t change anything." in shown
    assert "Sites Lyon depot France" in shown
    assert "Last seen Never Member since" in shown


def test_shows_an_invitation(ines: Client, invite: Invite) -> None:
    shown = words(ines, invite(description="Crew"))

    assert "Chiara Rossi Invite pending chiara.rossi@people.example.com · Crew" in shown
    assert "Sites Ghent Belgium Lyon depot France" in shown
    assert "Link opened Never Link works until" in shown
    assert "Invited by Ines Martin" in shown


def test_many_sites_are_shown_on_request(ines: Client, acme: Organization, member_membership: Membership) -> None:
    member_membership.sites.add(*[Site.objects.create(organization=acme, name=f"Site {n}") for n in range(8)])

    page = ines.get(address_of(member_membership))

    assert "Show all 9 sites" in page.content.decode()
    assert [len(page.context["access"].sites), len(page.context["access"].hidden_sites)] == [8, 1]


def test_says_that_there_are_no_roles_or_sites(ines: Client, member_membership: Membership) -> None:
    member_membership.roles.clear()
    member_membership.sites.clear()

    assert "Roles No roles yet Sites No sites yet" in words(ines, member_membership)


def test_counts_all_sites(ines: Client, manager_membership: Membership) -> None:
    assert "Sites All 3 sites, including new ones" in words(ines, manager_membership)


def test_actions_depend_on_the_status(
    ines: Client, by: Membership, member_membership: Membership, invite: Invite
) -> None:
    assert actions(ines, member_membership) == ["Edit", "Deactivate", "Remove"]
    deactivate_membership(by, member_membership)
    assert actions(ines, member_membership) == ["Edit", "Reactivate", "Remove"]
    assert actions(ines, by) == ["Edit", "Leave organization"]
    invitation = invite()
    assert actions(ines, invitation) == ["Edit", "Resend", "Revoke"]
    revoke(by, invitation)
    assert actions(ines, invitation) == []
    assert "Chiara Rossi Invite revoked" in words(ines, invitation)


def test_an_expired_invitation_can_be_resent(ines: Client, invite: Invite) -> None:
    invitation = invite(expired=True)

    assert actions(ines, invitation) == ["Edit", "Resend", "Revoke"]
    assert "Chiara Rossi Invite expired" in words(ines, invitation)
    assert "The link expired" in words(ines, invitation)


def test_a_viewer_without_permissions_gets_no_actions(
    client_of: ClientOf, manager: User, member_membership: Membership, invite: Invite
) -> None:
    client = client_of(manager)

    for person in (member_membership, invite()):
        assert actions(client, person) == []
        assert "You can’t edit" not in words(client, person)


def test_says_why_somebody_with_more_access_cannot_be_edited(
    client_of: ClientOf, manager: User, by: Membership, acme: Organization, invite: Invite
) -> None:
    Role.objects.filter(name="Project manager").update(permissions=["users.view", "users.manage", "users.invite"])
    client = client_of(manager)
    invitation = invite(roles=["Org Admin"])

    assert actions(client, by) == actions(client, invitation) == []
    assert "You can’t edit Ines Martin because they have access you don’t have: Org Admin." in words(client, by)
    assert "You can’t edit this invitation because it grants access you don’t have: Org Admin." in words(
        client, invitation
    )


def test_an_accepted_invitation_leads_to_the_member(ines: Client, acme: Organization, invite: Invite) -> None:
    invitation = invite()
    joined = accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))

    assert ines.get(address_of(invitation)).headers["Location"] == address_of(joined)
    assert "Invited by Ines Martin" in words(ines, joined)
    joined.delete()
    assert ines.get(address_of(invitation)).status_code == 404


def test_a_replaced_invitation_leads_to_the_newer_one(ines: Client, invite: Invite) -> None:
    old = invite(expired=True)
    new = invite(by_service=True)

    assert ines.get(address_of(old)).headers["Location"] == address_of(new)


@pytest.mark.servers
def test_a_replaced_invitation_leads_to_what_was_declined_or_accepted_since(ines: Client, invite: Invite) -> None:
    old = invite(expired=True)
    new = invite(by_service=True)
    decline(opt_out_token(new.pk, new.email_key))
    assert ines.get(address_of(old)).headers["Location"] == address_of(new)

    Invitation.objects.filter(pk=new.pk).update(state=Invitation.State.PENDING)
    accept_with_new_account(new.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))
    assert ines.get(address_of(old)).headers["Location"] == address_of(new)


def test_an_import_is_linked_with_the_row(
    ines: Client, client_of: ClientOf, manager: User, imported: Callable[..., Batch], acme: Organization
) -> None:
    batch = imported(csv_of("bo@example.com,Bo,Ek"))
    invitation = batch.invitations.get()
    link = f'href="/o/acme/batches/{batch.pk}/"'

    answer = ines.get(address_of(invitation))
    page = answer.content.decode()

    assert "Import team.csv , row 2" in words_of(answer)
    assert "From team.csv , row 2, as ReadOnly for Ghent and Lyon depot" in words_of(answer)
    assert page.split("rc-person-page")[1].count(link) == 2
    # They see users, but no imports.
    answer = client_of(manager).get(address_of(invitation))
    assert "From team.csv , row 2" in words_of(answer)
    assert link not in answer.content.decode()


def test_without_see_users_only_own_invitations_are_shown_and_no_names(
    client_of: ClientOf, acme: Organization, join: Callable[..., User], by: Membership, invite: Invite
) -> None:
    Role.objects.create(organization=acme, name="Clerk", permissions=["users.invite", "work.view"])
    clerk = join(acme, "clerk@example.com", "Clerk", "ReadOnly").memberships.get()
    clerk.roles.set(Role.objects.filter(name="Clerk"))
    Role.objects.create(organization=acme, name="Worker", permissions=["work.view"])
    own = invite(by=clerk, roles=["Worker"])
    others = invite("other@people.example.com")
    client = client_of(clerk.user)
    resend(by, own)
    Invitation.objects.filter(pk=own.pk).update(inviter=clerk.user)

    shown = words(client, own)

    assert "Someone resent the invitation" in shown
    assert "Ines" not in shown
    assert client.get(address_of(others)).status_code == 404
    assert client.get(address_of(by)).status_code == 403


def test_the_number_of_queries_is_constant(
    ines: Client, by: Membership, invite: Invite, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    invitation = invite()
    joined = accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))
    ines.get(address_of(joined))
    for _again in range(3):
        Membership.objects.filter(pk=joined.pk).delete()
        invitation = invite()
        resend(by, invitation)
        invitation.refresh_from_db()
        user = joined.user
        joined = accept_with_existing_account(user, invitation.token_hash)

    with django_assert_max_num_queries(36):
        ines.get(address_of(joined))


@pytest.mark.servers
@pytest.mark.parametrize("start", ["-1", "x", "1" * 30, "\x00", "999999"])
def test_odd_starts_of_the_history_are_harmless(ines: Client, member_membership: Membership, start: str) -> None:
    assert ines.get(address_of(member_membership), {"start": start}).status_code == 200


@pytest.mark.servers
def test_after_removing_somebody_on_their_page_the_list_is_opened(
    ines: Client, member_membership: Membership, invite: Invite
) -> None:
    invitation = invite()
    for person, action in ((member_membership, "remove/"), (invitation, "revoke/")):
        here = address_of(person)
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{here}"}
        answer = ines.post(f"{here}{action}", headers=headers)
        assert answer.headers["HX-Redirect"] == "/o/acme/users/"


def test_after_a_change_without_javascript_the_page_is_shown(
    ines: Client, member_membership: Membership, sites: list[Site]
) -> None:
    form = {"first_name": "Mara", "last_name": "Bo", "roles": [Role.objects.get(name="ReadOnly").pk]}

    answer = ines.post(f"{address_of(member_membership)}edit/", form | {"sites": [sites[0].pk]})

    assert answer.headers["Location"] == address_of(member_membership)


def test_last_seen_is_today(ines: Client, by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(last_seen_at=timezone.now() - timedelta(days=1))

    assert "Last seen Today," in words(ines, by)

"""Open invitations are resent, revoked and changed, one by one and in bulk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.roles import delete_role
from accounts.organizations.sites import delete_site
from invites.directory.bulk.change import BulkChange, Kind
from invites.invitations.actions import resend
from invites.invitations.change import change_invitation
from invites.models import Invitation
from tests.invites.directory.bulk.helpers import finish, resend_all, review, start_for, submit
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of
from tests.pages import text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
SELECTED = "/o/acme/users/selected/"
HTMX = {"HX-Request": "true"}


def opens(path: str) -> bool:
    """Whether the link in an email still leads to an invitation."""
    return Client().get(path, follow=True).status_code == 200


def message_of(client: Client) -> str:
    return text_of(client.get("/o/acme/users/").content.decode())


# --- Resent -----------------------------------------------------------------------------------------


def test_resending_creates_a_new_link_and_the_old_one_stops_working(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite
) -> None:
    invitation = invite(expired=True)
    old_link = link_of(invitation)
    client = client_of(admin)

    answer = client.post(f"/o/acme/invitations/{invitation.pk}/resend/", headers=HTMX)

    assert answer.status_code == 204
    invitation.refresh_from_db()
    assert invitation.expires_at > timezone.now() + timedelta(days=13)
    mails = deliver(acme)
    assert [mail.to for mail in mails] == [[invitation.email]]
    assert link_of(invitation) in mails[0].body
    assert opens(link_of(invitation))
    assert not opens(old_link)
    assert f"The invitation to {invitation.email} will be resent." in message_of(client)


def test_an_invitation_that_now_grants_too_much_is_neither_resent_nor_changed(
    by: Membership, limited: Membership, invite: Invite, acme: Organization, sites: list[Site]
) -> None:
    seen = invite()
    assert seen.grant.sites.count() == 2
    change_invitation(by, Invitation.objects.get(), selection_of(acme, "ReadOnly"))

    # The statement that resends it repeats the condition.
    with domain_error("too_soon"):
        resend(limited, seen)
    with domain_error("beyond_permissions"):
        change_invitation(limited, seen, selection_of(acme, "ReadOnly", sites=sites[:1]))

    found = Invitation.objects.get()
    assert (found.inviter, found.grant.all_sites, found.times_resent) == (by.user, True, 0)


def test_resending_many_skips_those_that_got_more_access_in_the_meantime(
    by: Membership, limited: Membership, invite: Invite, acme: Organization
) -> None:
    changed, other = invite(), invite("other@people.example.com")

    action = start_for(limited, BulkChange(Kind.RESEND), invitations=[changed, other])
    change_invitation(by, changed, selection_of(acme, "ReadOnly"))
    resent = finish(action).counts

    inviters = dict(Invitation.objects.values_list("pk", "inviter"))
    assert resent == {"changed": 1, "beyond": 1}
    assert inviters == {changed.pk: by.user_id, other.pk: limited.user_id}


def test_opened_as_a_page_it_asks_first(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite()

    page = client_of(admin).get(f"/o/acme/invitations/{invitation.pk}/resend/")

    assert "Resend the invitation?" in text_of(page.content.decode())
    invitation.refresh_from_db()
    assert invitation.times_resent == 0


def test_nothing_is_resent_within_a_minute(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite
) -> None:
    invitation = invite()
    client = client_of(admin)
    address = f"/o/acme/invitations/{invitation.pk}/resend/"

    client.post(address, headers=HTMX)
    assert len(deliver(acme)) == 1
    client.post(address, headers=HTMX)

    assert deliver(acme) == []
    assert "was just sent" in message_of(client)


def test_an_invitation_can_be_resent_only_a_few_times(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite, settings: Any
) -> None:
    settings.RESEND_LIMIT = 2
    settings.RESEND_PAUSE = 0
    invitation = invite()
    client = client_of(admin)

    for _ in range(4):
        client.post(f"/o/acme/invitations/{invitation.pk}/resend/", headers=HTMX)
        deliver(acme)

    invitation.refresh_from_db()
    assert invitation.times_resent == 2
    assert "which is the limit" in message_of(client)


def test_an_unsent_invitation_is_not_resent(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite
) -> None:
    invitation = invite(mailed=False)

    client_of(admin).post(f"/o/acme/invitations/{invitation.pk}/resend/", headers=HTMX)

    assert len(deliver(acme)) == 1


def test_a_member_who_cannot_grant_a_role_cannot_resend_its_invitation(
    client_of: ClientOf, manager: User, acme: Organization, invite: Invite
) -> None:
    Role.objects.filter(organization=acme, name="Project manager").update(permissions=["users.view", "users.invite"])
    invitation = invite(roles=["Org Admin"], sites=None)

    answer = client_of(manager).post(f"/o/acme/invitations/{invitation.pk}/resend/", headers=HTMX)

    assert deliver(acme) == []
    assert answer.status_code == 403
    assert (
        answer.content.decode()
        == "You can’t resend this invitation because it grants access you don’t have: Org Admin."
    )
    invitation.refresh_from_db()
    assert invitation.times_resent == 0


# --- Revoked ----------------------------------------------------------------------------------------


def test_a_revoked_invitation_leaves_the_list_and_its_link_stops_working(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite
) -> None:
    invitation = invite(mailed=False)
    client = client_of(admin)
    address = f"/o/acme/invitations/{invitation.pk}/revoke/"

    assert "Revoke the invitation for Chiara Rossi ?" in text_of(client.get(address).content.decode())
    assert opens(link_of(invitation))
    assert client.post(address, headers=HTMX).status_code == 204

    assert not opens(link_of(invitation))
    assert deliver(acme) == []
    words = message_of(client)
    assert "was revoked." in words
    assert "Chiara Rossi" not in words


def test_an_accepted_invitation_cannot_be_revoked(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).update(state="accepted")

    assert client_of(admin).post(f"/o/acme/invitations/{invitation.pk}/revoke/", headers=HTMX).status_code == 409
    invitation.refresh_from_db()
    assert invitation.state == "accepted"


# --- Changed ----------------------------------------------------------------------------------------


def test_an_invitation_can_be_given_other_roles_and_sites(
    client_of: ClientOf, admin: User, acme: Organization, sites: list[Site], invite: Invite
) -> None:
    invitation = invite()
    manager_role = Role.objects.get(organization=acme, name="Project manager")
    address = f"/o/acme/invitations/{invitation.pk}/edit/"
    client = client_of(admin)
    form = client.get(address).context["form"]
    assert sorted(form.initial["sites"]) == sorted(str(site.pk) for site in sites[:2])

    person = {"email": invitation.email, "first_name": "Chiara", "last_name": "Rossi"}
    answer = client.post(address, person | {"roles": [manager_role.pk], "sites": [sites[2].pk]}, headers=HTMX)

    assert answer.status_code == 204
    invitation.refresh_from_db()
    assert [role.name for role in invitation.grant.roles.all()] == ["Project manager"]
    assert [site.name for site in invitation.grant.sites.all()] == ["Turin"]
    assert opens(link_of(invitation))


def test_a_member_who_cannot_grant_its_access_cannot_change_it(
    client_of: ClientOf, manager: User, acme: Organization, sites: list[Site], invite: Invite
) -> None:
    Role.objects.filter(organization=acme, name="Project manager").update(permissions=["users.view", "users.invite"])
    own = Role.objects.get(organization=acme, name="Project manager")
    invitation = invite(roles=["Org Admin"], sites=None)

    answer = client_of(manager).post(
        f"/o/acme/invitations/{invitation.pk}/edit/", {"roles": [own.pk], "sites": [sites[0].pk]}, headers=HTMX
    )

    assert answer.status_code == 403
    assert (
        answer.content.decode() == "You can’t edit this invitation because it grants access you don’t have: Org Admin."
    )
    assert [role.name for role in Invitation.objects.get().grant.roles.all()] == ["Org Admin"]


def test_an_empty_change_is_refused(client_of: ClientOf, admin: User, invite: Invite) -> None:
    invitation = invite()

    answer = client_of(admin).post(f"/o/acme/invitations/{invitation.pk}/edit/", {}, headers=HTMX)

    assert answer.status_code == 422
    assert "Choose at least one role." in answer.content.decode()


# --- Many at once -----------------------------------------------------------------------------------


@pytest.mark.servers
def test_selected_invitations_are_resent(
    client_of: ClientOf, admin: User, member: User, acme: Organization, invite: Invite
) -> None:
    chosen = [invite(f"person{number}@people.example.com") for number in range(3)]
    invite("not-chosen@people.example.com")
    keys = [f"i{each.pk}" for each in chosen] + [f"m{member.memberships.get().pk}"]
    client = client_of(admin)

    answer = submit(client, {"action": "resend", "selected": keys})

    assert answer.status_code == 204
    assert sorted(mail.to[0] for mail in deliver(acme)) == [each.email for each in chosen]
    assert "3 invitations will be resent." in message_of(client)


@pytest.mark.servers
def test_skipped_invitations_are_counted(client_of: ClientOf, admin: User, acme: Organization, invite: Invite) -> None:
    rested, fresh = invite("rested@people.example.com"), invite("fresh@people.example.com", mailed=False)
    client = client_of(admin)

    submit(client, {"action": "resend", "selected": [f"i{rested.pk}", f"i{fresh.pk}"]})

    assert "1 invitation will be resent. 1 was skipped because the email is already being sent." in message_of(client)


def test_resending_many_takes_as_few_statements_as_resending_a_few(
    client_of: ClientOf, admin: User, invite: Invite, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    invitations = [invite(f"person{number}@people.example.com") for number in range(40)]
    # Like the invitations of a batch, they share a grant.
    Invitation.objects.update(grant=invitations[0].grant)
    keys = [f"i{each.pk}" for each in invitations]
    client = client_of(admin)

    with django_assert_max_num_queries(100):
        submit(client, {"action": "resend", "selected": keys})

    assert "40 invitations will be resent." in message_of(client)


def test_different_grants_take_no_more_queries(
    by: Membership, invite: Invite, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        invite(f"person{number}@people.example.com")
    assert Invitation.objects.values("grant").distinct().count() == 40

    with django_assert_max_num_queries(40):
        resent = resend_all(by, Invitation.objects.all())

    assert resent == {"changed": 40}


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["in the dialog", "without JavaScript"])
def test_resending_many_asks_first(
    client_of: ClientOf, admin: User, acme: Organization, invite: Invite, headers: dict[str, str]
) -> None:
    for number in range(26):
        invite(f"match{number}@people.example.com", last_name="Match")
    client = client_of(admin)
    everybody = {"action": "resend", "all": "1"}

    asked = client.post(f"{SELECTED}?q=match", everybody, headers=headers)

    assert asked.status_code == 200
    page = asked.content.decode()
    assert "Resend 26 invitations?" in text_of(page)
    assert deliver(acme) == []
    assert f'action="{SELECTED}?q=match"' in page
    for name, value in everybody.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in page

    submit(client, everybody, f"{SELECTED}?q=match", headers)

    assert len(deliver(acme)) == 26


def test_revoking_many_asks_first_and_then_revokes_them(
    client_of: ClientOf, admin: User, member: User, invite: Invite
) -> None:
    chosen = [invite(f"person{number}@people.example.com") for number in range(2)]
    other = invite("other@people.example.com")
    keys = [*(f"i{each.pk}" for each in chosen), f"m{member.memberships.get().pk}"]
    client = client_of(admin)

    asked = client.post(SELECTED, {"action": "revoke", "selected": keys}, headers=HTMX)

    assert "Revoke 2 invitations?" in text_of(asked.content.decode())
    assert Invitation.objects.filter(state="revoked").count() == 0
    for key in keys:
        assert f'value="{key}"' in asked.content.decode()

    submit(client, {"action": "revoke", "selected": keys})

    assert set(Invitation.objects.filter(state="revoked")) == set(chosen)
    other.refresh_from_db()
    assert other.state == "pending"
    assert member.memberships.exists()


@pytest.mark.servers
def test_all_that_match_are_those_that_the_filter_shows(client_of: ClientOf, admin: User, invite: Invite) -> None:
    for number in range(30):
        invite(f"match{number}@people.example.com", last_name="Match")
    invite("other@people.example.com", last_name="Other")
    invite("late@people.example.com", last_name="Match", expired=True)

    submit(client_of(admin), {"action": "revoke", "all": "1"}, f"{SELECTED}?q=match&status=pending")

    assert Invitation.objects.filter(state="revoked").count() == 30
    assert set(Invitation.objects.filter(state="pending").values_list("last_name", flat=True)) == {"Other", "Match"}


def test_selecting_members_alone_says_that_nothing_can_be_done(client_of: ClientOf, admin: User, member: User) -> None:
    client = client_of(admin)

    dialog = text_of(review(client, {"action": "resend", "selected": [f"m{member.memberships.get().pk}"]}))

    assert "Nothing to change" in dialog
    assert "Skipped · have already joined 1 Selected 1" in dialog


# --- Permissions ------------------------------------------------------------------------------------


@pytest.fixture
def foreign(outsider: User, invite: Invite, globex: Organization) -> Invitation:
    """An open invitation of Globex."""
    return invite("secret@people.example.com", by=Membership.objects.get(user=outsider), sites=None)


def test_other_organizations_invitations_are_not_found(
    client_of: ClientOf, admin: User, outsider: User, foreign: Invitation, invite: Invite
) -> None:
    ours = invite()
    client = client_of(admin)

    for page in ("edit/", "resend/", "revoke/"):
        for ask in (client.get, client.post):
            assert ask(f"/o/acme/invitations/{foreign.pk}/{page}").status_code == 404
            assert client_of(outsider).post(f"/o/acme/invitations/{ours.pk}/{page}").status_code == 404
    submit(client, {"action": "revoke", "selected": [f"i{foreign.pk}"]})
    submit(client, {"action": "revoke", "all": "1"}, f"{SELECTED}?q=secret")

    foreign.refresh_from_db()
    assert foreign.state == "pending"


@pytest.mark.parametrize("role", ["Project manager", "ReadOnly"])
def test_members_without_permission_cannot_act_on_an_invitation(
    client_of: ClientOf, acme: Organization, join: Callable[..., User], invite: Invite, role: str
) -> None:
    invitation = invite()
    client = client_of(join(acme, "somebody@example.com", role))

    for page in ("edit/", "resend/", "revoke/"):
        assert client.get(f"/o/acme/invitations/{invitation.pk}/{page}").status_code == 403
        assert client.post(f"/o/acme/invitations/{invitation.pk}/{page}").status_code == 403
    chosen = {"action": "revoke", "step": "start", "selected": [f"i{invitation.pk}"]}
    assert client.post(SELECTED, chosen).status_code == 403

    before = invitation.token_hash
    invitation.refresh_from_db()
    assert (invitation.state, invitation.token_hash) == ("pending", before)


def test_roles_and_sites_of_open_invitations_cannot_be_deleted(
    acme: Organization, by: Membership, invite: Invite, sites: list[Site]
) -> None:
    role = Role.objects.create(organization=acme, name="Temp", permissions=["work.view"])
    invite("ann@people.example.com", roles=["Temp"], sites=sites[:1])

    with domain_error("in_use", match="^1 open invitation grants this role. Change or revoke it first.$"):
        delete_role(by, role)
    with domain_error("in_use", match="^1 open invitation grants access to this site. Change or revoke it first.$"):
        delete_site(by, sites[0])
    invite("ben@people.example.com", roles=["Temp"], sites=sites[:1])
    with domain_error("in_use", match="^2 open invitations grant this role. Change or revoke them first.$"):
        delete_role(by, role)
    with domain_error("in_use", match="^2 open invitations grant access to this site. Change or revoke them first.$"):
        delete_site(by, sites[0])

    Invitation.objects.update(state="revoked")
    delete_role(by, role)
    delete_site(by, sites[0])
    assert not Role.objects.filter(name="Temp").exists()

"""Who declined stays in the list of users, with its own status, until an admin removes or invites them again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Site, User
from invites.directory.counts import count_users
from invites.directory.users import Status, UserFilter
from invites.directory.users_page import find_users_page
from invites.invitations import actions
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import BlockedAddress, Invitation
from tests.invites.directory.bulk.helpers import resend_all
from tests.invites.invitations.helpers import Invite, deliver, link_of
from tests.pages import HTMX, text_of, words_of
from tests.rules import domain_error

INVITE = "/o/acme/invite/"


@pytest.fixture
def no(invite: Invite) -> Invitation:
    """Chiara has declined."""
    invitation = invite()
    return decline(opt_out_token(invitation.pk, invitation.email_key))


def found(acme: Organization, **wanted: object) -> list[tuple[str, str]]:
    """The names and statuses of the list."""
    narrow = UserFilter(**wanted)  # type: ignore[arg-type]
    page = find_users_page(acme, narrow, number=1, counts=count_users(acme, narrow))
    return [(person.name, str(person.status)) for person in page]


def test_the_list_shows_them_in_order_of_names(no: Invitation, invite: Invite, acme: Organization) -> None:
    invite("ann@people.example.com", first_name="Ann", last_name="Lee")
    invite("zoe@people.example.com", first_name="Zoe", last_name="Lee", expired=True)

    assert found(acme) == [
        ("Ann Lee", "pending"),
        ("Chiara Rossi", "declined"),
        ("Ines Martin", "active"),
        ("Zoe Lee", "expired"),
    ]
    assert found(acme, status=Status.DECLINED) == [("Chiara Rossi", "declined")]
    assert found(acme, status=Status.PENDING) == [("Ann Lee", "pending")]
    assert found(acme, search="chiara") == [("Chiara Rossi", "declined")]
    counts = count_users(acme, UserFilter())
    assert (counts.total, counts.declined, counts.pending, counts.expired) == (4, 1, 1, 1)


def test_filters_apply_to_them(no: Invitation, acme: Organization, sites: list[Site]) -> None:
    role, other = acme.roles.get(name="ReadOnly"), acme.roles.get(name="Project manager")

    assert found(acme, status=Status.DECLINED, role=role, site=sites[0]) == [("Chiara Rossi", "declined")]
    assert found(acme, status=Status.DECLINED, role=other) == []
    assert found(acme, status=Status.DECLINED, site=sites[2]) == []


def test_the_empty_list_says_who_is_listed_there(ines: Client) -> None:
    """Somebody may have a link to it, or just removed the last one."""
    words = words_of(ines.get("/o/acme/users/?status=declined"))

    assert "Nobody has declined People who say no to an invitation are listed here. Show all users" in words
    assert "No expired invitations" not in words


def test_there_is_no_tab_as_long_as_nobody_declined(acme: Organization, ines: Client, invite: Invite) -> None:
    assert "Invite declined" not in text_of(ines.get("/o/acme/users/").content.decode())
    invitation = invite()
    decline(opt_out_token(invitation.pk, invitation.email_key))

    words = text_of(ines.get("/o/acme/users/").content.decode())
    assert "Invite declined 1" in words
    assert "Declined " in words


def test_resending_everybody_leaves_them_alone(no: Invitation, by: Membership, acme: Organization) -> None:
    assert resend_all(by, Invitation.objects.all()) == {"declined": 1}
    assert deliver(acme) == []


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "in the dialog"])
def test_inviting_again_says_when_they_declined(
    no: Invitation, ines: Client, acme: Organization, headers: dict[str, str]
) -> None:
    url = f"/o/acme/invitations/{no.pk}/invite-again/"
    asked = text_of(ines.get(url, headers=headers).content.decode())
    assert "Invite Chiara Rossi again?" in asked
    assert "Chiara Rossi declined on" in asked
    assert deliver(acme) == []

    assert ines.post(url, headers=headers).status_code == (204 if headers else 302)

    no.refresh_from_db()
    assert (no.state, no.closed_at) == (Invitation.State.PENDING, None)
    (message,) = deliver(acme)
    assert link_of(no) in message.body
    assert ActivityEntry.objects.filter(action="invited_again", affected_id=no.pk).exists()
    assert "is no longer listed as declined, so nothing was changed." in text_of(ines.get(url).content.decode())


def test_removing_them_from_the_list_keeps_the_decline(
    no: Invitation, ines: Client, acme: Organization, invite: Invite
) -> None:
    url = f"/o/acme/invitations/{no.pk}/unlist/"
    assert "Rollcall remembers that" in text_of(ines.get(url).content.decode())

    page = text_of(ines.post(url, follow=True).content.decode())

    assert "Chiara Rossi was removed from the list." in page
    assert found(acme, status=Status.DECLINED) == []
    assert ActivityEntry.objects.filter(action="unlisted", affected_id=no.pk).count() == 1
    with domain_error("declined"):
        invite(by_service=True)
    assert "is no longer listed as declined, so nothing was changed." in text_of(ines.get(url).content.decode())


@pytest.mark.servers
def test_what_keeps_somebody_from_being_invited_again(
    no: Invitation, by: Membership, member: User, settings: object
) -> None:
    BlockedAddress.objects.create(email_key=no.email_key)
    with domain_error("address_blocked"):
        actions.invite_again(by, no)
    BlockedAddress.objects.update(lifted_at=timezone.now())
    Invitation.objects.update(times_resent=100)
    with domain_error("too_often"):
        actions.invite_again(by, no)
    Invitation.objects.update(times_resent=0)
    settings.INVITATIONS_PER_DAY = 0  # type: ignore[attr-defined]
    with domain_error("over_quota"):
        actions.invite_again(by, no)
    Invitation.objects.update(email=member.email, email_key=member.email)
    with domain_error("already_member"):
        actions.invite_again(by, no)
    no.refresh_from_db()
    assert no.state == Invitation.State.DECLINED


@pytest.mark.servers
def test_inviting_their_address_asks_once(
    no: Invitation, ines: Client, grant: dict[str, list[int]], acme: Organization
) -> None:
    filled = {"email": no.email, "first_name": "C", "last_name": "R", "description": "", **grant}

    asked = ines.post(INVITE, filled, headers=HTMX)

    assert asked.status_code == 422
    words = text_of(asked.content.decode())
    assert f"{no.email} declined an invitation to Acme on" in words
    assert f"To invite {no.email} anyway, choose Send invitation." in words
    assert f'name="declined" value="{no.email}"' in asked.content.decode()
    # The answer is for one address only.
    assert ines.post(INVITE, filled | {"declined": "other@example.com"}, headers=HTMX).status_code == 422
    assert ines.post(INVITE, filled | {"declined": no.email}, headers=HTMX).status_code == 204
    no.refresh_from_db()
    assert no.state == Invitation.State.REPLACED
    assert len(deliver(acme)) == 1
    assert found(acme, search="chiara") == [("C R", "pending")]


def test_an_admin_with_less_access_cannot_replace_it(invite: Invite, lesser: Membership, acme: Organization) -> None:
    invitation = invite(roles=["Org Admin"], sites=None)
    decline(opt_out_token(invitation.pk, invitation.email_key))
    Invitation.objects.update(closed_at=timezone.now() - timedelta(days=1))

    with domain_error("beyond_permissions"):
        actions.invite_again(lesser, invitation)
    with domain_error("beyond_permissions"):
        actions.unlist(lesser, invitation)

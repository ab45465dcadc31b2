"""The page *Invitations* of members who can invite users, but don't see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.permissions import Permission
from invites.invitations.actions import revoke
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite
from tests.pages import HTMX, text_of

PAGE = "/o/acme/invitations/"
ClientOf = Callable[[User | None], Client]


@pytest.fixture
def clerk(acme: Organization, sites: list[Site], join: Callable[..., User]) -> Membership:
    permissions = [Permission.INVITE_USERS.value, Permission.VIEW_WORK.value]
    Role.objects.create(organization=acme, name="Clerk", permissions=permissions)
    return join(acme, "clerk@example.com", "Clerk", first_name="Clara", last_name="Kent").memberships.get()


@pytest.fixture
def clara(client_of: ClientOf, clerk: Membership) -> Client:
    return client_of(clerk.user)


@pytest.fixture
def send(clerk: Membership, invite: Invite) -> Callable[[str], Invitation]:
    """The clerk invites somebody with that name."""
    return lambda name: invite(
        f"{name.lower()}@people.example.com", by=clerk, roles=["Clerk"], first_name=name, last_name="Lee"
    )


def words(client: Client, path: str = PAGE) -> str:
    return text_of(client.get(path).content.decode())


def test_lists_whom_one_has_invited_newest_first_with_what_can_be_done(
    clara: Client, send: Callable[[str], Invitation]
) -> None:
    first, second = send("Ann"), send("Ben")

    page = clara.get(PAGE).content.decode()

    assert page.index("Ben Lee") < page.index("Ann Lee")
    assert "Invite pending" in page
    for each in (first, second):
        for path in ("", "edit/", "resend/", "revoke/"):
            assert f'href="{PAGE}{each.pk}/{path}"' in page
    assert 'href="/o/acme/invite/"' in page


def test_has_declined_ones_but_none_that_were_revoked(
    clara: Client, clerk: Membership, send: Callable[[str], Invitation]
) -> None:
    said_no, revoked = send("Ann"), send("Ben")
    decline(opt_out_token(said_no.pk, said_no.email_key))
    revoke(clerk, revoked)

    page = words(clara)

    assert "Ann Lee" in page
    assert "Invite declined" in page
    assert "Ben Lee" not in page


def test_those_of_a_file_are_in_imports(
    clara: Client, clerk: Membership, start: Callable[..., Batch], work: Callable[[Batch], Batch]
) -> None:
    work(start(csv_of("ann@people.example.com"), by=clerk))

    page = words(clara)

    assert "No open invitations" in page
    assert "Those in a file are in Imports." in page
    assert "ann@people.example.com" not in page


def test_a_scheduled_import_does_not_lead_to_a_page_that_is_closed(
    clara: Client, ines: Client, clerk: Membership, start: Callable[..., Batch], work: Callable[[Batch], Batch]
) -> None:
    batch = work(start(csv_of("ann@people.example.com"), by=clerk, send_at=timezone.now() + timedelta(days=2)))
    page, hint = f"/o/acme/batches/{batch.pk}/", "To change or cancel a single invitation, "

    assert f"{hint}search for the person in Imports." in words(clara, page)
    assert f"{hint}open the person in Users." in words(ines, page)


def test_nobody_sees_what_others_have_sent(clara: Client, invite: Invite, by: Membership) -> None:
    invite("secret@people.example.com", by=by)

    assert "secret" not in clara.get(PAGE).content.decode()


def test_long_lists_have_pages(clara: Client, send: Callable[[str], Invitation]) -> None:
    for number in range(26):
        send(f"Person{number}")

    assert "1–25 of 26" in words(clara)
    assert "Person0 Lee" in words(clara, f"{PAGE}?page=2")


def test_the_sidebar_leads_there_only_if_one_cannot_see_the_users(clara: Client, ines: Client) -> None:
    link = f'href="{PAGE}"'

    assert link in clara.get("/o/acme/batches/").content.decode()
    assert link not in ines.get("/o/acme/batches/").content.decode()
    assert ines.get(PAGE).headers["Location"] == "/o/acme/users/"


def test_is_open_to_inviters_only(client_of: ClientOf, member: User, outsider: User) -> None:
    assert client_of(member).get(PAGE).status_code == 403
    assert client_of(outsider).get(PAGE).status_code == 404


def test_who_leaves_the_form_comes_back_to_the_list(clara: Client, ines: Client) -> None:
    assert f'href="{PAGE}" data-dialog-close' in clara.get("/o/acme/invite/").content.decode()
    assert 'href="/o/acme/users/" data-dialog-close' in ines.get("/o/acme/invite/").content.decode()


def test_after_inviting_or_revoking_somebody_the_list_is_shown(
    clara: Client, send: Callable[[str], Invitation], sites: list[Site], acme: Organization
) -> None:
    role = Role.objects.get(organization=acme, name="Clerk")
    typed = {"email": "new@people.example.com", "first_name": "New", "last_name": "Person", "roles": [role.pk]}
    answer = clara.post("/o/acme/invite/", typed | {"sites": [sites[0].pk]})
    assert answer.headers["Location"] == PAGE
    assert "new@people.example.com was invited." in words(clara)

    ann = send("Ann")
    assert f'<li><a href="{PAGE}">Invitations</a></li>' in clara.get(f"{PAGE}{ann.pk}/").content.decode()
    from_its_page = HTMX | {"HX-Current-URL": f"http://testserver{PAGE}{ann.pk}/"}
    answer = clara.post(f"{PAGE}{ann.pk}/revoke/", headers=from_its_page)
    assert answer.headers["HX-Redirect"] == PAGE

"""A dead link is not a dead end: asking for a new invitation, and granting it with one click."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, User
from invites.invitations import actions
from invites.invitations.declining import decline, report_abuse
from invites.invitations.requests import ask_for_invitation, count_requests, dismiss_request, open_requests
from invites.invitations.tokens import hash_token, opt_out_token
from invites.models import Batch, Invitation, InvitationRequest
from tests.concurrency import at_once, unexpected
from tests.files import many
from tests.invites.directory.bulk.helpers import resend_all
from tests.invites.invitations.helpers import Invite, deliver, link_of, token_of
from tests.pages import text_of

ClientOf = Callable[[User | None], Client]
ASK = "/invitation/ask/"
REQUESTS = "/o/acme/users/requests/"
TOLD = "If this link belongs to an invitation, its admins have been told."


def opted_out(invitation: Invitation) -> str:
    return opt_out_token(invitation.pk, invitation.email_key)


def asked(link: str) -> Client:
    """A client that has opened the link and pressed the button."""
    client = Client()
    client.get(link)
    assert client.post(ASK).status_code == 200
    return client


@pytest.fixture
def expired(invite: Invite) -> Invitation:
    return invite(expired=True)


# --- The page ---------------------------------------------------------------------------------------


def test_a_dead_link_offers_to_ask_and_to_sign_in(expired: Invitation) -> None:
    client = Client()
    client.get(link_of(expired))

    page = client.get("/invitation/")

    assert page.status_code == 404
    words = text_of(page.content.decode())
    assert "Ask for a new invitation" in words
    assert "Sign in" in words
    assert "Acme" not in words
    assert InvitationRequest.objects.count() == 0
    assert TOLD in text_of(client.post(ASK).content.decode())
    assert InvitationRequest.objects.get().invitation == expired


def test_opening_the_address_of_the_form_changes_nothing(expired: Invitation) -> None:
    client = Client()
    client.get(link_of(expired))

    assert client.get(ASK).status_code == 405
    assert InvitationRequest.objects.count() == 0


def without_csrf(page: bytes) -> bytes:
    """The page without the tokens that differ each time."""
    return re.sub(rb"\b[A-Za-z0-9]{64}\b", b"", page)


def dead_links(invite: Invite, by: Membership) -> dict[str, str]:
    """A link of each kind that doesn't work, by a word for it."""
    links = {"unknown": "/i/unknown/", "expired": link_of(invite("expired@people.example.com", expired=True))}
    for word, state in (("revoked", "revoked"), ("accepted", "accepted"), ("declined", "declined")):
        invitation = invite(f"{word}@people.example.com")
        Invitation.objects.filter(pk=invitation.pk).update(state=state, closed_at=timezone.now())
        links[word] = link_of(invitation)
    resent = invite("resent@people.example.com")
    links["resent"] = link_of(resent)
    actions.resend(by, resent)
    return links


def test_every_link_gets_the_same_answer_with_the_same_work(invite: Invite, by: Membership) -> None:
    links = dead_links(invite, by)
    # The first form of a client starts its count.
    Client().post(ASK)
    found = {}
    for word, link in links.items():
        client = Client()
        client.get(link)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.post(ASK)
        statements = [re.sub(r"\d+", "0", query["sql"].partition(" ")[0]) for query in queries]
        headers = sorted(name for name in answer.headers if name != "Set-Cookie")
        found[word] = (answer.status_code, without_csrf(answer.content), headers, statements)

    assert len({repr(each) for each in found.values()}) == 1, found.keys()
    assert set(InvitationRequest.objects.values_list("invitation__email", flat=True)) == {
        "expired@people.example.com",
        "resent@people.example.com",
    }


def test_every_dead_link_shows_the_same_page(invite: Invite, by: Membership) -> None:
    pages = set()
    for link in dead_links(invite, by).values():
        client = Client()
        client.get(link)
        page = client.get("/invitation/")
        pages.add((page.status_code, without_csrf(page.content)))
    assert len(pages) == 1


def test_too_many_requests_of_a_client_are_refused(expired: Invitation) -> None:
    client = Client()
    client.get(link_of(expired))

    statuses = [client.post(ASK).status_code for _attempt in range(21)]

    assert statuses == [200] * 20 + [429]


# --- Who is told ------------------------------------------------------------------------------------


def test_the_link_before_a_resend_reaches_the_admins(invite: Invite, by: Membership) -> None:
    invitation = invite()
    old = link_of(invitation)
    actions.resend(by, invitation)

    asked(old)

    assert InvitationRequest.objects.get().invitation == invitation


def test_the_link_of_a_replaced_invitation_asks_for_the_newer_one(invite: Invite) -> None:
    old = invite(expired=True)
    new = invite(expired=True, by_service=True)

    asked(link_of(old))

    assert InvitationRequest.objects.get().invitation == new


def test_a_link_to_an_address_that_was_corrected_since_asks_for_nothing(
    invite: Invite, by: Membership, acme: Organization
) -> None:
    invitation = invite()
    old = link_of(invitation)
    actions.resend(by, invitation)
    Invitation.objects.update(email="right@people.example.com", email_key="right@people.example.com")

    asked(old)

    assert InvitationRequest.objects.count() == 0


@pytest.mark.parametrize("what", ["revoke", "decline", "report", "member", "deactivated", "undone"])
def test_nobody_is_told_after(
    what: str, invite: Invite, by: Membership, acme: Organization, member_membership: Membership
) -> None:
    email = member_membership.user.email if what in ("member", "deactivated") else "chiara@people.example.com"
    invitation = invite("other@people.example.com", expired=True)
    Invitation.objects.update(email=email, email_key=email)
    invitation.refresh_from_db()
    match what:
        case "revoke":
            actions.revoke(by, invitation)
        case "decline":
            decline(opted_out(invitation))
        case "report":
            report_abuse(opted_out(invitation))
        case "deactivated":
            Membership.objects.filter(pk=member_membership.pk).update(deactivated_at=timezone.now())
        case "undone":
            batch = Batch.objects.create(organization=acme, grant=invitation.grant, is_being_undone=True)
            Invitation.objects.update(batch=batch)

    asked(link_of(invitation))

    assert InvitationRequest.objects.count() == 0


def test_admins_are_told_once_a_day(expired: Invitation, by: Membership) -> None:
    asked(link_of(expired))
    dismiss_request(by, expired)

    asked(link_of(expired))
    assert not open_requests(by).exists()
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        asked(link_of(expired))
        assert open_requests(by).count() == 1
    assert InvitationRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_asking_twice_at_once_is_one_request(expired: Invitation) -> None:
    ask = lambda: ask_for_invitation(hash_token(token_of(expired)))  # noqa: E731

    assert not unexpected(at_once(ask, ask, ask))
    assert InvitationRequest.objects.count() == 1


# --- What admins do ---------------------------------------------------------------------------------


def test_the_banner_counts_no_further_than_fifty(ines: Client, by: Membership, imported: Callable[..., Batch]) -> None:
    imported(many(52))
    InvitationRequest.objects.bulk_create(
        InvitationRequest(invitation=each, organization=by.organization) for each in Invitation.objects.all()
    )

    assert count_requests(by) == 51
    assert "More than 50 people asked for a new invitation." in text_of(ines.get("/o/acme/users/").content.decode())
    assert open_requests(by).count() == 52


@pytest.mark.servers
def test_requests_are_counted_without_loading_what_they_grant(invite: Invite, limited: Membership) -> None:
    for number in range(3):
        invitation = invite(f"a{number}@people.example.com")
        InvitationRequest.objects.create(invitation=invitation, organization=invitation.organization)

    with CaptureQueriesContext(connection) as asked:
        assert count_requests(limited) == 3

    assert not [each["sql"] for each in asked if 'SELECT "invites_accessgrant"."id"' in each["sql"][:40]]


def test_a_banner_leads_to_the_list_and_one_click_grants_it(
    expired: Invitation, ines: Client, acme: Organization
) -> None:
    asked(link_of(expired))
    banner = text_of(ines.get("/o/acme/users/").content.decode())
    assert "1 person asked for a new invitation." in banner
    page = ines.get(REQUESTS).content.decode()
    assert "Chiara Rossi" in page
    assert "chiara.rossi@people.example.com" in page

    answer = ines.post(f"/o/acme/invitations/{expired.pk}/grant/", follow=True)

    words = text_of(answer.content.decode())
    assert "The invitation to chiara.rossi@people.example.com will be resent." in words
    assert "Nobody is waiting for a new invitation" in words
    (message,) = deliver(acme)
    expired.refresh_from_db()
    assert expired.expires_at > timezone.now()
    assert link_of(expired) in message.body
    assert InvitationRequest.objects.count() == 0
    assert ActivityEntry.objects.filter(action="resent", affected_id=expired.pk).exists()


def test_dismissing_removes_it(expired: Invitation, ines: Client) -> None:
    asked(link_of(expired))

    page = ines.post(f"/o/acme/invitations/{expired.pk}/dismiss/", follow=True)

    assert "The request from chiara.rossi@people.example.com was dismissed." in text_of(page.content.decode())
    assert "asked for a new invitation" not in text_of(ines.get("/o/acme/users/").content.decode())
    assert ActivityEntry.objects.filter(action="request_dismissed").count() == 1
    ines.post(f"/o/acme/invitations/{expired.pk}/dismiss/")
    assert ActivityEntry.objects.filter(action="request_dismissed").count() == 1


@pytest.mark.servers
def test_a_request_that_cannot_be_granted_says_why(expired: Invitation, ines: Client) -> None:
    asked(link_of(expired))
    Invitation.objects.update(times_resent=100)

    page = text_of(ines.post(f"/o/acme/invitations/{expired.pk}/grant/", follow=True).content.decode())

    assert "which is the limit." in page
    assert "Chiara Rossi" in page


@pytest.mark.servers
def test_only_who_can_send_the_invitation_is_told(
    invite: Invite, client_of: ClientOf, lesser: Membership, by: Membership, outsider: User
) -> None:
    powerful = invite(roles=["Org Admin"], sites=None, expired=True)
    asked(link_of(powerful))

    assert open_requests(by).count() == 1
    assert not open_requests(lesser).exists()
    client = client_of(lesser.user)
    assert "asked for a new invitation" not in client.get("/o/acme/users/").content.decode()
    assert "Chiara" not in client.get(REQUESTS).content.decode()
    assert client.post(f"/o/acme/invitations/{powerful.pk}/grant/").status_code == 403
    assert not open_requests(outsider.memberships.get()).exists()


def test_one_who_asked_and_was_resent_revoked_or_accepted_is_gone(expired: Invitation, by: Membership) -> None:
    for state in ("revoked", "accepted", "declined", "replaced"):
        ask_for_invitation(hash_token(token_of(expired)))
        assert open_requests(by).count() == 1
        Invitation.objects.update(state=state)
        assert not open_requests(by).exists()
        Invitation.objects.update(state="pending")
    resend_all(by, Invitation.objects.all())
    assert InvitationRequest.objects.count() == 0


def test_many_requests_take_no_more_queries(invite: Invite, ines: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            ines.get(REQUESTS)
        return len(found)

    ask_for_invitation(invite("p0@people.example.com", expired=True).token_hash)
    queries()
    few = queries()
    for number in range(1, 30):
        ask_for_invitation(invite(f"p{number}@people.example.com", expired=True).token_hash)

    assert queries() == few
    assert "1–25 of 30" in text_of(ines.get(REQUESTS).content.decode())

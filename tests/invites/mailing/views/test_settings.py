"""Settings > Invitation email, and the page on which a reply-to address is confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Organization, User
from accounts.organizations.operators import suspend_organization
from invites.models import ReplyToRequest
from tests.pages import fields_of, words_of

PAGE = "/o/acme/settings/email/"
TYPED = {"sender_name": "Acme Energy", "reply_to": "", "message": "Call 4100.", "language": "en"}


def test_saves_and_says_that_sent_invitations_stay(ines: Client, acme: Organization) -> None:
    words = words_of(ines.post(PAGE, TYPED, follow=True))

    assert "Invitation email saved. Invitations already sent don’t change." in words
    acme.refresh_from_db()
    assert (acme.email_sender_name, acme.email_message) == ("Acme Energy", "Call 4100.")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"sender_name": "Acme <x>"}, "Enter a name without &lt; &gt; or line breaks."),
        ({"reply_to": "help"}, "Enter an address such as help@company.com."),
        ({"reply_to": "a@b.co\nBcc: x@y.co"}, "Enter an address such as help@company.com."),
        ({"message": "see evil.com now"}, "Remove “evil.com”. Messages can’t contain links."),
        ({"message": "a" * 501}, "Shorten the message to 500 characters."),
        ({"language": "xx"}, "Choose a language from the list."),
    ],
)
def test_errors_keep_what_was_typed(ines: Client, acme: Organization, wrong: dict[str, str], error: str) -> None:
    answer = ines.post(PAGE, TYPED | wrong)

    assert answer.status_code == 422
    assert error in answer.content.decode()
    assert "Acme Energy" in answer.content.decode() or "sender_name" in wrong
    acme.refresh_from_db()
    assert acme.email_message == ""


def test_a_long_name_of_the_organization_is_no_error(ines: Client, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="Northwind " * 12)
    (sender_name,) = fields_of(ines.get(PAGE))["sender_name"]

    answer = ines.post(PAGE, {**TYPED, "sender_name": sender_name, "message": "Hello"})

    assert answer.status_code == 302
    acme.refresh_from_db()
    assert (acme.email_sender_name, acme.email_message) == ("", "Hello")


def test_a_reply_to_address_is_confirmed_with_a_button(
    ines: Client, acme: Organization, client_of: Callable[..., Client]
) -> None:
    words = words_of(ines.post(PAGE, TYPED | {"reply_to": "Help@example.com"}, follow=True))
    assert "We sent a link to Help@example.com. Replies go there once it is confirmed." in words
    assert "isn’t confirmed yet. Until someone opens the link that we sent there, replies go to the person who" in words
    (link,) = re.findall(r"http://[^/]+(/reply-to/\S+)", str(mail.outbox[0].body))
    reader = client_of(None)

    for _each in range(2):
        assert "Should replies come to you?" in words_of(reader.get(link))
    acme.refresh_from_db()
    assert acme.email_reply_to == "", "A GET changes nothing."
    assert "From now on, replies to invitation emails from Acme go to Help@example.com" in words_of(reader.post(link))
    acme.refresh_from_db()
    assert acme.email_reply_to == "Help@example.com"

    assert reader.get(link).status_code == 404
    again = reader.post(link)
    assert again.status_code == 404
    assert "This link no longer works" in words_of(again)
    assert "Acme" not in again.content.decode()


def test_the_link_can_be_sent_again(ines: Client) -> None:
    ines.post(PAGE, TYPED | {"reply_to": "help@example.com"})

    words = words_of(ines.post("/o/acme/settings/email/reply-to/", follow=True))

    assert "We sent a link to help@example.com." in words
    assert len(mail.outbox) == 2
    assert mail.outbox[0].body == mail.outbox[1].body
    for _each in range(4):
        ines.post("/o/acme/settings/email/reply-to/")
    assert "couldn’t be sent. The link was sent too often. Try again later." in words_of(ines.get(PAGE))
    ReplyToRequest.objects.all().delete()
    assert ines.post("/o/acme/settings/email/reply-to/").status_code == 302


def test_members_without_the_permission_neither_see_nor_change_it(
    member: User, acme: Organization, client_of: Callable[..., Client]
) -> None:
    for path in (PAGE, f"{PAGE}preview/", f"{PAGE}test/", f"{PAGE}reply-to/"):
        assert client_of(member).post(path, TYPED).status_code == 403
    acme.refresh_from_db()
    assert acme.email_message == ""


def test_a_suspended_organization_offers_neither_a_test_nor_a_preview_of_changes(
    ines: Client, acme: Organization
) -> None:
    offered = ("data-test-result", 'name="shown"', "Update preview")
    assert all(each in ines.get(PAGE).text for each in offered)
    suspend_organization(acme, by=None)

    page = ines.get(PAGE).text

    assert not any(each in page for each in offered)
    assert "<iframe" in page

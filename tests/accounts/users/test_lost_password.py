"""A new password by a reset link, or by a user who knows the old one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts.models import AccountEmail, User
from accounts.users import account_email
from tests.members import PASSWORD
from tests.pages import words_of

ASK = "/accounts/password/reset/"
CHANGE = "/accounts/password/change/"
NEW = "a boat on a quiet lake"


def deliver() -> None:
    """Do the work of the workers."""
    account_email.send_unsent()


def ask(client: Client, email: str = "admin@example.com") -> str:
    """Request a link. Returns the path of the link in the email."""
    client.post(ASK, {"email": email})
    deliver()
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def choose(client: Client, link: str, password: str = NEW) -> Any:
    """Open the link as a browser does, and submit the form."""
    opened = client.get(link)
    assert opened.status_code == 302
    return client.post(opened.headers["Location"], {"password1": password}, follow=True)


def test_the_link_in_the_email_sets_a_password_and_signs_in(client: Client, admin: User) -> None:
    response = choose(client, ask(client))
    assert response.redirect_chain[-1][0] == "/o/acme/users/"
    assert "Your password was changed." in words_of(response)
    admin.refresh_from_db()
    assert admin.check_password(NEW)


@pytest.mark.parametrize("closed", ["before it is opened", "before the form is sent"])
def test_the_link_of_a_deactivated_account_does_not_work(client: Client, admin: User, closed: str) -> None:
    link = ask(client)
    address = link if closed == "before it is opened" else client.get(link).headers["Location"]
    User.objects.filter(pk=admin.pk).update(is_active=False)

    page = client.get(link) if address == link else client.post(address, {"password1": NEW})

    assert page.status_code == 200
    assert words_of(page) == words_of(client.get(f"{ASK}key/zzzz-no-such-key/"))
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)
    assert not mail.outbox[1:], "nobody is told of a new password"


def test_the_email_has_the_same_words_as_text_and_as_html(client: Client, admin: User) -> None:
    link = settings.BASE_URL + ask(client)
    (message,) = mail.outbox
    assert message.to == ["admin@example.com"]
    assert message.subject == "Choose a new password for Rollcall"
    assert "The link works once, for 3 days." in message.body
    ((html, kind),) = message.alternatives  # type: ignore[attr-defined]
    assert kind == "text/html"
    assert f'href="{link}"' in html
    assert "admin@example.com" in html


def test_the_link_follows_the_base_url_and_never_the_host_header(client: Client, admin: User) -> None:
    client.post(ASK, {"email": admin.email}, headers={"host": "localhost"})
    deliver()
    assert "localhost" not in mail.outbox[-1].body
    assert settings.BASE_URL in mail.outbox[-1].body


@pytest.mark.parametrize(
    ("kept", "typed"), [("zoë@example.com", "Zoë@Example.com"), ("ivan@пример.рф", "ivan@xn--e1afmkfd.xn--p1ai")]
)
def test_a_link_can_be_requested_for_addresses_in_every_alphabet(
    client: Client, admin: User, kept: str, typed: str
) -> None:
    User.objects.filter(pk=admin.pk).update(email=kept)
    assert choose(client, ask(client, typed)).redirect_chain[-1][0] == "/o/acme/users/"
    assert mail.outbox[0].to == [kept]


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client, admin: User) -> None:
    known = client.post(ASK, {"email": admin.email}, follow=True)
    unknown = client.post(ASK, {"email": "nobody@example.com"}, follow=True)
    deliver()
    assert words_of(known) == words_of(unknown)
    assert "we’re sending a link to it" in words_of(unknown)
    assert [message.to for message in mail.outbox] == [[admin.email]]
    assert not AccountEmail.objects.exists()


def test_a_deactivated_account_gets_no_email(client: Client, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    client.post(ASK, {"email": admin.email})
    deliver()
    assert mail.outbox == []


def test_an_account_that_was_deactivated_meanwhile_gets_no_email(client: Client, admin: User) -> None:
    client.post(ASK, {"email": admin.email})
    User.objects.filter(pk=admin.pk).update(is_active=False)
    deliver()
    assert mail.outbox == []


def test_the_link_works_once(client: Client, admin: User, client_of: Callable[..., Client]) -> None:
    link = ask(client)
    choose(client, link)
    assert "This link is no longer valid" in words_of(client_of(None).get(link))


def test_the_link_ends_after_three_days(client: Client, admin: User) -> None:
    link = ask(client)
    with travel(timezone.now() + timedelta(days=3, minutes=1)):
        assert "This link is no longer valid" in words_of(client.get(link))


def test_an_open_form_expires_too(client: Client, admin: User) -> None:
    form = client.get(ask(client)).headers["Location"]
    with travel(timezone.now() + timedelta(days=3, minutes=1)):
        response = client.post(form, {"password1": NEW})
    assert "This link is no longer valid" in words_of(response)
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_the_url_of_the_form_does_not_contain_the_key(client: Client, admin: User) -> None:
    link = ask(client)
    key = link.rstrip("/").split("-", 1)[1]
    opened = client.get(link)
    assert key not in opened.headers["Location"]
    assert key not in client.get(opened.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    ("password", "answer"),
    [
        ("", "Enter a new password."),
        ("short one", "Use at least 12 characters."),
        ("123456789012345", "A password can’t be only numbers."),
        ("1qaz2wsx3edc", "Many people use this password."),
        ("admin@example.com", "too similar to your name or email address"),
    ],
)
def test_says_what_is_wrong_with_a_password(client: Client, admin: User, password: str, answer: str) -> None:
    response = choose(client, ask(client), password)
    assert answer in words_of(response)
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_a_user_who_knows_the_password_can_change_it(admin: User, client_of: Callable[..., Client]) -> None:
    client = client_of(admin)
    response = client.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW}, follow=True)
    assert response.redirect_chain[-1][0] == "/account/"
    assert "Your password was changed." in words_of(response)
    admin.refresh_from_db()
    assert admin.check_password(NEW)


def test_changing_the_password_ends_all_other_sessions(admin: User, client_of: Callable[..., Client]) -> None:
    here, elsewhere = client_of(admin), client_of(admin)
    here.post(CHANGE, {"oldpassword": PASSWORD, "password1": NEW})
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def test_a_wrong_old_password_changes_nothing(admin: User, client_of: Callable[..., Client]) -> None:
    response = client_of(admin).post(CHANGE, {"oldpassword": "wrong", "password1": NEW})
    assert "This isn’t your current password." in words_of(response)
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_a_user_without_a_password_chooses_one(admin: User, client_of: Callable[..., Client]) -> None:
    admin.set_unusable_password()
    admin.save()
    client = client_of(admin)
    assert client.get(CHANGE).headers["Location"] == "/accounts/password/set/"
    client.post("/accounts/password/set/", {"password1": NEW})
    admin.refresh_from_db()
    assert admin.check_password(NEW)

"""Signing in and out: who gets in, the messages for others, and where it leads."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from accounts.models import User
from tests.members import PASSWORD
from tests.pages import HTMX, words_of

SIGN_IN = "/accounts/login/"


def sign_in(client: Client, email: str = "admin@example.com", password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    return client.post(SIGN_IN, {"login": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_leads_to_the_users_of_the_organization(client: Client, admin: User) -> None:
    response = client.post(SIGN_IN, {"login": admin.email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == "/o/acme/users/"


def test_leads_members_who_manage_nothing_to_their_home(client: Client, member: User) -> None:
    response = client.post(SIGN_IN, {"login": member.email, "password": PASSWORD}, follow=True)
    assert response.redirect_chain[-1][0] == "/o/acme/"


@pytest.mark.parametrize("typed", ["ADMIN@Example.com", "  admin@example.com "])
def test_accepts_the_address_in_any_spelling(client: Client, admin: User, typed: str) -> None:
    sign_in(client, typed)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("zoë@example.com", "zoë@example.com"),
        ("zoë@example.com", "ZOË@Example.com"),
        ("zoe\u0308@example.com", "zoë@example.com"),
        ("ivan@пример.рф", "ivan@пример.рф"),
        # What Chromium sends for the line above.
        ("ivan@пример.рф", "ivan@xn--e1afmkfd.xn--p1ai"),
        ("jo@straße.de", "jo@xn--strae-oqa.de"),
        ("boss@office.local", "Boss@office.local"),
    ],
)
def test_accepts_addresses_in_every_alphabet(client: Client, admin: User, kept: str, typed: str) -> None:
    User.objects.filter(pk=admin.pk).update(email=unicodedata.normalize("NFC", kept))

    sign_in(client, typed)

    assert is_signed_in(client)


@pytest.mark.parametrize(
    "typed", ["admin", "admin@", "@example.com", "a b@example.com", "a@b@c.de", "a" * 400 + "@x.de"]
)
def test_rejects_an_invalid_address(client: Client, db: None, typed: str) -> None:
    words = words_of(sign_in(client, typed))
    assert "Enter an address such as name@company.com." in words or "at most 320 characters" in words


def test_a_wrong_password_is_refused_and_the_address_is_kept(client: Client, admin: User) -> None:
    response = sign_in(client, password="not the password")
    assert "Incorrect email address or password." in words_of(response)
    assert 'value="admin@example.com"' in response.content.decode()
    assert "not the password" not in response.content.decode()
    assert not is_signed_in(client)


def test_an_unknown_address_is_refused_with_the_same_message(client: Client, admin: User) -> None:
    known, unknown = sign_in(client, password="wrong"), sign_in(client, "nobody@example.com", "wrong")
    assert words_of(known) == words_of(unknown)


def test_says_which_field_is_empty(client: Client, db: None) -> None:
    words = words_of(sign_in(client, "", ""))
    assert "Enter your email address." in words
    assert "Enter your password." in words


def test_six_wrong_passwords_in_a_row_lock_the_address_for_a_while(client: Client, admin: User) -> None:
    for _attempt in range(5):
        sign_in(client, password="wrong")
    response = sign_in(client)
    assert "Too many attempts. Wait five minutes, or use “Forgot your password?” to sign in by email." in words_of(
        response
    )
    assert not is_signed_in(client)


def test_the_host_header_does_not_change_what_is_counted(admin: User) -> None:
    for host in ("127.0.0.1", "127.0.0.1:8000", "localhost", "localhost:8000", "testserver", "LOCALHOST"):
        client = Client(headers={"host": host})
        response = sign_in(client, password="wrong" if host != "LOCALHOST" else PASSWORD)
    assert "Too many attempts." in words_of(response)
    assert not is_signed_in(client)


def test_wrong_passwords_of_one_person_do_not_lock_out_another(client: Client, admin: User, member: User) -> None:
    for _attempt in range(6):
        sign_in(client, password="wrong")
    sign_in(client, member.email)
    assert is_signed_in(client)


def test_behind_a_proxy_one_client_does_not_lock_out_another(admin: User, settings: LazySettings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    # A client's own value comes before the one that the proxy adds, and doesn't count.
    for number in range(31):
        response = sign_in(
            Client(headers={"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.7"}), f"a{number}@example.com"
        )
    assert response.status_code == 429
    elsewhere = Client(headers={"X-Forwarded-For": "198.51.100.8"})

    sign_in(elsewhere)

    assert is_signed_in(elsewhere)


def test_too_many_requests_from_one_client_get_a_page(client: Client, db: None) -> None:
    for number in range(31):
        response = sign_in(client, f"somebody{number}@example.com")
    assert response.status_code == 429
    assert "Too many attempts" in words_of(response)


def test_a_deactivated_user_cannot_sign_in(client: Client, admin: User) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    response = client.post(SIGN_IN, {"login": admin.email, "password": PASSWORD}, follow=True)
    assert "This account is deactivated" in words_of(response)
    assert not is_signed_in(client)


def test_deactivating_an_account_ends_its_sessions(admin: User, client_of: Callable[..., Client]) -> None:
    client = client_of(admin)
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert client.get("/o/acme/users/").status_code == 302


def test_leads_back_to_the_page_before_signing_in(client: Client, admin: User) -> None:
    asked = client.get("/o/acme/sites/?q=lyon")
    form = client.get(asked.headers["Location"])
    assert 'name="next" value="/o/acme/sites/?q=lyon"' in form.content.decode()
    wrong = sign_in(client, password="wrong", next="/o/acme/sites/?q=lyon")
    assert 'name="next" value="/o/acme/sites/?q=lyon"' in wrong.content.decode()
    assert sign_in(client, next="/o/acme/sites/?q=lyon").headers["Location"] == "/o/acme/sites/?q=lyon"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "https:evil.example",
        r"\\evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "http://testserver/account/",
    ],
)
def test_never_leads_to_another_site(client: Client, admin: User, elsewhere: str) -> None:
    assert sign_in(client, next=elsewhere).headers["Location"] == "/"
    assert client.get(SIGN_IN, {"next": elsewhere}).headers["Location"] == "/", (
        "and neither does somebody who is signed in already"
    )


def test_a_forged_host_is_refused(client: Client, db: None) -> None:
    assert client.get(SIGN_IN, headers={"host": "evil.example"}).status_code == 400


def test_the_session_gets_a_new_key(client: Client, admin: User) -> None:
    client.get("/accounts/password/reset/key/1-a/")
    session = client.session
    session["something"] = "before"
    session.save()
    before = session.session_key
    sign_in(client)
    assert client.session.session_key != before


def test_signing_in_and_out_asks_for_the_csrf_token(admin: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403
    client.force_login(admin)
    assert client.post("/accounts/logout/").status_code == 403
    assert is_signed_in(client)


def test_signing_out_says_so_on_the_sign_in_page(admin: User, client_of: Callable[..., Client]) -> None:
    client = client_of(admin)
    response = client.post("/accounts/logout/", follow=True)
    assert response.redirect_chain[-1][0] == SIGN_IN
    assert "You’re signed out." in words_of(response)
    assert not is_signed_in(client)


def test_opening_the_sign_out_page_only_asks(admin: User, client_of: Callable[..., Client]) -> None:
    client = client_of(admin)
    assert "Sign out?" in words_of(client.get("/accounts/logout/"))
    assert is_signed_in(client)


def test_nobody_can_sign_up_or_change_their_address(admin: User, client_of: Callable[..., Client]) -> None:
    for path in ("/accounts/signup/", "/accounts/email/", "/accounts/confirm-email/"):
        assert client_of(None).get(path).status_code == 404
        assert client_of(admin).get(path).status_code == 404


def test_a_dialog_whose_session_has_ended_leaves_the_page_for_sign_in(client: Client, admin: User) -> None:
    page = f"{settings.BASE_URL}/o/acme/sites/"
    response = client.get("/o/acme/sites/new/", headers={**HTMX, "HX-Current-URL": page, "host": "127.0.0.1:8000"})
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=%2Fo%2Facme%2Fsites%2F"


def test_signing_in_again_does_not_lead_back_to_a_post(client: Client, admin: User) -> None:
    assert client.post("/o/acme/sites/new/", {"name": "Porto"}).headers["Location"] == SIGN_IN

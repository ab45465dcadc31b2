"""Anonymous users get no session, except for an hour with a reset link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import travel

from accounts import tasks
from accounts.models import Membership, RateLimitCount, Site, User
from accounts.organizations.grants import AccessSelection
from invites.invitations.invite import invite_person
from invites.invitations.tokens import derive_token, fingerprint
from tests.accounts.users.test_lost_password import NEW, ask, choose
from tests.members import PASSWORD
from tests.pages import words_of

HOUR = timedelta(hours=1)
PUBLIC = ["account_login", "account_inactive", "account_reset_password", "account_reset_password_done"]
PUBLIC += ["acceptance:invitation"]


ANONYMOUS = [
    *((method, reverse(name)) for name in PUBLIC for method in ("GET", "HEAD", "POST")),
    *((method, "/accounts/password/reset/key/1-unknown/") for method in ("GET", "HEAD", "POST")),
    ("GET", "/accounts/password/reset/key/1-set-password/"),
    *((method, "/i/never-was-one/") for method in ("GET", "HEAD", "POST")),
    *((method, "/invitation/switch/") for method in ("GET", "POST")),
    ("GET", "/accounts/logout/"),
    ("POST", "/accounts/logout/"),
    ("GET", "/"),
    ("GET", "/o/acme/users/?q=ann"),
    ("GET", "/operators/"),
    ("GET", "/not-a-page/"),
]


def test_no_anonymous_request_creates_a_session(db: None) -> None:
    for method, path in ANONYMOUS:
        client = Client()
        client.generic(method, path)
        client.generic(method, path)

        assert not Session.objects.exists(), (method, path)
        assert "sessionid" not in client.cookies, (method, path)


@pytest.mark.parametrize("password", ["wrong", PASSWORD], ids=["wrong", "right"])
def test_a_failed_sign_in_creates_no_session(client: Client, admin: User, password: str) -> None:
    User.objects.filter(pk=admin.pk).update(is_active=False)
    client.post("/accounts/login/", {"login": admin.email, "password": password})
    assert not Session.objects.exists()


def test_many_invitation_links_create_no_session(db: None) -> None:
    for number in range(20):
        Client().get(f"/i/token-{number}/", follow=True)
    assert not Session.objects.exists()


def test_a_reset_link_creates_a_session_for_an_hour(client: Client, admin: User) -> None:
    form = client.get(ask(client)).headers["Location"]

    assert timedelta() < Session.objects.get().expire_date - timezone.now() <= HOUR
    assert 0 < int(client.cookies["sessionid"]["max-age"]) <= HOUR.total_seconds()
    with travel(timezone.now() + HOUR + timedelta(seconds=1)):
        assert "This link is no longer valid" in words_of(client.post(form, {"password1": NEW}))
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_a_reset_link_in_another_browser_creates_a_session_for_an_hour(
    admin: User, member: User, client_of: Callable[..., Client]
) -> None:
    link = ask(Client())
    client = client_of(member)
    client.get(client.get(link).headers["Location"])

    assert client.get("/account/").status_code == 302, "The other one is signed out."
    assert all(each.expire_date - timezone.now() <= HOUR for each in Session.objects.all())


def test_a_user_who_signs_in_by_the_link_stays_signed_in(client: Client, admin: User) -> None:
    choose(client, ask(client))

    with travel(timezone.now() + timedelta(days=13)):
        assert client.get("/account/").status_code == 200
    assert "_password_reset_key" not in client.session


def test_a_user_who_accepts_an_invitation_in_that_hour_stays_signed_in(
    client: Client, admin_membership: Membership, sites: list[Site]
) -> None:
    selection = AccessSelection.of([], all_sites=True)
    names = {"first_name": "Chiara", "last_name": "Rossi", "description": ""}
    invitation = invite_person(admin_membership, email="chiara@people.example.com", selection=selection, **names)
    client.get(ask(client))
    client.get(f"/i/{derive_token(invitation.token_seed)}/")
    chosen = {"first_name": "Chiara", "last_name": "Rossi", "password": NEW}
    client.post("/invitation/", {"shown_for": fingerprint(invitation.token_hash), **chosen})

    with travel(timezone.now() + timedelta(days=13)):
        assert client.get("/account/").status_code == 200


def test_opening_reset_links_is_limited_per_client(admin: User) -> None:
    link = ask(Client())
    answers = [Client().get(link).status_code for _ in range(61)]

    assert answers == [302] * 60 + [429]
    assert Session.objects.count() == 60
    assert Client(REMOTE_ADDR="192.0.2.1").get(link).status_code == 302
    page = Client().get(link)
    assert "Wait an hour, then try again." in words_of(page)
    assert page.headers["Retry-After"] == "3600"


def test_only_expired_rows_are_cleaned_up(client: Client, admin: User) -> None:
    client.get(ask(client))
    signed_in = Client()
    signed_in.post("/accounts/login/", {"login": admin.email, "password": PASSWORD})
    Client().post("/accounts/login/", {"login": admin.email, "password": "wrong"})
    assert Session.objects.count() == 2
    assert RateLimitCount.objects.exists()

    tasks.clean_up()
    assert Session.objects.count() == 2
    with travel(timezone.now() + timedelta(days=2)):
        tasks.clean_up()
        assert signed_in.get("/account/").status_code == 200

    assert Session.objects.count() == 1
    assert not RateLimitCount.objects.exists()

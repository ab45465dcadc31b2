"""Accepting an invitation: with a new or an existing account, once, in time, and only by the invitee."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from invites.invitations.acceptance import accept_with_existing_account
from invites.invitations.tokens import fingerprint
from invites.models import Invitation
from tests.invites.invitations.helpers import Invite, deliver, link_of, token_of
from tests.members import PASSWORD
from tests.pages import text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
INVITATION = "/invitation/"
COOKIE = "invitation"
CHOSEN = {"first_name": "Chiara", "last_name": "Rossi", "password": "a few plain words"}
DEAD = "This invitation is no longer valid"


def opened(invitation: Invitation, client: Client | None = None) -> Client:
    """A client that has followed the link in the email."""
    client = client or Client()
    client.get(link_of(invitation))
    return client


def send_form(client: Client, fields: dict[str, str] | None = None, *, follow: bool = False) -> Any:
    """Submit the form of the invitation that the client opened last."""
    link = client.cookies[COOKIE].value.split(":")[0]
    return client.post(INVITATION, {"shown_for": fingerprint(link), **(fields or {})}, follow=follow)


def account(email: str = "chiara.rossi@people.example.com") -> User:
    return User.objects.create_user(email, PASSWORD, first_name="Chiara", last_name="Rossi")


# --- With a new account -----------------------------------------------------------------------------


def test_the_page_says_who_invites_to_what(invite: Invite) -> None:
    page = opened(invite()).get(INVITATION)

    words = text_of(page.content.decode())
    assert page.status_code == 200
    assert "Join Acme Ines Martin invited you. Choose a password to join." in words
    assert "Email chiara.rossi@people.example.com Role ReadOnly Sites Ghent , Lyon depot" in words
    assert "At least 12 characters. A few words are fine." in words
    assert "Accept and sign in" in words
    assert "Already have an account?" in words
    assert 'value="Chiara"' in page.content.decode()
    assert 'value="Rossi"' in page.content.decode()


@pytest.mark.servers
def test_the_invitee_becomes_a_member_and_is_signed_in(invite: Invite, acme: Organization) -> None:
    invitation = invite(description="Night shift")
    client = opened(invitation)

    page = send_form(client, CHOSEN | {"first_name": "Clara"}, follow=True)

    assert page.status_code == 200
    user = User.objects.get(email="chiara.rossi@people.example.com")
    membership = Membership.objects.get(user=user)
    assert (user.get_full_name(), membership.organization, membership.description) == (
        "Clara Rossi",
        acme,
        "Night shift",
    )
    assert [role.name for role in membership.roles.all()] == ["ReadOnly"]
    assert [site.name for site in membership.sites.all()] == ["Ghent", "Lyon depot"]
    assert user.check_password("a few plain words")
    assert EmailAddress.objects.get(user=user).verified
    invitation.refresh_from_db()
    assert (invitation.state, invitation.accepted_by) == ("accepted", user)
    assert client.get("/o/acme/").status_code == 200
    assert "rossi" not in text_of(Client().get(link_of(invitation), follow=True).content.decode()).lower()


def test_a_password_of_a_few_words_works_at_the_next_sign_in(invite: Invite) -> None:
    send_form(opened(invite()), CHOSEN)

    page = Client().post(
        "/accounts/login/", {"login": "chiara.rossi@people.example.com", "password": "a few plain words"}, follow=True
    )

    assert page.redirect_chain[-1][0] == "/o/acme/"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": ""}, "Choose a password."),
        ({"password": "short"}, "Use at least 12 characters."),
        ({"password": "123456789012345"}, "be only numbers. Use a few words."),
        (
            {"password": "chiara.rossi@people"},
            "This password is too similar to your name or email address. Choose another one.",
        ),
        ({"first_name": ""}, "Enter your first name."),
        ({"last_name": "Rossi\r\nBcc: x@example.com"}, None),
        ({"first_name": "https://evil.example.com"}, None),
    ],
)
def test_an_invalid_form_does_not_use_up_the_invitation(
    invite: Invite, change: dict[str, str], sentence: str | None
) -> None:
    invitation = invite()
    client = opened(invitation)

    page = send_form(client, CHOSEN | change)

    assert page.status_code == 422
    assert sentence is None or sentence in page.content.decode()
    assert not User.objects.filter(email=invitation.email).exists()
    assert send_form(client, CHOSEN).status_code == 302


def test_an_empty_form_says_what_is_missing(invite: Invite) -> None:
    page = send_form(opened(invite()), {})

    assert page.status_code == 422
    assert "There is a problem" in page.content.decode()


def test_the_page_does_not_repeat_the_password(invite: Invite) -> None:
    page = send_form(opened(invite()), CHOSEN | {"first_name": ""})

    assert "a few plain words" not in page.content.decode()


# --- With an account --------------------------------------------------------------------------------


@pytest.mark.servers
def test_an_invitee_with_an_account_signs_in_with_its_password(invite: Invite) -> None:
    user = account()
    client = opened(invite())

    page = client.get(INVITATION)
    assert "Sign in to your account to join." in text_of(page.content.decode())
    assert "first_name" not in page.content.decode()
    wrong = send_form(client, {"password": "not the right one"})
    assert wrong.status_code == 422
    assert not Membership.objects.filter(user=user).exists()

    assert send_form(client, {"password": PASSWORD}).status_code == 302

    assert Membership.objects.get(user=user).roles.get().name == "ReadOnly"
    assert client.session["_auth_user_id"] == str(user.pk)


def test_password_guesses_are_limited(invite: Invite) -> None:
    user = account()
    client = opened(invite())

    for _ in range(12):
        page = send_form(client, {"password": "not the right one"})

    assert page.status_code in (422, 429)
    send_form(client, {"password": PASSWORD})
    assert not Membership.objects.filter(user=user).exists()


def test_a_deactivated_account_cannot_accept(invite: Invite) -> None:
    user = account()
    User.objects.filter(pk=user.pk).update(is_active=False)
    client = opened(invite())

    send_form(client, {"password": PASSWORD})

    assert not Membership.objects.filter(user=user).exists()
    assert not Session.objects.exists()


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_an_invitation_does_not_reactivate_a_member(
    is_signed_in: bool, invite: Invite, acme: Organization, client_of: ClientOf
) -> None:
    """The person became a member, and was deactivated, while the invitation was open."""
    user, invitation = account(), invite()
    membership = Membership.objects.create(user=user, organization=acme, deactivated_at=timezone.now())
    client = opened(invitation, client_of(user) if is_signed_in else None)

    page = send_form(client, {} if is_signed_in else {"password": PASSWORD})

    assert page.status_code == 403
    words = text_of(page.content.decode())
    assert "Your access has been deactivated" in words
    assert "You’re deactivated in Acme. If you still need access, ask an admin there to reactivate you." in words
    membership.refresh_from_db()
    assert membership.deactivated_at is not None
    assert not membership.roles.exists()
    invitation.refresh_from_db()
    assert invitation.state == "pending"


def test_the_used_link_of_a_deactivated_member_says_what_happened(invite: Invite, client_of: ClientOf) -> None:
    user, invitation = account(), invite()
    client = opened(invitation, client_of(user))
    assert send_form(client).status_code == 302
    opened(invitation, client)
    assert "You’ve joined Acme" in text_of(client.get(INVITATION).content.decode())
    Membership.objects.filter(user=user).update(deactivated_at=timezone.now())

    page = client.get(INVITATION)

    assert page.status_code == 403
    words = text_of(page.content.decode())
    assert "You’re deactivated in Acme." in words
    assert "You’ve joined" not in words
    assert send_form(client).status_code == 404
    assert DEAD in text_of(opened(invitation).get(INVITATION).content.decode())


def test_a_signed_in_invitee_only_accepts(invite: Invite, client_of: ClientOf) -> None:
    user = account()
    client = opened(invite(), client_of(user))

    page = client.get(INVITATION)
    assert "Ines Martin invited you. You’re signed in as Chiara Rossi ." in text_of(page.content.decode())
    assert not Membership.objects.filter(user=user).exists()
    assert send_form(client).status_code == 302

    assert Membership.objects.filter(user=user).exists()


JOINED = "You’ve joined Acme"


def test_a_new_member_lands_in_the_organization_with_a_message(invite: Invite) -> None:
    page = send_form(opened(invite()), CHOSEN, follow=True)

    assert page.redirect_chain[-1][0] == "/o/acme/"
    assert text_of(page.content.decode()).count(JOINED) == 1


@pytest.mark.parametrize("how", ["signed in", "by password", "from sign-in"])
def test_a_member_of_another_organization_lands_in_the_one_they_joined(
    invite: Invite, outsider: User, client_of: ClientOf, how: str
) -> None:
    client = opened(invite(outsider.email), client_of(outsider if how == "signed in" else None))
    if how == "from sign-in":
        client.post("/accounts/login/", {"login": outsider.email, "password": PASSWORD, "next": INVITATION})

    page = send_form(client, {"password": PASSWORD}, follow=True)

    assert page.redirect_chain[-1][0] == "/o/acme/"
    assert text_of(page.content.decode()).count(JOINED) == 1
    assert JOINED not in text_of(client.get("/o/globex/users/").content.decode()), "The message is shown once."


def test_a_new_member_who_may_see_users_lands_on_that_page(invite: Invite, outsider: User, client_of: ClientOf) -> None:
    client = opened(invite(outsider.email, roles=["Org Admin"], sites=None), client_of(outsider))

    page = send_form(client, follow=True)

    assert page.redirect_chain[-1][0] == "/o/acme/users/"
    assert JOINED in text_of(page.content.decode())


def test_the_name_of_the_organization_is_escaped(invite: Invite, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="<b>Acme</b> & Sons")

    page = send_form(opened(invite()), CHOSEN, follow=True)

    assert "You’ve joined <bdi>&lt;b&gt;Acme&lt;/b&gt; &amp; Sons</bdi>." in page.content.decode()


@pytest.mark.servers
def test_a_member_keeps_what_they_have(invite: Invite, member: User, client_of: ClientOf, acme: Organization) -> None:
    invitation = invite("ann@people.example.com", roles=["Org Admin"], sites=None)
    Invitation.objects.filter(pk=invitation.pk).update(email=member.email, email_key=member.email)

    send_form(opened(invitation, client_of(member)))

    membership = Membership.objects.get(user=member)
    assert [role.name for role in membership.roles.all()] == ["ReadOnly"]
    assert not membership.all_sites


def test_another_account_is_refused_and_can_sign_out(invite: Invite, client_of: ClientOf, outsider: User) -> None:
    invitation = invite()
    client = opened(invitation, client_of(outsider))

    assert "This invitation is for another email address" in client.get(INVITATION).content.decode()
    assert send_form(client, CHOSEN).status_code == 403
    assert Membership.objects.filter(organization__slug="acme").count() == 1

    page = client.post("/invitation/switch/", follow=True)

    assert "Choose a password to join." in page.content.decode()
    assert "_auth_user_id" not in client.session
    assert send_form(client, CHOSEN).status_code == 302


# --- The form belongs to the invitation that it was shown for ---------------------------------------


def sent_as_shown(client: Client, *, meanwhile: str, fields: dict[str, str]) -> Any:
    """Open the page, then another link, as any site can make a browser do, and submit the form of the first page."""
    shown = client.get(INVITATION).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', shown))
    client.get(meanwhile)
    return client.post(INVITATION, hidden | fields)


@pytest.mark.parametrize("who", ["newcomer", "has an account", "signed in"])
def test_a_form_does_not_accept_an_invitation_opened_in_the_meantime(
    invite: Invite, client_of: ClientOf, who: str, outsider: User
) -> None:
    mine = invite()
    address = mine.email if who == "signed in" else "somebody.else@people.example.com"
    other = invite(address, by=outsider.memberships.get(), sites=None)
    if who != "newcomer":
        for email in {mine.email, other.email}:
            account(email)
    client = client_of(User.objects.get(email=mine.email) if who == "signed in" else None)
    users = User.objects.count()

    page = sent_as_shown(opened(mine, client), meanwhile=link_of(other), fields=CHOSEN | {"password": PASSWORD})

    words = text_of(page.content.decode())
    assert page.status_code == 409
    assert "Join Globex" in words
    assert "You opened another invitation in the meantime. Check that this is the one you want to accept." in words
    assert PASSWORD not in page.content.decode()
    assert User.objects.count() == users
    assert not Membership.objects.filter(user__email__in=[mine.email, other.email]).exists()
    assert not Invitation.objects.exclude(state="pending").exists()
    assert ("_auth_user_id" in client.session) is (who == "signed in")
    assert send_form(client, CHOSEN | {"password": PASSWORD}).status_code == 302, "It's the form of this page now."
    assert Membership.objects.get(user__email=other.email).organization.slug == "globex"


def test_a_form_that_names_no_link_accepts_nothing(invite: Invite) -> None:
    client = opened(invite())

    for fields in (CHOSEN, CHOSEN | {"shown_for": ""}, CHOSEN | {"shown_for": "\u00e9" * 64}):
        assert client.post(INVITATION, fields).status_code == 409

    assert not User.objects.filter(email="chiara.rossi@people.example.com").exists()
    assert not Session.objects.exists()


def test_an_invalid_link_opened_in_the_meantime_looks_the_same(invite: Invite) -> None:
    client = opened(invite())

    page = sent_as_shown(client, meanwhile="/i/never-was-one/", fields=CHOSEN)

    assert page.status_code == 404
    assert text_of(page.content.decode()) == text_of(client.get(INVITATION).content.decode())


# --- Once, and in time ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_fifty_concurrent_requests_create_one_member(invite: Invite) -> None:
    invitation = invite()
    clients = [opened(invitation) for _ in range(50)]
    start, answers = threading.Barrier(50), []

    def accept(client: Client) -> None:
        start.wait()
        try:
            answers.append(send_form(client, CHOSEN).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 50
    assert answers.count(302) == 1
    # 422: the account already existed, and so many signed in at the same time that it counted as guessing.
    assert set(answers) <= {302, 404, 422}
    assert User.objects.filter(email=invitation.email).count() == 1
    assert Membership.objects.filter(user__email=invitation.email).count() == 1


def test_it_can_expire_while_the_page_is_open(invite: Invite) -> None:
    invitation = invite()
    # Before the cookie expires, which would hide it.
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(minutes=30))
    client = opened(invitation)
    assert client.get(INVITATION).status_code == 200

    with time_machine.travel(timezone.now() + timedelta(minutes=30, seconds=1)):
        assert send_form(client, CHOSEN).status_code == 404
        assert client.get(INVITATION).status_code == 404

    assert not User.objects.filter(email="chiara.rossi@people.example.com").exists()


def test_it_expires_even_while_it_is_being_accepted(invite: Invite) -> None:
    invitation = invite(expired=True)

    with domain_error("dead_link", match="is no longer valid"):
        accept_with_existing_account(account(), invitation.token_hash)

    assert not Membership.objects.filter(user__email=invitation.email).exists()


def test_it_works_for_the_days_in_the_settings(invite: Invite) -> None:
    invitation = invite()

    with time_machine.travel(timezone.now() + timedelta(days=14) - timedelta(minutes=1)):
        assert send_form(opened(invitation), CHOSEN).status_code == 302
    with time_machine.travel(timezone.now() + timedelta(days=14) + timedelta(minutes=1)):
        assert opened(invite("late@people.example.com")).get(INVITATION).status_code == 200
        assert opened(invitation).get(INVITATION).status_code == 404


def test_opening_the_link_does_not_use_it_up(invite: Invite) -> None:
    invitation = invite()
    for _ in range(5):
        scanner = Client()
        assert scanner.get(link_of(invitation), follow=True).status_code == 200
        assert scanner.head(link_of(invitation)).status_code == 302
        assert scanner.head(INVITATION).status_code == 200

    assert send_form(opened(invitation), CHOSEN).status_code == 302


def test_all_invalid_links_look_the_same(invite: Invite, client_of: ClientOf) -> None:
    used, expired = invite("used@people.example.com"), invite("expired@people.example.com", expired=True)
    revoked, renewed = invite("revoked@people.example.com"), invite("renewed@people.example.com")
    send_form(opened(used), CHOSEN)
    Invitation.objects.filter(pk=revoked.pk).update(state="revoked")
    old_link = link_of(renewed)
    Invitation.objects.filter(pk=renewed.pk).update(token_hash="0" * 64)

    links = [link_of(used), link_of(expired), link_of(revoked), old_link, "/i/never-was-one/", f"/i/{'x' * 500}/"]
    pages = []
    for link in links:
        client = Client()
        # Django's CSRF token differs from page to page.
        page = client.get(link, follow=True)
        pages.append((page.status_code, page.redirect_chain, text_of(page.content.decode())))
        assert send_form(client, CHOSEN).status_code == 404

    assert len({str(page) for page in pages}) == 1
    status, _, words = pages[0]
    assert status == 404
    assert DEAD in words
    assert "Sign in" in words
    for private in ("example.com", "Acme", "Ines"):
        assert private not in words


def test_a_user_who_has_accepted_is_told_that_they_are_a_member(
    invite: Invite, client_of: ClientOf, admin: User, acme: Organization
) -> None:
    invitation = invite()
    mine = opened(invitation)
    send_form(mine, CHOSEN)

    told = mine.get(link_of(invitation), follow=True)

    assert told.status_code == 200
    assert "You’ve joined Acme" in text_of(told.content.decode())
    assert 'href="/o/acme/"' in told.content.decode()
    for other in (Client(), client_of(admin)):
        assert other.get(link_of(invitation), follow=True).status_code == 404
    acme.memberships.get(user__email=invitation.email).delete()
    assert mine.get(link_of(invitation), follow=True).status_code == 404


def test_the_page_needs_a_link(db: None) -> None:
    assert Client().get(INVITATION).status_code == 404
    assert Client().post(INVITATION, CHOSEN).status_code == 404


# --- Permissions are checked again ------------------------------------------------------------------


def _demote(by: Membership) -> None:
    by.roles.set([Role.objects.get(organization=by.organization, name="Project manager")])


def _remove(by: Membership) -> None:
    by.delete()


def _shut(by: Membership) -> None:
    User.objects.filter(pk=by.user_id).update(is_active=False)


def _deactivate(by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(deactivated_at=timezone.now())


def _take_sites(by: Membership) -> None:
    Membership.objects.filter(pk=by.pk).update(all_sites=False)


@pytest.mark.parametrize("what_happened", [_demote, _remove, _shut, _deactivate, _take_sites])
def test_the_link_stops_working_when_the_inviter_loses_permission(
    invite: Invite, by: Membership, what_happened: Callable[[Membership], None]
) -> None:
    client = opened(invite())
    assert client.get(INVITATION).status_code == 200

    what_happened(by)

    page = send_form(client, CHOSEN)
    assert page.status_code == 404
    assert DEAD in page.content.decode()
    assert not User.objects.filter(email="chiara.rossi@people.example.com").exists()


def test_an_invitation_gives_access_to_its_own_organization_only(invite: Invite, outsider: User) -> None:
    client = opened(invite())
    send_form(client, CHOSEN)

    assert client.get("/o/acme/").status_code == 200
    assert client.get("/o/globex/").status_code == 404
    assert client.get("/o/globex/users/").status_code == 404


# --- The token ---------------------------------------------------------------------------------------


def test_the_link_redirects_so_that_no_url_leaks_its_token(invite: Invite) -> None:
    invitation = invite()
    client = Client()

    answer = client.get(link_of(invitation))

    assert answer.headers["Location"] == INVITATION
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    page = client.get(INVITATION)
    for each in (answer, page):
        assert "no-store" in each.headers["Cache-Control"]
    assert token_of(invitation) not in page.content.decode()


def test_every_token_is_kept_in_a_cookie_for_an_hour(invite: Invite, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = True
    for link in (link_of(invite()), "/i/never-was-one/", f"/i/{'x' * 500}/"):
        client = Client()
        client.get(link)

        cookie = client.cookies[COOKIE]
        assert (cookie["path"], cookie["max-age"], cookie["samesite"]) == (INVITATION, 3600, "Lax")
        assert cookie["httponly"]
        assert cookie["secure"]
        assert re.fullmatch(r"[0-9a-f]{64}:[\w-]+:[\w-]+", cookie.value), "the hash, when, and the signature"
    assert not Session.objects.exists()


def test_an_unsigned_cookie_opens_nothing(invite: Invite) -> None:
    invitation = invite()
    _hash, when, signature = opened(invitation).cookies[COOKIE].value.split(":")
    other = opened(invite("ann@people.example.com")).cookies[COOKIE].value.split(":")[0]
    for forged in (invitation.token_hash, f"{other}:{when}:{signature}", "::", ""):
        client = Client()
        client.cookies[COOKIE] = forged
        assert client.get(INVITATION).status_code == 404
        assert send_form(client, CHOSEN).status_code == 404


def test_the_cookie_ends_after_an_hour_and_the_link_opens_again(invite: Invite) -> None:
    invitation = invite()
    client = opened(invitation)
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        # Also for a browser that kept it.
        client.cookies[COOKIE]["max-age"] = ""
        page = send_form(client, CHOSEN)
        assert page.status_code == 404
        assert "open it again from your email" in text_of(page.content.decode())
        assert send_form(opened(invitation, client), CHOSEN).status_code == 302


@pytest.mark.servers
def test_the_cookie_is_deleted_after_acceptance(invite: Invite) -> None:
    client = opened(invite())
    send_form(client, CHOSEN)
    assert client.cookies[COOKIE].value == ""
    assert client.cookies[COOKIE]["path"] == INVITATION
    assert client.get(INVITATION).status_code == 404


def test_neither_database_nor_logs_contain_a_token(
    invite: Invite, acme: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    invitation = invite(mailed=False)
    deliver(acme)
    token = token_of(invitation)
    client = opened(invitation)
    client.get(INVITATION)
    cookie = client.cookies[COOKIE].value
    send_form(client, CHOSEN)

    assert token in mail.outbox[0].body
    assert token not in "\n".join(_dump())
    assert token not in cookie
    assert token not in str(dict(client.session))
    formatter = next(each.formatter for each in logging.getLogger().handlers if each.name == "stderr")
    assert formatter is not None
    logged = "\n".join(formatter.format(record) for record in caplog.records)
    assert "GET /i/*/" in logged
    assert token not in logged


def _dump() -> list[str]:
    """Every value of every table."""
    values = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            values += [str(value) for row in cursor.fetchall() for value in row]
    return values


def test_the_session_is_renewed_at_acceptance(invite: Invite, client_of: ClientOf) -> None:
    newcomer = opened(invite())
    before = newcomer.session.session_key
    send_form(newcomer, CHOSEN)
    assert newcomer.session.session_key not in (None, before)

    account("ann@people.example.com")
    signing_in = opened(invite("ann@people.example.com"))
    before = signing_in.session.session_key
    send_form(signing_in, {"password": PASSWORD})
    assert signing_in.session.session_key not in (None, before)

    here = opened(invite("bo@people.example.com"), client_of(account("bo@people.example.com")))
    before = here.session.session_key
    send_form(here)
    assert here.session.session_key not in (None, before)


def test_every_form_needs_a_csrf_token(invite: Invite) -> None:
    client = opened(invite(), Client(enforce_csrf_checks=True))

    assert send_form(client, CHOSEN).status_code == 403
    assert client.post("/invitation/switch/").status_code == 403
    assert not User.objects.filter(email="chiara.rossi@people.example.com").exists()


def test_a_forged_host_is_in_no_email(
    invite: Invite, acme: Organization, settings: Any, sites: list[Site], admin: User
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(headers={"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com"})
    client.force_login(admin)
    client.post(
        "/o/acme/invite/",
        {
            "email": "ann@people.example.com",
            "first_name": "Ann",
            "last_name": "Example",
            "roles": [Role.objects.get(organization=acme, name="ReadOnly").pk],
            "sites": [sites[0].pk],
        },
    )

    (letter,) = deliver(acme)
    assert f"{settings.BASE_URL}/i/" in letter.body
    assert "evil" not in letter.message().as_string()

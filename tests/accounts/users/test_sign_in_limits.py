"""Nobody can guess passwords without limit, and nobody can lock the owner out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts.models import User
from accounts.users import rate_limits
from config.harness.redis_server import RedisServer, program
from tests.accounts.users.test_lost_password import deliver
from tests.members import PASSWORD
from tests.pages import words_of

SIGN_IN = "/accounts/login/"
ASK = "/accounts/password/reset/"
LOCKED = "Too many attempts."
NEW = "a boat on a quiet lake"


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    if program() is None:
        pytest.skip("no Redis: apt install redis-server")
    with RedisServer() as server:
        yield server


@pytest.fixture(params=["redis", "database"])
def counted_in(request: pytest.FixtureRequest, settings: LazySettings) -> str:
    """Run the test with Redis, and without, when the database counts."""
    if request.param == "redis":
        server = request.getfixturevalue("redis_server")
        server.start()
        server.client.flushall()
        settings.RATE_LIMIT_STORAGE = server.url
        # It was away for another test.
        rate_limits._rate_limiter.cache_clear()
    return str(request.param)


def sign_in(client: Client, email: str = "admin@example.com", password: str = "wrong", **more: Any) -> Any:
    return client.post(SIGN_IN, {"login": email, "password": password}, **more)


def is_signed_in(client: Client) -> bool:
    return "sessionid" in client.cookies


def lock(email: str = "admin@example.com", *, address: str = "192.0.2.66") -> None:
    """Like an attacker, from another client."""
    for _ in range(6):
        sign_in(Client(REMOTE_ADDR=address), email)


def link_in_mail() -> str:
    deliver()
    found = re.search(r"(/accounts/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def set_password(client: Client, link: str) -> Any:
    form = client.get(link).headers["Location"]
    return client.post(form, {"password1": NEW}, follow=True)


# --- Counts can't be evaded ---------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["admin@example.com", "ADMIN@Example.com", " admin@example.com "])
def test_five_wrong_passwords_lock_the_account_in_any_spelling(admin: User, counted_in: str, email: str) -> None:
    for number in range(5):
        assert LOCKED not in words_of(sign_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), email))

    owner = Client()
    answer = sign_in(owner, password=PASSWORD)

    assert LOCKED in words_of(answer)
    assert not is_signed_in(owner)


def test_an_unknown_account_is_locked_with_the_same_message(admin: User, counted_in: str) -> None:
    pages: list[str] = []
    for email in ("admin@example.com", "nobody@example.com"):
        lock(email, address=f"192.0.2.{len(pages)}")
        pages.append(words_of(sign_in(Client(REMOTE_ADDR="198.51.100.1"), email)))
    assert LOCKED in pages[0]
    assert pages[0] == pages[1]


def test_the_host_header_does_not_affect_the_count(admin: User, counted_in: str) -> None:
    lock()

    for host in ("127.0.0.1", "127.0.0.1:8000", "localhost", "localhost:8000", "LOCALHOST"):
        sign_in(owner := Client(headers={"host": host}), password=PASSWORD)
        assert not is_signed_in(owner), host


def test_an_unknown_host_gets_no_attempt(admin: User) -> None:
    for host in ("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1.", "localhost.:8000", "evil.example"):
        assert sign_in(Client(headers={"host": host}), password=PASSWORD).status_code == 400, host


def test_a_lock_survives_hundreds_of_anonymous_requests(admin: User) -> None:
    """Counted in the database. Redis keeps what it gets. Each of the requests counts a client that wasn't there before."""
    lock()

    for number in range(350):
        assert rate_limits.hit(rate_limits.RESET_REQUESTS_OF_CLIENT, f"10.0.{number // 250}.{number % 250}")

    owner = Client()
    assert LOCKED in words_of(sign_in(owner, password=PASSWORD))
    assert not is_signed_in(owner)


def test_a_lock_survives_when_redis_goes_down(admin: User, redis_server: RedisServer, settings: LazySettings) -> None:
    redis_server.start()
    redis_server.client.flushall()
    rate_limits._rate_limiter.cache_clear()
    settings.RATE_LIMIT_STORAGE = redis_server.url
    lock()
    redis_server.stop()

    sign_in(owner := Client(), password=PASSWORD)

    assert not is_signed_in(owner)


def test_a_lock_ends_after_five_minutes(admin: User) -> None:
    lock()
    with travel(timezone.now() + timedelta(minutes=5, seconds=1)):
        sign_in(owner := Client(), password=PASSWORD)
    assert is_signed_in(owner)


def test_one_client_cannot_guess_for_many_accounts(admin: User, counted_in: str) -> None:
    attacker = Client(REMOTE_ADDR="192.0.2.66")
    for number in range(10):
        assert LOCKED not in words_of(sign_in(attacker, f"somebody{number}@example.com"))

    assert LOCKED in words_of(sign_in(attacker, password=PASSWORD))
    sign_in(elsewhere := Client(REMOTE_ADDR="192.0.2.67"), password=PASSWORD)
    assert is_signed_in(elsewhere)


def test_a_forged_proxy_header_does_not_change_the_client(admin: User, counted_in: str) -> None:
    for number in range(10):
        sign_in(Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}), f"somebody{number}@example.com")
    assert LOCKED in words_of(sign_in(Client(headers={"X-Forwarded-For": "192.0.2.99"}), password=PASSWORD))


def test_the_addresses_of_one_ipv6_network_are_one_client(admin: User, counted_in: str) -> None:
    for number in range(10):
        sign_in(Client(REMOTE_ADDR=f"2001:db8::{number}"), f"somebody{number}@example.com")

    assert LOCKED in words_of(sign_in(Client(REMOTE_ADDR="2001:db8::ffff"), password=PASSWORD))
    sign_in(elsewhere := Client(REMOTE_ADDR="2001:db8:0:1::1"), password=PASSWORD)
    assert is_signed_in(elsewhere)


def test_ipv4_addresses_in_the_form_of_ipv6_are_different_clients(admin: User) -> None:
    for number in range(10):
        sign_in(Client(REMOTE_ADDR="::ffff:192.0.2.1"), f"somebody{number}@example.com")
    sign_in(elsewhere := Client(REMOTE_ADDR="::ffff:192.0.2.2"), password=PASSWORD)
    assert is_signed_in(elsewhere)


def test_correct_passwords_do_not_count(admin: User, counted_in: str) -> None:
    for _ in range(4):
        sign_in(Client())
    for _ in range(12):
        sign_in(owner := Client(), password=PASSWORD)
        assert is_signed_in(owner)
    sign_in(Client())
    assert LOCKED in words_of(sign_in(Client()))


@pytest.mark.parametrize(
    ("path", "form", "least"),
    [
        (SIGN_IN, {"login": "admin", "password": "x"}, 30),
        (ASK, {"email": "nobody@example.com"}, 20),
        ("/accounts/password/reset/key/1-set-password/", {"password1": NEW}, 20),
    ],
)
def test_each_anonymous_form_has_a_limit_for_each_client(
    admin: User, counted_in: str, path: str, form: dict[str, str], least: int
) -> None:
    answers = [Client().post(path, form).status_code for _ in range(least + 1)]

    assert 429 not in answers[:least]
    assert answers[least] == 429
    assert Client(REMOTE_ADDR="192.0.2.1").post(path, form).status_code != 429


def test_the_page_of_a_limit_says_when_to_try_again(client: Client, db: None) -> None:
    for _ in range(21):
        answer = client.post(ASK, {"email": "nobody@example.com"})
    assert "Too many attempts" in words_of(answer)
    assert answer.headers["Retry-After"] == "60"


def test_the_form_to_change_a_password_is_limited_too(admin: User, counted_in: str) -> None:
    client = Client()
    client.force_login(admin)
    for _ in range(5):
        client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW})

    answer = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW})

    assert answer.status_code == 429
    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)


def test_counts_contain_no_addresses(admin: User) -> None:
    lock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_ratelimitcount")
        kept = str(cursor.fetchall())
    assert kept.count("sign-ins-of-account") == 1
    assert "admin@example.com" not in kept
    assert "192.0.2.66" not in kept


# --- The owner gets in ----------------------------------------------------------------------------------


def test_a_reset_link_ends_the_lock(admin: User, counted_in: str) -> None:
    lock()
    owner = Client()
    assert "Forgot your password?” to sign in by email." in words_of(sign_in(owner, password=PASSWORD))

    owner.post(ASK, {"email": admin.email})
    page = set_password(owner, link_in_mail())

    assert page.redirect_chain[-1][0] == "/o/acme/users/"
    sign_in(elsewhere := Client(REMOTE_ADDR="198.51.100.1"), password=NEW)
    assert is_signed_in(elsewhere), "The lock is gone, too."


def test_a_reset_link_does_not_skip_a_second_factor(admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "accounts.users.sign_in.Adapter.get_login_stages",
        lambda _self: ["tests.accounts.users.second_factor.SecondFactor"],
    )
    lock()
    owner = Client()
    owner.post(ASK, {"email": admin.email})

    set_password(owner, link_in_mail())

    assert owner.get("/account/").status_code == 302

"""Odd headers cause no server error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.users.sessions import SessionStore
from tests.pages import HTMX

pytestmark = pytest.mark.servers

NAMES = (
    *("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "If-Modified-Since", "If-None-Match"),
    *("HX-Boosted", "HX-Current-URL", "HX-Request", "HX-Target", "HX-Trigger", "Origin", "Range", "Referer"),
    *("User-Agent", "X-CSRFToken", "X-Correlation-ID", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-ID"),
)
VALUES = ("http://[", "]", "\x00", "\xff" * 5_000, "-1", 'x;q="', "q=nan", "%", "999.999.1.1", "Basic !", "bytes=-")
STORED_OTHERWISE = ("\x00", "\xff" * 5_000, "999.999.1.1")
COOKIES = (
    *('"aaaaaaaaaaaa\\000b"', '"aaaaaaaaaaaa\\777b"', "x" * 4_000, "aaaaaaaaaaaa\xff", "::", '"', "%00"),
    *("../../../etc/passwd", "' OR 1=1 --"),
)


@pytest.mark.parametrize("is_htmx", [True, False])
def test_any_header_value_gets_a_response(db: None, is_htmx: bool) -> None:
    """Each request has all headers, each with another value. In the end, each header had every value.

    The response is the usual one, so no header kept the others from being read.
    """
    # Whatever isn't stored means the same to every database.
    values = VALUES if connection.vendor == "sqlite" else STORED_OTHERWISE
    usual = statuses(HTMX if is_htmx else {})
    for number in range(len(values)):
        odd = {name: values[(number + index) % len(values)] for index, name in enumerate(NAMES)}
        assert statuses({**odd, **HTMX} if is_htmx else odd) == usual, odd


def statuses(headers: dict[str, str]) -> list[int]:
    """Of pages for everybody, and of a failed sign-in."""
    answers = [Client(headers=headers).get(path) for path in ("/", "/invitation/")]
    form = {"login": "ann@example.com", "password": "guessed"}
    answers.append(Client(headers=headers).post("/accounts/login/", form))
    return [answer.status_code for answer in answers]


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "invitation"])
def test_any_cookie_gets_a_response(db: None, name: str) -> None:
    for value in COOKIES:
        for path in ("/", "/invitation/", "/accounts/login/"):
            assert Client().get(path, headers={"Cookie": f"{name}={value}"}).status_code < 500


def test_sessions_are_looked_up_only_by_valid_keys(admin: User, client_of: Callable[..., Client]) -> None:
    client_of(admin)
    key = Session.objects.get().session_key

    assert SessionStore(key).session_key == key
    for odd in (f"{key[:-1]}\0", key.upper(), f"{key} ", "", None):
        assert SessionStore(odd).session_key is None


def test_an_invalid_url_is_not_the_next_page(db: None) -> None:
    response = Client().get("/account/", headers={**HTMX, "HX-Current-URL": "http://["})

    assert response.headers["HX-Redirect"] == "/accounts/login/"

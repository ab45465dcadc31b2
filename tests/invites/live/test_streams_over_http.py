"""Streams of the running product over real sockets: how many one user gets, and what ends them."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress

import pytest
import requests

from config.harness.running import Stack, wait_for
from config.harness.visitor import Visitor
from invites.live.streams import MAX_STREAMS_PER_USER
from tests.files import many
from tests.web_server import web_server

ADMIN = "admin@example.com"
# A stream looks once a second, and less often when there are many.
ENDS_WITHIN = 4.0
# Another admin with the same password, who has signed in; prints the key of the session.
JOIN = """
from django.conf import settings
from django.contrib import auth
from accounts.models import Organization, Role
from accounts.users.sessions import SessionStore
acme = Organization.objects.get(slug="acme")
user = User.objects.create(email="{email}", password=User.objects.get(email="admin@example.com").password)
membership = Membership.objects.create(user=user, organization=acme, all_sites=True)
membership.roles.set(Role.objects.filter(organization=acme, name="Org Admin"))
session = SessionStore()
session[auth.SESSION_KEY] = str(user.pk)
session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print(session.session_key)
"""
DEACTIVATE = """
from accounts.organizations.members import deactivate_membership
members = Membership.objects.filter(organization__slug="acme")
deactivate_membership(members.get(user__email="admin@example.com"), members.get(user__email="{email}"))
"""
# What is done to the person with that address.
ACTS = {
    "removed@example.com": "Membership.objects.get(user__email='{email}').delete()",
    "demoted@example.com": "Membership.objects.get(user__email='{email}').roles.clear()",
    "deactivated@example.com": DEACTIVATE,
    "no.account@example.com": "User.objects.filter(email='{email}').update(is_active=False)",
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A web server with an import that doesn't end, because there is no worker."""
    with web_server(tmp_path_factory.mktemp("web") / "var") as stack:
        yield stack


@pytest.fixture(scope="module", autouse=True)
def admin(web: Stack) -> Visitor:
    """Who has started the import."""
    visitor = signed_in(web)
    assert visitor.import_file(many(20), organization="acme") == 1
    return visitor


EVENTS = "/o/acme/batches/1/progress/events/"


def signed_in(stack: Stack, email: str = ADMIN) -> Visitor:
    visitor = Visitor(stack.url)
    visitor.sign_in(email, stack.password)
    return visitor


def joined(stack: Stack, *emails: str) -> list[Visitor]:
    """New admins with these addresses, signed in."""
    keys = shell(stack, "".join(JOIN.format(email=email) for email in emails)).split()
    return [Visitor(stack.url, session=key) for key in keys]


def shell(stack: Stack, code: str) -> str:
    done = stack.manage("shell", "--no-imports", "-c", f"from accounts.models import Membership, User\n{code}")
    assert done.returncode == 0, done.stderr
    return done.stdout


class Listener:
    """Reads a stream in a thread of its own."""

    def __init__(self, visitor: Visitor) -> None:
        self._stream = visitor.open_stream(EVENTS)
        assert self._stream.status_code == 200
        self._lines = self._stream.iter_lines()
        self.events = [next(self._lines).decode()]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        # What urllib3 raises when the stream is closed while this thread reads.
        with suppress(requests.RequestException, AttributeError):
            for line in self._lines:
                self.events += [line.decode()] if line.startswith(b"event: ") else []

    def close(self) -> None:
        with suppress(RuntimeError):  # It has ended.
            # Otherwise, closing waits for what the thread reads next.
            self._stream.raw.shutdown()
        self._stream.close()

    @property
    def is_open(self) -> bool:
        return self._thread.is_alive()

    def expect_end(self, why: str) -> None:
        self._thread.join(ENDS_WITHIN)
        assert not self.is_open, f"{why}: it is still open after {ENDS_WITHIN} s."
        assert self.events[-1] == "event: end", why


@pytest.fixture
def listen() -> Iterator[Callable[[Visitor], Listener]]:
    """`listen(visitor)` opens a stream, which is closed after the test."""
    with ExitStack() as opened:
        yield lambda visitor: opened.enter_context(closing(Listener(visitor)))


Listen = Callable[[Visitor], Listener]


def test_one_user_can_open_thirty_streams(web: Stack) -> None:
    [visitor] = joined(web, "thirty@example.com")
    count = MAX_STREAMS_PER_USER + 10
    gate = threading.Barrier(count)

    def open_one(_: int) -> requests.Response:
        gate.wait(20)
        return visitor.open_stream(EVENTS)

    with ThreadPoolExecutor(count) as threads:
        opened = list(threads.map(open_one, range(count)))
    answers = Counter(response.status_code for response in opened)
    for response in opened:
        response.close()

    assert answers == {200: MAX_STREAMS_PER_USER, 429: 10}
    # Closed streams don't count.
    wait_for(lambda: is_let_in(visitor), what="place for another stream")


def test_streams_whose_client_left_early_are_released(web: Stack) -> None:
    [visitor] = joined(web, "early@example.com")
    with ExitStack() as left:
        ask_for_streams(left, web, visitor, 2 * MAX_STREAMS_PER_USER)

    def are_let_in() -> bool:
        with ExitStack() as opened:
            connections = ask_for_streams(opened, web, visitor, MAX_STREAMS_PER_USER)
            statuses = [connection.recv(len("HTTP/1.1 200"))[-3:] for connection in connections]
        return set(statuses) == {b"200"}

    wait_for(are_let_in, what="place for thirty streams", seconds=20)


def ask_for_streams(opened: ExitStack, web: Stack, visitor: Visitor, count: int) -> list[socket.socket]:
    asking = f"GET {EVENTS} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {visitor.cookies}\r\n\r\n".encode()
    connections = [opened.enter_context(socket.create_connection(("127.0.0.1", web.port), 60)) for _ in range(count)]
    for connection in connections:
        connection.sendall(asking)
    return connections


def is_let_in(visitor: Visitor) -> bool:
    with visitor.open_stream(EVENTS) as response:
        return response.status_code == 200


def test_signing_out_ends_only_the_streams_of_that_session(web: Stack, admin: Visitor, listen: Listen) -> None:
    here = signed_in(web)
    listeners = listen(here), listen(admin)

    here.post("/accounts/logout/", {})

    listeners[0].expect_end("signed out")
    assert listeners[1].is_open


def test_changing_the_password_ends_the_streams_of_other_sessions(web: Stack, admin: Visitor, listen: Listen) -> None:
    email = "colleague@example.com"
    [here], elsewhere = joined(web, email), signed_in(web, email)
    listener, of_another = listen(here), listen(admin)

    elsewhere.post("/accounts/password/change/", {"oldpassword": web.password, "password1": "another passphrase 42"})

    listener.expect_end("another password")
    assert of_another.is_open


def test_a_stream_ends_when_its_viewer_may_no_longer_see_it(web: Stack, admin: Visitor, listen: Listen) -> None:
    listeners = {email: listen(visitor) for email, visitor in zip(ACTS, joined(web, *ACTS), strict=True)}
    of_another = listen(admin)

    shell(web, "\n".join(act.format(email=email) for email, act in ACTS.items()))

    for email, listener in listeners.items():
        listener.expect_end(email)
    assert of_another.is_open

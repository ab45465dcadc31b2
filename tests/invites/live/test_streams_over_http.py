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

ADMIN, COLLEAGUE = "admin@example.com", "colleague@example.com"
# A stream looks once a second, and less often when there are many.
ENDS_WITHIN = 4.0
JOIN = """
from accounts.models import Membership, Organization, Role, User
acme = Organization.objects.get(slug="acme")
user = User.objects.create_user("{email}", "{password}")
membership = Membership.objects.create(user=user, organization=acme, all_sites=True)
membership.roles.set(Role.objects.filter(organization=acme, name="Org Admin"))
"""
DEACTIVATE = """
from accounts.organizations.members import deactivate_membership
members = Membership.objects.filter(organization__slug="acme")
deactivate_membership(members.get(user__email="admin@example.com"), members.get(user__email="{email}"))
"""
ACTS = {
    "removed": "Membership.objects.get(user__email='{email}').delete()",
    "demoted": "Membership.objects.get(user__email='{email}').roles.clear()",
    "deactivated": DEACTIVATE,
    "account deactivated": "User.objects.filter(email='{email}').update(is_active=False)",
}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product with an import that runs for minutes."""
    running = Stack(tmp_path_factory.mktemp("slow") / "var", EMAILS_PER_SECOND="1")
    running.start()
    try:
        assert signed_in(running).import_file(many(600), organization="acme") == 1
        yield running
    finally:
        running.stop()


EVENTS = "/o/acme/batches/1/progress/events/"


def signed_in(stack: Stack, email: str = ADMIN) -> Visitor:
    visitor = Visitor(stack.url)
    visitor.sign_in(email, stack.password)
    return visitor


@pytest.fixture
def colleague(slow: Stack) -> Iterator[str]:
    """The address of another admin, whose password is the same."""
    shell(slow, JOIN.format(email=COLLEAGUE, password=slow.password))
    yield COLLEAGUE
    shell(slow, f"User.objects.filter(email='{COLLEAGUE}').delete()")


def shell(stack: Stack, code: str) -> None:
    done = stack.manage("shell", "--no-imports", "-c", f"from accounts.models import Membership, User\n{code}")
    assert done.returncode == 0, done.stderr


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
        self._stream.close()

    @property
    def is_open(self) -> bool:
        return self._thread.is_alive()

    def expect_end(self) -> None:
        self._thread.join(ENDS_WITHIN)
        assert not self.is_open, f"It is still open after {ENDS_WITHIN} s."
        assert self.events[-1] == "event: end"


@pytest.fixture
def listen() -> Iterator[Callable[[Visitor], Listener]]:
    """`listen(visitor)` opens a stream, which is closed after the test."""
    with ExitStack() as opened:
        yield lambda visitor: opened.enter_context(closing(Listener(visitor)))


Listen = Callable[[Visitor], Listener]


def test_one_user_can_open_thirty_streams(slow: Stack) -> None:
    visitor, count = signed_in(slow), 2 * MAX_STREAMS_PER_USER
    gate = threading.Barrier(count)

    def open_one(_: int) -> requests.Response:
        gate.wait(20)
        return visitor.open_stream(EVENTS)

    with ThreadPoolExecutor(count) as threads:
        opened = list(threads.map(open_one, range(count)))
    answers = Counter(response.status_code for response in opened)
    for response in opened:
        response.close()

    assert answers == {200: MAX_STREAMS_PER_USER, 429: MAX_STREAMS_PER_USER}
    # Closed streams don't count.
    wait_for(lambda: is_let_in(visitor), what="place for another stream")


def test_streams_whose_client_left_early_are_released(slow: Stack, colleague: str) -> None:
    visitor = signed_in(slow, colleague)
    asking = f"GET {EVENTS} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {visitor.cookies}\r\n\r\n".encode()
    for _ in range(2 * MAX_STREAMS_PER_USER):
        with socket.create_connection(("127.0.0.1", slow.port)) as connection:
            connection.sendall(asking)

    wait_for(lambda: is_let_in(visitor), what="place for a stream")


def is_let_in(visitor: Visitor) -> bool:
    with visitor.open_stream(EVENTS) as response:
        return response.status_code == 200


def test_signing_out_ends_only_the_streams_of_that_session(slow: Stack, listen: Listen) -> None:
    here, elsewhere = signed_in(slow), signed_in(slow)
    listeners = listen(here), listen(elsewhere)

    here.post("/accounts/logout/", {})

    listeners[0].expect_end()
    assert listeners[1].is_open


def test_changing_the_password_ends_the_streams_of_other_sessions(slow: Stack, colleague: str, listen: Listen) -> None:
    here, elsewhere = signed_in(slow, colleague), signed_in(slow, colleague)
    listener, of_another = listen(here), listen(signed_in(slow))

    elsewhere.post("/accounts/password/change/", {"oldpassword": slow.password, "password1": "another passphrase 42"})

    listener.expect_end()
    assert of_another.is_open


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_a_stream_ends_when_its_viewer_may_no_longer_see_it(
    slow: Stack, colleague: str, listen: Listen, act: str
) -> None:
    listener = listen(signed_in(slow, colleague))

    shell(slow, act.format(email=colleague))

    listener.expect_end()

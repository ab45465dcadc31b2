"""Bodies, headers and logs of the running product, over real sockets. It accepts files of 1 MB and logs everything."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from config.harness.running import Stack, wait_for
from config.harness.visitor import Visitor

MEGABYTE = 1024 * 1024
UPLOAD = "/o/acme/import/"
FORM = "application/x-www-form-urlencoded"
# A file of 1 MB and what a form adds to it.
MOST = 2 * MEGABYTE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`manage.py up` that logs like a server, one JSON object per line."""
    running = Stack(tmp_path_factory.mktemp("server") / "var", LOG_LEVEL="INFO", LOG_FORMAT="json", MAX_UPLOAD_MB="1")
    running.start()
    try:
        yield running
    finally:
        running.stop()


# --- Bodies and headers --------------------------------------------------------------------------------


def connect(server: Stack) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)


def in_pieces(size: int) -> Iterator[bytes]:
    for _ in range(size // 65_536):
        yield b"x" * 65_536


@pytest.mark.parametrize("path", [UPLOAD, "/o/acme/batches/1/problems/", "/accounts/login/"])
def test_a_body_with_a_content_length_above_the_limit_is_refused(server: Stack, path: str) -> None:
    connection = connect(server)
    connection.request("POST", path, body=b"x" * (MOST + 1))

    answer = connection.getresponse()

    assert answer.status == 413
    assert "and the limit is" in answer.read().decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_forms_full_of_percent_signs_take_little_memory(server: Stack) -> None:
    """Ten at once, from somebody who isn't signed in. Read as fields, each would take 140 MB."""
    before, body = peak_megabytes(server), b"a=" + b"%41" * 620_000

    def post(_: int) -> int:
        connection = connect(server)
        connection.request("POST", "/accounts/login/", body, {"Content-Type": FORM, "Cookie": "csrftoken=x"})
        return connection.getresponse().status

    with ThreadPoolExecutor(10) as clients:
        assert set(clients.map(post, range(10))) == {413}
    assert peak_megabytes(server) - before < 100


def peak_megabytes(server: Stack) -> int:
    """The most memory that the web process has had."""
    [web] = [pid for pid, command in server.processes().items() if "-m uvicorn" in command and "keeper" not in command]
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{web}/status").read_text())[0]) // 1024


def test_a_client_that_waits_is_refused_before_it_sends_anything(server: Stack) -> None:
    connection = connect(server)
    connection.putrequest("POST", UPLOAD)
    connection.putheader("Content-Length", str(50 * 1024 * MEGABYTE))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()

    assert connection.getresponse().status == 413


def test_a_body_without_a_content_length_is_counted(server: Stack) -> None:
    connection = connect(server)
    connection.request(
        "POST",
        UPLOAD,
        body=in_pieces(MOST + MEGABYTE),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        encode_chunked=True,
    )

    answer = connection.getresponse()

    assert answer.status == 413
    assert "This file is 3.0 MB, and the limit is 1 MB." in answer.read().decode()


def test_a_body_within_the_limit_reaches_the_page(server: Stack) -> None:
    connection = connect(server)
    connection.request(
        "POST",
        UPLOAD,
        body=in_pieces(MEGABYTE),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
        encode_chunked=True,
    )

    assert connection.getresponse().status == 403, "nobody's form is refused, whatever its size"


def test_htmx_gets_only_the_sentence(server: Stack) -> None:
    connection = connect(server)
    connection.request("POST", UPLOAD, body=b"x" * (MOST + 1), headers={"HX-Request": "true"})

    answer = connection.getresponse()

    assert answer.status == 413
    assert answer.read().decode() == "This file is 2.0 MB, and the limit is 1 MB."


@pytest.mark.parametrize("path", ["/healthz", "/accounts/login/", "/static/css/app.css", "/nothing/"])
def test_no_response_names_the_server(server: Stack, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    connection.request("GET", path)

    answer = connection.getresponse()

    assert answer.headers["Server"] == ""
    assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize(
    "content_type",
    [
        f"{FORM}; charset=hex",
        f"{FORM}; charset=utf-7",
        f'{FORM};Charset = "rot13"',
        f"{FORM}; charset=utf-16; charset=hex",
        "multipart/form-data; boundary=x; charset=rot13",
        "multipart/form-data; charset=base64; boundary=x",
        f"{FORM}; charset=utf-8",
    ],
)
def test_the_charset_of_a_request_changes_nothing(server: Stack, content_type: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)

    connection.request("POST", "/accounts/login/", body=b"login=a", headers={"Content-Type": content_type})

    assert connection.getresponse().status == 403, "nobody's form"


# --- Logs ----------------------------------------------------------------------------------------------


def logged(server: Stack) -> list[dict[str, Any]]:
    """Every line that the web server and the worker have logged so far."""
    lines = [line.partition(" | ")[2] for line in list(server.lines) if " | " in line]
    return [json.loads(line) for line in lines]


def test_an_invitation_from_sending_to_joining_leaves_no_secret_in_the_log(server: Stack) -> None:
    chosen = "a brand new passphrase"
    admin, invitee = Visitor(server.url), Visitor(server.url)
    admin.sign_in("admin@example.com", server.password)
    code = (
        "from accounts.models import *; from accounts.organizations.grants import AccessSelection; "
        "from invites.invitations.invite import invite_person; "
        "by = Membership.objects.get(user__email='admin@example.com', organization__slug='acme'); "
        "selection = AccessSelection.of(list(by.organization.roles.filter(name='ReadOnly')), [], all_sites=True); "
        "invite_person(by, email='new@people.example.com', first_name='New', last_name='Comer', description='', selection=selection)"
    )
    assert server.manage("shell", "--no-imports", "-c", code).returncode == 0
    link = re.search(r"http://\S+/i/([\w-]+)/", server.wait_for_mail("new@people.example.com").text)
    assert link is not None
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', invitee.get(link[0]).text)
    invitee.post("/invitation/", {**dict(hidden), "first_name": "New", "last_name": "Comer", "password": chosen})
    Visitor(server.url).post("/accounts/password/reset/", {"email": "new@people.example.com"})
    wait_for(lambda: len(server.inbox("new@people.example.com")) == 2, what="mail to choose a new password")
    reset = re.search(r"http://\S+/password/reset/key/(\S+)/", server.inbox("new@people.example.com")[-1].text)
    assert reset is not None
    invitee.get(reset[0])
    finished = [line for line in logged(server) if line["event"] == "request_finished"]
    joined = server.manage(
        "shell",
        "--no-imports",
        "-c",
        "from accounts.models import *; print(User.objects.get(email='new@people.example.com').has_usable_password())",
    )

    assert joined.stdout.strip() == "True", "the invitation was accepted"
    told = "\n".join(server.lines[1:])
    for secret in (link[1], reset[1].partition("-")[2], chosen, server.password):
        assert secret not in told.replace(server.wait_until_ready(), "")
    assert any(line["request"] == "GET /i/*/" for line in finished)
    assert any(line["request"] == "GET /accounts/password/reset/key/*/" for line in finished)
    # The token isn't in the queue or in the database either, only in the email.
    for kept in (server.data_dir / "valkey", server.data_dir):
        for path in kept.glob("**/*"):
            if path.is_file() and "mail" not in path.relative_to(server.data_dir).parts:
                assert link[1].encode() not in path.read_bytes(), path


def test_a_request_is_logged_with_its_user_and_organization(server: Stack) -> None:
    admin = Visitor(server.url)
    admin.sign_in("admin@example.com", server.password)
    admin.get("/o/acme/users/")

    def line() -> dict[str, Any] | None:
        finished = [line for line in logged(server) if line["event"] == "request_finished"]
        return next((line for line in finished if line["request"] == "GET /o/acme/users/"), None)

    found = wait_for(line, what="line of the request")
    assert found["code"] == 200
    assert found["user_id"]
    assert found["organization_id"]
    assert found["request_id"]
    assert {line["level"] for line in logged(server)} <= {"info", "warning"}

"""A body that is too large is refused while it streams in, with or without Content-Length."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.urls import reverse

from config.harness.running import Stack
from config.limits import limit_of

MEGABYTE = 1024 * 1024
UPLOAD = "/o/acme/import/"
FORM = "application/x-www-form-urlencoded"
# A file of 1 MB and what a form adds to it.
MOST = 2 * MEGABYTE


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


@pytest.mark.parametrize(
    ("path", "is_upload"),
    [
        (reverse("imports:import", args=["acme"]), True),
        (reverse("imports:sample", args=["acme"]), False),
        ("/o/acme/batches/1/problems/", False),
        ("/o/acme/batches/1/resend/", False),
        ("/accounts/login/", False),
    ],
)
def test_only_uploads_may_have_the_size_of_a_file(path: str, is_upload: bool) -> None:
    assert (limit_of(path) > settings.MAX_BODY_BYTES) is is_upload


@pytest.mark.parametrize("path", [UPLOAD, "/o/acme/batches/1/problems/", "/accounts/login/"])
@pytest.mark.parametrize("kind", [FORM, "Application/X-WWW-Form-Urlencoded ; charset=utf-8"])
def test_the_limit_of_encoded_forms_is_small(path: str, kind: str) -> None:
    assert limit_of(path, content_type=kind.encode()) == settings.MAX_FORM_BYTES


def test_a_report_of_the_mail_provider_may_be_larger_than_a_form() -> None:
    assert limit_of("/webhooks/mandrill/tracking/", content_type=FORM.encode()) == settings.MAX_BODY_BYTES


def test_forms_full_of_percent_signs_take_little_memory(server: Stack) -> None:
    """Ten at once, from an anonymous client. Decoded, each would take 140 MB."""
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

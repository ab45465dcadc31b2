"""The headers of every response, and requests that other sites must not be able to make."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.tasks import send_unsent_emails

POLICY = {
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "frame-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/accounts/login/", 200),
        ("/accounts/password/reset/", 200),
        ("/invitation/", 404),
        ("/nothing/here/", 404),
        ("/o/acme/users/", 302),
        ("/operators/", 302),
        ("/healthz", 200),
    ],
)
def test_pages_allow_no_inline_code_and_no_frame(client: Client, path: str, status: int) -> None:
    answer = client.get(path)

    assert answer.status_code == status
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] in ("same-origin", "no-referrer")
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_pages_of_an_admin_allow_no_inline_code(admin: User, client_of: Callable[[User | None], Client]) -> None:
    for path in ("/o/acme/users/", "/o/acme/import/", "/o/acme/batches/"):
        answer = client_of(admin).get(path)

        assert answer.status_code == 200
        assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
        assert " style=" not in answer.content.decode()
        assert "<style" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/account/",
        "/o/acme/",
        "/o/acme/users/",
        "/o/acme/batches/",
        "/o/acme/import/",
        "/o/acme/import/sample_batch_invite.csv",
        "/o/nowhere/users/",
        "/operators/",
    ],
)
def test_browsers_do_not_cache_pages(admin: User, client_of: Callable[[User | None], Client], path: str) -> None:
    assert "no-store" in client_of(admin).get(path)["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["evil.example", "testserver.evil.example", "testserver@evil.example"])
def test_a_forged_host_is_refused(client: Client, name: str) -> None:
    answer = client.get("/accounts/login/", headers={"host": name})

    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("localhost", "/accounts/login/", 200),
        ("localhost:8000", "/accounts/login/", 200),
        ("127.0.0.1", "/accounts/login/", 200),
        ("LocalHost", "/accounts/login/", 200),
        ("localhost:1", "/accounts/login/", 400),
        ("localhost:80", "/accounts/login/", 400),
        ("localhost:08000", "/accounts/login/", 400),
        ("localhost.", "/accounts/login/", 400),
        ("localhost.:8000", "/accounts/login/", 400),
        ("127.0.0.1.", "/accounts/login/", 400),
        ("127.0.0.1:9", "/healthz/", 400),
        ("127.0.0.1:9", "/static/app.css", 400),
        # Health checks from the same machine.
        ("127.0.0.1:9", "/healthz", 200),
        ("localhost:9", "/healthz", 200),
        ("127.0.0.1.", "/healthz", 400),
        ("127.0.0.1.:9", "/healthz", 400),
        ("testserver", "/healthz", 200),
        ("testserver:9", "/healthz", 400),
        ("testserver:9", "/readyz", 400),
    ],
)
def test_a_host_has_the_public_port_or_none(client: Client, host: str, path: str, status: int) -> None:
    assert client.get(path, headers={"host": host}).status_code == status


@pytest.mark.django_db
def test_links_in_emails_use_the_base_url_whatever_the_request_says(
    client: Client, admin: User, settings: LazySettings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    forged = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}

    client.post("/accounts/password/reset/", {"email": admin.email}, headers=forged)
    send_unsent_emails()

    [message] = mail.outbox
    assert isinstance(message, mail.EmailMultiAlternatives)
    html = str(message.alternatives[0][0])
    assert f"{settings.BASE_URL}/accounts/password/reset/key/" in str(message.body)
    assert "evil.example" not in str(message.body) + html


@pytest.mark.django_db
def test_a_forwarded_protocol_is_believed_only_behind_a_proxy(client: Client, settings: LazySettings) -> None:
    assert client.get("/healthz", headers={"x-forwarded-proto": "https"}).wsgi_request.is_secure() is False

    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    assert client.get("/healthz", headers={"x-forwarded-proto": "https"}).wsgi_request.is_secure() is True


def test_every_change_needs_a_csrf_token(db: None) -> None:
    strict = Client(enforce_csrf_checks=True)

    for path in ("/accounts/login/", "/accounts/password/reset/", "/invitation/", "/invitation/switch/"):
        assert strict.post(path, {"email": "admin@example.com"}).status_code == 403
    assert mail.outbox == []

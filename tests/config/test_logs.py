"""The log has one line per event, useful fields, and no secrets."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django_structlog.celery.receivers import CeleryReceiver

from accounts.models import User
from accounts.organizations.access import views_of
from config.logs import ScrubbingFormatter, logging_settings, scrub
from config.urls import urlpatterns


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/o/acme/users/", "/operators/accounts/user/", "/nothing/here/", "/accounts/login/"])
def test_searches_are_not_logged(
    admin: User, client_of: Callable[[User | None], Client], caplog: pytest.LogCaptureFixture, path: str
) -> None:
    User.objects.filter(pk=admin.pk).update(is_superuser=True, is_staff=True)

    with caplog.at_level(logging.INFO):
        client_of(admin).get(path, {"q": "chiara@people.example.com", "next": "/o/acme/users/?q=chiara"})

    lines = [record.getMessage() for record in caplog.records]
    assert any(path in line for line in lines)
    assert not [line for line in lines if "chiara" in line]


def test_a_task_that_expired_on_a_busy_machine_is_not_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A hint that came too late. `make run` shows warnings, and nobody can do anything about this one."""
    receiver = CeleryReceiver()
    request = SimpleNamespace(id="1", task="invites.tasks.recover")
    with caplog.at_level(logging.INFO):
        receiver.receiver_task_revoked(request=request, expired=True, terminated=False)

    assert [record.levelno for record in caplog.records] == [logging.INFO]


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_has_no_values_and_no_secret_url(form: str) -> None:
    def fail(password: str) -> None:
        raise ValueError("at https://rollcall.example.org/i/aSecretToken/?x")

    formatter = logging_settings(level="INFO", form=form)["formatters"]["line"]
    try:
        # Assembled here, because a traceback shows the lines of the code.
        fail("-".join(["correct", "horse"]))
    except ValueError:
        record = logging.LogRecord(
            "x", logging.ERROR, __file__, 1, "It failed for %s", ("/i/aSecretToken",), sys.exc_info()
        )
    line = ScrubbingFormatter(
        processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"]
    ).format(record)

    assert "ValueError" in line
    assert "It failed for /i/*" in line
    assert "aSecretToken" not in line
    assert "correct-horse" not in line


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_refused_request_is_logged_as_one_warning(form: str) -> None:
    formatter = logging_settings(level="INFO", form=form)["formatters"]["line"]
    try:
        raise SuspiciousOperation("Filtering by password not allowed")
    except SuspiciousOperation as error:
        name = "django.security.DisallowedModelAdminLookup"
        record = logging.LogRecord(name, logging.ERROR, __file__, 1, str(error), (), sys.exc_info())
    line = ScrubbingFormatter(
        processors=formatter["processors"], foreign_pre_chain=formatter["foreign_pre_chain"]
    ).format(record)

    assert "warning" in line
    assert "error" not in line
    assert "Filtering by password not allowed" in line
    assert "Traceback" not in line
    assert "\n" not in line.strip()
    assert record.exc_info, "Other handlers get the record as it was."


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("GET /i/abc_-123/", "GET /i/*/"),
        ('{"path": "/i/abc"}', '{"path": "/i/*"}'),
        ("/accounts/password/reset/key/3-set-password/ next", "/accounts/password/reset/key/*/ next"),
        ("GET /i//abc_-123/", "GET /i/*/"),
        ("GET //I/abc_-123", "GET //I/*"),
        ("GET /i/./abc_-123//", "GET /i/*//"),
        ("/Accounts//password/reset//KEY//3-set/", "/Accounts//password/reset//KEY/*/"),
        ("'/i/abc', '/i/def'", "'/i/*', '/i/*'"),
        ("GET /reply-to/abc_-123/", "GET /reply-to/*/"),
        ("GET /i/decline/abc_-123/", "GET /i/*/"),
        ("GET /i/", "GET /i/"),
        ("GET /i/// next", "GET /i/// next"),
        ("/o/acme/import/ and /invitation/", "/o/acme/import/ and /invitation/"),
    ],
)
def test_secret_parts_of_urls_are_masked(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


def test_every_url_with_a_token_is_masked() -> None:
    routes = [found.route for found in views_of(urlpatterns) if "<str:token>" in found.route]

    assert "reply-to/<str:token>/" in routes
    for route in routes:
        assert "SECRET" not in scrub(f"GET /{route.replace('<str:token>', 'SECRET')}"), route


def test_an_invalid_form_is_not_a_warning(
    client_of: Callable[[User], Client], admin: User, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "django_structlog"):
        answer = client_of(admin).post("/o/acme/invite/", {})

    assert answer.status_code == 422
    assert any("request_finished" in str(record.msg) for record in caplog.records)
    assert {record.levelname for record in caplog.records} == {"INFO"}

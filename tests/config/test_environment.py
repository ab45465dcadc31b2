"""Settings come from the environment. Errors name the variable, and don't repeat secrets."""

from __future__ import annotations

import os
import runpy
import stat
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import LazySettings
from django.core.checks.security.base import check_secret_key, check_secret_key_fallbacks
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.devserver.services import build_environment
from config.harness.running import LONG_KEY, ROOT, clean_environment


def settings_with(data_dir: Path, *names: str, **variables: str) -> dict[str, Any]:
    """The settings with those names if only these variables are set."""
    given = clean_environment(DATA_DIR=str(data_dir), **variables)
    with mock.patch.dict(os.environ, given, clear=True):
        found = runpy.run_path(str(ROOT / "config" / "settings.py"))
    return {name: found.get(name) for name in names}


def refusal(data_dir: Path, **variables: str) -> str:
    """The sentence with which these settings are refused. Before it, manage.py says that a setting is wrong."""
    with pytest.raises(ImproperlyConfigured) as refused:
        settings_with(data_dir, **variables)
    sentence = str(refused.value)
    assert "\n" not in sentence
    return sentence


def test_cookies_are_secure_under_https(tmp_path: Path) -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "ALLOWED_HOSTS", "DEVELOPMENT")

    found = settings_with(
        tmp_path, *names, BASE_URL="https://rollcall.example.org/", ALLOWED_HOSTS="one.example, two.example"
    )

    assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
    assert found["SECURE_HSTS_SECONDS"] == 365 * 24 * 3600
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost", "one.example", "rollcall.example.org", "two.example"]
    assert found["DEVELOPMENT"] is False


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://rollcall.example.org", 443), ("http://127.0.0.1", 80), ("https://rollcall.example.org:8443/", 8443)],
)
def test_a_host_header_may_have_the_port_of_the_base_url(tmp_path: Path, url: str, port: int) -> None:
    assert settings_with(tmp_path, "BASE_PORT", BASE_URL=url) == {"BASE_PORT": port}


@pytest.mark.parametrize("url", ["rollcall", "https://rollcall.example.org:port", "https://rollcall.example.org."])
def test_an_invalid_base_url_is_named(tmp_path: Path, url: str) -> None:
    assert refusal(tmp_path, BASE_URL=url).startswith("BASE_URL must look like https://")


def test_only_a_trusted_proxy_sets_the_address_of_a_client(tmp_path: Path) -> None:
    names = ("SECURE_PROXY_SSL_HEADER", "ALLAUTH_TRUSTED_PROXY_COUNT")

    assert settings_with(tmp_path, *names) == {"SECURE_PROXY_SSL_HEADER": None, "ALLAUTH_TRUSTED_PROXY_COUNT": None}
    assert settings_with(tmp_path, *names, TRUST_PROXY="1") == {
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1,
    }


def test_django_never_shows_a_traceback_even_in_development(tmp_path: Path) -> None:
    found = settings_with(tmp_path, "DEBUG", "DEVELOPMENT", "INBOX_OPEN", DEBUG="1")

    assert found == {"DEBUG": False, "DEVELOPMENT": True, "INBOX_OPEN": True}


def test_the_inbox_is_closed_outside_development_and_when_email_is_sent(tmp_path: Path) -> None:
    assert settings_with(tmp_path, "INBOX_OPEN") == {"INBOX_OPEN": False}
    assert settings_with(tmp_path, "INBOX_OPEN", DEBUG="1", EMAIL_URL="smtp://mail.example.org") == {
        "INBOX_OPEN": False
    }


def test_a_secret_key_is_generated_once_and_only_the_owner_can_read_it(tmp_path: Path) -> None:
    data_dir = tmp_path / "var"

    first = settings_with(data_dir, "SECRET_KEY")["SECRET_KEY"]

    assert len(first) > 50
    assert settings_with(data_dir, "SECRET_KEY")["SECRET_KEY"] == first
    assert stat.S_IMODE((data_dir / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["secret-key"]
    assert settings_with(data_dir, "SECRET_KEY", SECRET_KEY=LONG_KEY)["SECRET_KEY"] == LONG_KEY


@pytest.mark.parametrize("url", ["https://rollcall.example.org", "http://0.0.0.0:8000"])
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DEBUG": "1"}, "DEBUG must be 0 while BASE_URL is "),
        ({"DEMO_PASSWORD": "short77"}, "DEMO_PASSWORD must have at least 8 characters while BASE_URL is "),
        ({"DEMO_PASSWORD": "  short   "}, "DEMO_PASSWORD must have at least 8 characters while BASE_URL is "),
    ],
)
def test_settings_for_one_machine_are_refused_with_a_public_address(
    tmp_path: Path, url: str, variables: dict[str, str], sentence: str
) -> None:
    said = refusal(tmp_path, BASE_URL=url, **variables)

    assert said.startswith(f"{sentence}{url}")
    assert "short" not in said


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://127.1.2.3", "http://[::1]:8000"])
def test_development_and_a_short_demo_password_are_allowed_on_this_machine(tmp_path: Path, url: str) -> None:
    found = settings_with(tmp_path, "DEVELOPMENT", BASE_URL=url, DEBUG="1", DEMO_PASSWORD="demo")

    assert found == {"DEVELOPMENT": True}


@pytest.mark.parametrize(
    ("variables", "start"),
    [
        ({"DEBUG": "1"}, "DEBUG must be 0 while ALLOWED_HOSTS has x.example.org"),
        (
            {"DEMO_PASSWORD": "short77"},
            "DEMO_PASSWORD must have at least 8 characters while ALLOWED_HOSTS has x.example",
        ),
    ],
)
def test_settings_for_one_machine_are_refused_with_a_public_host(
    tmp_path: Path, variables: dict[str, str], start: str
) -> None:
    assert refusal(tmp_path, ALLOWED_HOSTS="localhost,x.example.org", **variables).startswith(start)


def test_development_is_allowed_with_other_names_of_this_machine(tmp_path: Path) -> None:
    found = settings_with(tmp_path, "DEVELOPMENT", DEBUG="1", ALLOWED_HOSTS="localhost,[::1],127.0.0.2")

    assert found == {"DEVELOPMENT": True}


@pytest.mark.parametrize(
    ("allowed_hosts", "debug"), [([], "1"), (["[::1]"], "1"), (["x.example.org"], "0"), (["10.0.0.7"], "0")]
)
def test_make_run_is_for_development_only_on_this_machine(
    settings: LazySettings, allowed_hosts: list[str], debug: str
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", *allowed_hosts]

    assert build_environment()["DEBUG"] == debug


@pytest.mark.parametrize(
    "given", ["*", "one.example,*", "*.example.org", ".com", "one.example,.com", ".", ".co.uk", ".example.org"]
)
def test_a_wildcard_is_not_an_allowed_host(tmp_path: Path, given: str) -> None:
    assert refusal(tmp_path, ALLOWED_HOSTS=given).startswith("ALLOWED_HOSTS must name each host")


DIFFERENT = "abcde"


@pytest.mark.parametrize("key", [DIFFERENT * 10, DIFFERENT + "x" * 44, "x" * 50, "abcd" * 13, DIFFERENT * 9 + "abcd"])
@pytest.mark.parametrize("name", ["SECRET_KEY", "SECRET_KEY_FALLBACKS"])
def test_a_key_is_accepted_if_the_check_of_django_accepts_it(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, name: str, key: str
) -> None:
    monkeypatch.setenv(name, key)
    setattr(settings, name, key if name == "SECRET_KEY" else [key])
    check = check_secret_key if name == "SECRET_KEY" else check_secret_key_fallbacks
    read = environment.secret if name == "SECRET_KEY" else environment.former_secrets

    if check(app_configs=None):
        with pytest.raises(ImproperlyConfigured, match=rf"^{name} must have at least "):
            read(name)
    else:
        assert read(name) == getattr(settings, name)


def test_the_readme_says_how_long_a_secret_key_must_be() -> None:
    readme = (ROOT / "README.md").read_text()

    assert f"{environment.KEY_LENGTH} characters or more, {environment.KEY_DIFFERENT_CHARACTERS} of them" in readme


def test_email_and_database_are_configured_by_urls(tmp_path: Path) -> None:
    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_HOST_USER", "EMAIL_TIMEOUT", "DATABASES")

    found = settings_with(
        tmp_path,
        *names,
        EMAIL_URL="smtp+tls://user:pass@mail.example.org:587",
        DATABASE_URL="postgres://user:pass@db.example.org/rollcall",
    )

    assert found["EMAIL_HOST"] == "mail.example.org"
    assert (found["EMAIL_PORT"], found["EMAIL_USE_TLS"], found["EMAIL_HOST_USER"]) == (587, True, "user")
    assert found["EMAIL_TIMEOUT"] == 10
    assert found["DATABASES"]["default"]["ENGINE"] == "django.db.backends.postgresql"
    assert found["DATABASES"]["default"]["HOST"] == "db.example.org"


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        (lambda: environment.switch("X", False), "", False),
        (lambda: environment.switch("X", True), "", True),
        (lambda: environment.switch("X", False), "Yes", True),
        (lambda: environment.switch("X", True), "0", False),
        (lambda: environment.number("X", 7), " 12 ", 12),
        (lambda: environment.number("X", 7), "", 7),
        (lambda: environment.seconds("X", 5.0), "0.5", 0.5),
        (lambda: environment.choice("X", "json", ("console", "json")), "CONSOLE", "console"),
        (lambda: environment.items("X"), "a, b,,c ", ["a", "b", "c"]),
        (lambda: environment.items("X"), "", []),
        (lambda: environment.database("X"), "", None),
        (lambda: environment.mail_server("X"), "", None),
        (lambda: environment.secret("X"), "", ""),
        (lambda: environment.secret("X"), LONG_KEY, LONG_KEY),
        (lambda: environment.broker("X"), "", ""),
        (lambda: environment.broker("X"), "rediss://:pass@queue:6379/0", "rediss://:pass@queue:6379/0"),
    ],
)
def test_reads_valid_values(monkeypatch: pytest.MonkeyPatch, read: Any, given: str, value: Any) -> None:
    monkeypatch.setenv("X", given)

    assert read() == value


@pytest.mark.parametrize(
    ("read", "given"),
    [
        (lambda: environment.switch("X", False), "perhaps"),
        (lambda: environment.number("X", 7), "0"),
        (lambda: environment.number("X", 7), "1.5"),
        (lambda: environment.number("X", 7, most=10), "11"),
        (lambda: environment.seconds("X", 5.0), "soon"),
        (lambda: environment.seconds("X", 5.0), "-1"),
        (lambda: environment.seconds("X", 5.0), "inf"),
        (lambda: environment.choice("X", "json", ("console", "json")), "xml"),
        (lambda: environment.database("X"), "mysql://user:secret@db/rollcall"),
        (lambda: environment.database("X"), "postgres://user:secret@db:port/rollcall"),
        (lambda: environment.database("X"), "secret"),
        (lambda: environment.secret("X"), "secret"),
        (lambda: environment.broker("X"), "secret"),
        (lambda: environment.broker("X"), "amqp://user:secret@queue"),
        (lambda: environment.broker("X"), "redis://"),
        (lambda: environment.address("X"), "help@localhost@"),
        (lambda: environment.mail_server("X"), "carrier://user:secret@mail"),
        (lambda: environment.mail_server("X"), "smtp://user:secret@mail:port"),
    ],
)
def test_errors_name_the_variable_and_repeat_no_password(
    monkeypatch: pytest.MonkeyPatch, read: Any, given: str
) -> None:
    monkeypatch.setenv("X", given)

    with pytest.raises(ImproperlyConfigured, match=r"^X must ") as raised:
        read()

    assert "secret" not in str(raised.value)

"""Read settings from environment variables. An empty variable counts as not set.

Each function raises ImproperlyConfigured with one sentence that names the variable and the expected value.

django-environ parses URLs. Its other casts raise a bare ValueError, or take any text for False, and know no ranges.
"""

from __future__ import annotations

import ipaddress
import os
import warnings
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")


def text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    """One of the `choices`, ignoring case."""
    given = text(name, default)
    found = next((known for known in choices if known.lower() == given.lower()), None)
    if found is None:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {given!r}.")
    return found


def address(name: str) -> str:
    """An email address; empty if it isn't set."""
    given = text(name, "")
    if given:
        try:
            validate_email(given)
        except ValidationError as error:
            raise ImproperlyConfigured(f"{name} must look like help@example.org, not {given!r}.") from error
    return given


def switch(name: str, default: bool) -> bool:
    return choice(name, YES[0] if default else NO[0], (*YES, *NO)) in YES


def number(name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
    given = text(name, str(default))
    fits = given.isascii() and given.isdigit() and int(given) >= least and (most is None or int(given) <= most)
    if not fits:
        upper = f" to {most}" if most is not None else " or more"
        raise ImproperlyConfigured(f"{name} must be a whole number of {least}{upper}, not {given!r}.")
    return int(given)


def seconds(name: str, default: float) -> float:
    given = text(name, str(default))
    try:
        value = float(given)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise ImproperlyConfigured(f"{name} must be a number of seconds above 0, not {given!r}.")
    return value


def items(name: str) -> list[str]:
    """The values between commas, in their order."""
    return [part.strip() for part in text(name, "").split(",") if part.strip()]


def is_loopback(host: str) -> bool:
    """Whether the host is reachable only from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hosts(name: str) -> list[str]:
    """Host names between commas, without wildcards, which would allow forged Host headers.

    In Django, a name with a leading dot is a wildcard, too, even `.com`.
    """
    given = items(name)
    if any("*" in host or host.startswith(".") for host in given):
        raise ImproperlyConfigured(
            f"{name} must name each host, such as rollcall.example.org; no * and no leading dot."
        )
    return given


def reached_from_elsewhere(base_url: str, allowed_hosts: Sequence[str]) -> str:
    """Why other machines can reach the product, such as "BASE_URL is https://..."; empty if they can't."""
    if not is_loopback(urlsplit(base_url).hostname or ""):
        return f"BASE_URL is {base_url}"
    public = next((host for host in allowed_hosts if not is_loopback(host.strip("[]"))), None)
    return f"ALLOWED_HOSTS has {public}" if public else ""


def demo_password(name: str, *, reached: str) -> None:
    """Reject a short demo password if other machines can reach the product. The error doesn't repeat it."""
    given = os.environ.get(name, "")
    if given and len(given.strip()) < 8 and reached:
        raise ImproperlyConfigured(f"{name} must have at least 8 characters while {reached}.")


# `manage.py check --deploy` warns of keys that are shorter or have fewer different characters.
KEY_LENGTH = 50
KEY_DIFFERENT_CHARACTERS = 5


def secret(name: str) -> str:
    """A key of sufficient length; empty if it isn't set. Errors don't repeat it."""
    given = text(name, "")
    if given:
        _check_key(name, given)
    return given


def former_secrets(name: str) -> list[str]:
    """Keys between commas, each as `secret` requires."""
    given = items(name)
    for key in given:
        _check_key(name, key)
    return given


def _check_key(name: str, key: str) -> None:
    if len(key) < KEY_LENGTH:
        raise ImproperlyConfigured(f"{name} must have at least {KEY_LENGTH} characters, not {len(key)}.")
    if len(set(key)) < KEY_DIFFERENT_CHARACTERS:
        raise ImproperlyConfigured(f"{name} must have at least {KEY_DIFFERENT_CHARACTERS} different characters.")


def broker(name: str) -> str:
    """The URL of a Redis server; empty if it isn't set."""
    given = text(name, "")
    scheme, _, server = given.partition("://")
    if given and (scheme not in ("redis", "rediss") or not server):
        # The URL may hold a password, so it is not repeated.
        raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0, or rediss:// with TLS.")
    return given


def database(name: str) -> dict[str, Any] | None:
    """The database at the URL, for DATABASES; None if it isn't set."""
    if not text(name, ""):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It would repeat the URL; what it warns of is refused below.
            found: dict[str, Any] = environ.Env.db_url_config(text(name, ""))
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        # The URL may hold a password, so it is not repeated.
        raise ImproperlyConfigured(f"{name} must look like postgres://user:password@host:5432/name.") from error
    if found.get("ENGINE") not in ("django.db.backends.postgresql", "django.db.backends.sqlite3"):
        raise ImproperlyConfigured(
            f"{name} must begin with postgres:// or sqlite:///: other databases are not supported."
        )
    return found


def mail_server(name: str) -> dict[str, Any] | None:
    """The EMAIL_ settings for the URL; None if it isn't set."""
    if not text(name, ""):
        return None
    try:
        found: dict[str, Any] = environ.Env.email_url_config(text(name, ""))
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} must look like smtp+tls://user:password@mail.example.org:587.") from error
    return found


def webhook_secret(name: str) -> str:
    """The name and password of the mail provider's webhook; empty if it isn't set. Errors don't repeat it."""
    given = text(name, "")
    if given and (":" not in given or len(given) < 20):
        raise ImproperlyConfigured(f"{name} must look like name:password and have at least 20 characters.")
    return given


def all_of(prefix: str) -> dict[str, str]:
    """All variables with this prefix, by name."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefix) and value.strip()}

"""Reads settings from environment variables: one that is empty counts as not set, a wrong one is named.

Each function raises ImproperlyConfigured with one sentence that says which variable must look how.
"""

from __future__ import annotations

import ipaddress
import os
import warnings
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = ("1", "true", "yes", "on")
NO = ("0", "false", "no", "off")


def text(name: str, default: str) -> str:
    return os.environ.get(name, "").strip() or default


def choice(name: str, default: str, choices: Sequence[str]) -> str:
    """One of the `choices`, in whatever case it was written."""
    given = text(name, default)
    found = next((known for known in choices if known.lower() == given.lower()), None)
    if found is None:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {given!r}.")
    return found


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
    """The parts between commas, in their order."""
    return [part.strip() for part in text(name, "").split(",") if part.strip()]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def hosts(name: str) -> list[str]:
    """Host names between commas. A wildcard is refused, because it would let anyone choose the Host header.

    Django takes a name that begins with a dot for all names that end so, `.com` too.
    """
    given = items(name)
    if any("*" in host or host.startswith(".") for host in given):
        raise ImproperlyConfigured(
            f"{name} must name each host, such as rollcall.example.org; no * and no leading dot."
        )
    return given


def reached_from_elsewhere(base_url: str, allowed_hosts: Sequence[str]) -> str:
    """What says that other machines reach the product, such as "BASE_URL is https://..."; empty if they don't."""
    if not is_loopback(urlsplit(base_url).hostname or ""):
        return f"BASE_URL is {base_url}"
    public = next((host for host in allowed_hosts if not is_loopback(host.strip("[]"))), None)
    return f"ALLOWED_HOSTS has {public}" if public else ""


def demo_password(name: str, *, reached: str) -> None:
    """Refuses a demo password that is easy to guess where other machines reach the product. It is never repeated."""
    given = os.environ.get(name, "")
    if given and len(given.strip()) < 8 and reached:
        raise ImproperlyConfigured(f"{name} must have at least 8 characters while {reached}.")


# `manage.py check --deploy` warns of keys that are shorter or have fewer different characters.
KEY_LENGTH = 50
KEY_DIFFERENT_CHARACTERS = 5


def secret(name: str) -> str:
    """A key that can't be guessed; empty if none is set. Errors don't repeat it."""
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
    """The URL of a Redis server; empty where none is set."""
    given = text(name, "")
    scheme, _, server = given.partition("://")
    if given and (scheme not in ("redis", "rediss") or not server):
        # The URL may hold a password, so it is not repeated.
        raise ImproperlyConfigured(f"{name} must look like redis://host:6379/0, or rediss:// with TLS.")
    return given


def database(name: str) -> dict[str, Any] | None:
    """Django's description of the database at the URL; None where none is set."""
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
    """Django's EMAIL_ settings for the URL; None where none is set."""
    if not text(name, ""):
        return None
    try:
        found: dict[str, Any] = environ.Env.email_url_config(text(name, ""))
    except (ValueError, KeyError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name} must look like smtp+tls://user:password@mail.example.org:587.") from error
    return found


def webhook_secret(name: str) -> str:
    """A name and a password that only the mail provider knows; empty where none is set. It is never repeated."""
    given = text(name, "")
    if given and (":" not in given or len(given) < 20):
        raise ImproperlyConfigured(f"{name} must look like name:password and have at least 20 characters.")
    return given


def all_of(prefix: str) -> dict[str, str]:
    """All variables whose names begin so, by their whole names."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefix) and value.strip()}

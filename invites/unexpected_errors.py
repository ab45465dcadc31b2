"""Tell our own bugs from passing trouble, and log each bug once, under a reference that a page can show."""

from __future__ import annotations

import base64
import hashlib
import re
import traceback

import structlog
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

# Trouble that can pass without a change to the code: a database or broker that is away, a full disk, no memory.
TRANSIENT = (OperationalError, InterfaceError, BrokerError, OSError, MemoryError)
OUR_PACKAGES = {"accounts", "config", "invites"}
# What may differ between two messages of the same bug: numbers, addresses of objects, and quoted values.
VOLATILE = re.compile(r"0x[0-9a-f]+|\d+|'[^']*'|\"[^\"]*\"")
MESSAGE_LENGTH = 500
MOST_REMEMBERED = 1_000

log = structlog.get_logger(__name__)
_logged: set[str] = set()


def is_transient(error: Exception) -> bool:
    """Whether another try may succeed without a change to the code."""
    return isinstance(error, TRANSIENT)


def reference_of(error: Exception) -> str:
    """A short reference such as "K3QF-7ZPD". The same bug always has the same one, in every process."""
    message = VOLATILE.sub("", str(error)[:MESSAGE_LENGTH])
    identity = "\n".join((type(error).__qualname__, _last_frame_of_ours(error), message))
    digest = hashlib.blake2b(identity.encode(errors="replace"), digest_size=5).digest()
    code = base64.b32encode(digest).decode()
    return f"{code[:4]}-{code[4:]}"


def ask_support(reference: str) -> str:
    """The sentence that tells a user the reference of an error."""
    return f"If this happens again, contact support and mention reference {reference}."


def _last_frame_of_ours(error: Exception) -> str:
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__"))
        if module.partition(".")[0] in OUR_PACKAGES:
            where = f"{module}.{frame.f_code.co_name}, line {line}"
    return where


def log_unexpected(event: str, error: Exception, *, is_known: bool | None = None, **context: object) -> str:
    """Log the error under its reference, which is returned: with the traceback the first time, as one line later.

    `is_known` says whether the traceback has been logged, where the caller has stored that. By default this process
    remembers it.
    """
    reference = reference_of(error)
    if is_known is None:
        is_known = reference in _logged
        if len(_logged) >= MOST_REMEMBERED:
            _logged.clear()
        _logged.add(reference)
    kind = type(error).__qualname__
    log.error(event, reference=reference, error=kind, exc_info=None if is_known else error, **context)
    return reference

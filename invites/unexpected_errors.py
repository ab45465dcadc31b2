"""Tell bugs from transient errors, and log each bug once under a reference that pages show."""

from __future__ import annotations

import base64
import hashlib
import re
import traceback

import structlog
from django.db import InterfaceError, OperationalError
from kombu.exceptions import OperationalError as BrokerError

# These can succeed later with the same code: the database or the broker is down, the disk is full, memory is short.
TRANSIENT = (OperationalError, InterfaceError, BrokerError, OSError, MemoryError)
OUR_PACKAGES = {"accounts", "config", "invites"}
# Parts that may differ between two messages of the same bug: numbers, addresses of objects, and quoted values.
VOLATILE = re.compile(r"0x[0-9a-f]+|\d+|'[^']*'|\"[^\"]*\"")
MESSAGE_LENGTH = 500
MAX_REMEMBERED = 1_000

log = structlog.get_logger(__name__)
_logged: set[str] = set()


def is_transient(error: Exception) -> bool:
    """Whether a retry may succeed."""
    return isinstance(error, TRANSIENT)


def reference_of(error: Exception) -> str:
    """A short reference such as "K3QF-7ZPD". The same bug has the same reference in every process."""
    message = VOLATILE.sub("", str(error)[:MESSAGE_LENGTH])
    identity = "\n".join((type(error).__qualname__, _last_frame_of_ours(error), message))
    digest = hashlib.blake2b(identity.encode(errors="replace"), digest_size=5).digest()
    code = base64.b32encode(digest).decode()
    return f"{code[:4]}-{code[4:]}"


def _last_frame_of_ours(error: Exception) -> str:
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__"))
        if module.partition(".")[0] in OUR_PACKAGES:
            where = f"{module}.{frame.f_code.co_name}, line {line}"
    return where


def log_unexpected(event: str, error: Exception, *, is_known: bool | None = None, **context: object) -> str:
    """Log the error and return its reference. The first time, the traceback is logged as well.

    `is_known` says whether the traceback was logged before, if the caller knows. By default, this process remembers it.
    """
    reference = reference_of(error)
    if is_known is None:
        is_known = reference in _logged
        if len(_logged) >= MAX_REMEMBERED:
            _logged.clear()
        _logged.add(reference)
    kind = type(error).__qualname__
    log.error(event, reference=reference, error=kind, exc_info=None if is_known else error, **context)
    return reference

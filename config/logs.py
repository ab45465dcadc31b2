"""Logs: one line per event, with the ids of request, user and organization, and never a token.

People read them in the terminal, programs as JSON. Imported by the settings, so nothing here may need
Django to be set up.
"""

from __future__ import annotations

import copy
import logging
import re
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

# The rest of these addresses is a secret: who reads the log must not get in with it. Addresses are logged as they were
# typed, with two slashes or capitals too, although those lead nowhere.
SECRET_PATHS = re.compile(
    r"(/i/|/accounts/+password/+reset/+key/|/accounts/+confirm-email/)[^\s\"'?#]*[^/\s\"'?#]", re.IGNORECASE
)

# Django's loggers of what a client must not send, one for each kind.
REFUSALS = "django.security."

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def scrub(text: str) -> str:
    """The text with the secret part of every address in it replaced by a star."""
    return SECRET_PATHS.sub(r"\1*", text)


class ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """Scrubs the finished line, whoever logged it and in whichever field; tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith(REFUSALS):
            record = _without_traceback(record)
        return scrub(super().format(record))


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    """A request that was refused is no error of ours: Django logs it as one, with a traceback."""
    record = copy.copy(record)
    record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    record.exc_info = record.exc_text = None
    return record


def configure_structlog() -> None:
    """Lets structlog write through the standard library's logging."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_settings(*, level: str, form: str) -> dict[str, Any]:
    """Django's LOGGING. `form` is "console" or "json"; everything goes to standard error."""
    if form == "json":
        final: list[Any] = [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without the values of variables: among them are passwords, tokens and people's rows.
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    else:
        final = [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": ScrubbingFormatter, "processors": final, "foreign_pre_chain": SHARED_PROCESSORS}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # Refusals are ordinary answers; the line of the request tells them.
            "django.request": {"level": "ERROR"},
            # Anybody can forge a name; the line of the request says that it was refused.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django_structlog": {"level": level},
            # Addresses stand in uvicorn's access log unscrubbed, and the request's own line has them.
            "uvicorn.access": {"handlers": [], "level": "ERROR", "propagate": False},
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            # Says at every task that it received one; django_structlog says more.
            "celery.worker.strategy": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # A worker that ends gives back what it had not begun.
            "kombu.transport.virtual.base": {"level": "ERROR"},
        },
    }

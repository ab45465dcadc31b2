"""Logging: one line per event, with the ids of request, user and organization, and without tokens.

Lines are text for people, or JSON for programs. The settings import this module, so it must not need Django.
"""

from __future__ import annotations

import copy
import logging
import re
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

# The rest of these URLs is a secret that gives access. URLs are logged as requested, so variants with double slashes or
# capitals are scrubbed too, although they lead nowhere.
SECRET_PATHS = re.compile(
    r"(/i/|/reply-to/|/accounts/+password/+reset/+key/|/accounts/+confirm-email/)[^\s\"'?#]*[^/\s\"'?#]", re.IGNORECASE
)

# The prefix of Django's loggers for invalid requests.
REFUSALS = "django.security."

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def scrub(text: str) -> str:
    """The text with the secret part of every URL replaced by a star."""
    return SECRET_PATHS.sub(r"\1*", text)


class ScrubbingFormatter(structlog.stdlib.ProcessorFormatter):
    """Scrubs whole lines, including all fields and tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith(REFUSALS):
            record = _without_traceback(record)
        return scrub(super().format(record))


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    """Django logs invalid requests as errors with a traceback, but they are not errors of the product."""
    record = copy.copy(record)
    record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
    record.exc_info = record.exc_text = None
    return record


def configure_structlog() -> None:
    """Let structlog write to the standard library's logging."""
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
    """The LOGGING setting. `form` is "console" or "json". Everything goes to standard error."""
    if form == "json":
        final: list[Any] = [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Without the values of variables, which may be passwords, tokens or personal data.
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
            # Responses with 4xx are not errors. The request log has them.
            "django.request": {"level": "ERROR"},
            # Anybody can forge a Host header. The request log has the response.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django_structlog": {"level": level},
            # The access log of uvicorn doesn't scrub URLs, and the request log replaces it.
            "uvicorn.access": {"handlers": [], "level": "ERROR", "propagate": False},
            "uvicorn": {"handlers": [], "propagate": True},
            "uvicorn.error": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            # Logs every received task. django_structlog logs more about them.
            "celery.worker.strategy": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # A worker that stops returns tasks that it hasn't begun.
            "kombu.transport.virtual.base": {"level": "ERROR"},
        },
    }

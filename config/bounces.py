"""Where a mail provider reports bounces: one address, open while it has a secret. Calls are limited.

Anymail reads the reports, and fails in many ways on those that no provider sends. All of them are answered with 400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from anymail.urls import urlpatterns
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from accounts.organizations.access import third_party
from accounts.users import rate_limits
from accounts.users.sign_in_limits import limited

View = Callable[..., HttpResponseBase]


def webhooks() -> list[URLResolver]:
    """The address for the provider in use. None without a secret: anybody could report whatever they like."""
    if not settings.ANYMAIL["WEBHOOK_SECRET"]:
        return []
    ours = [
        URLPattern(pattern.pattern, _view_of(pattern.callback), pattern.default_args, pattern.name)
        for pattern in urlpatterns
        if (pattern.name or "").startswith(f"{settings.MAIL_PROVIDER}_") and "inbound" not in pattern.name
    ]
    return [third_party(path("webhooks/", include((ours, "anymail"))), reason="Anymail asks for the secret.")]


def _view_of(view: Any) -> View:
    return limited(rate_limits.REPORTS_OF_CLIENT, strict(view))


class StrictReports:
    """Comes before a webhook view of Anymail, and refuses what it can't read.

    What fails later, when an event is noted, is an error of ours: the provider gets 500 and reports again.
    """

    def run_validators(self, request: HttpRequest) -> None:
        with _unreadable_is_refused():
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        with _unreadable_is_refused():
            events: list[AnymailTrackingEvent] = super().parse_events(request)  # type: ignore[misc]
            for event in events:
                _check(event)
        return events


def strict(view: Any) -> View:
    """A webhook view of Anymail, with `StrictReports` before it."""
    view_class = view.view_class
    strict_class = type(f"Strict{view_class.__name__}", (StrictReports, view_class), {})
    strict_view: View = strict_class.as_view(**view.view_initkwargs)  # type: ignore[attr-defined]
    return strict_view


@contextmanager
def _unreadable_is_refused() -> Iterator[None]:
    try:
        yield
    except AnymailWebhookValidationFailure:
        raise
    except Exception as error:
        raise AnymailWebhookValidationFailure("The mail provider's report can't be read.") from error


def _check(event: AnymailTrackingEvent) -> None:
    """Raises TypeError for values that are of another type than Anymail says."""
    if not isinstance(event.metadata or {}, Mapping):
        raise TypeError("The metadata is no mapping.")
    texts = (event.recipient, event.mta_response, event.description, event.reject_reason)
    if not all(isinstance(text or "", str) for text in texts):
        raise TypeError("A text is something else.")

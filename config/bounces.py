"""The webhook by which a mail provider reports bounces. It needs a secret, and has a rate limit.

Anymail parses the reports, and fails in many ways on invalid ones. They are all answered with 400.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent
from anymail.urls import urlpatterns
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from limits import RateLimitItem

from accounts.organizations.access import third_party
from accounts.users import rate_limits
from accounts.users.sign_in_limits import limited

View = Callable[..., HttpResponseBase]


def webhooks() -> list[URLResolver]:
    """The URL for the configured provider. Without a secret there is none, because anybody could send reports."""
    if not settings.ANYMAIL["WEBHOOK_SECRET"]:
        return []
    ours = [
        URLPattern(pattern.pattern, _view_of(pattern.callback), pattern.default_args, pattern.name)
        for pattern in urlpatterns
        if (pattern.name or "").startswith(f"{settings.EMAIL_PROVIDER}_") and "inbound" not in pattern.name
    ]
    return [third_party(path("webhooks/", include((ours, "anymail"))), reason="Anymail asks for the secret.")]


def _view_of(view: Any) -> View:
    return limited(rate_limits.REPORTS_OF_CLIENT, strict(view), refuse=_too_many_reports)


def _too_many_reports(request: HttpRequest, limit: RateLimitItem) -> HttpResponse:
    """Tell the provider's server when to send its reports again."""
    headers = {"Retry-After": str(limit.get_expiry())}
    return HttpResponse("Too many requests.\n", status=429, content_type="text/plain", headers=headers)


class StrictReports:
    """A mixin for webhook views of Anymail that rejects invalid reports.

    Errors while an event is processed are bugs: the provider gets 500, and retries.
    """

    def run_validators(self, request: HttpRequest) -> None:
        with _reject_invalid():
            super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        with _reject_invalid():
            events: list[AnymailTrackingEvent] = super().parse_events(request)  # type: ignore[misc]
            for event in events:
                _check(event)
        return events


def strict(view: Any) -> View:
    """The webhook view of Anymail with `StrictReports`."""
    view_class = view.view_class
    strict_class = type(f"Strict{view_class.__name__}", (StrictReports, view_class), {})
    strict_view: View = strict_class.as_view(**view.view_initkwargs)  # type: ignore[attr-defined]
    return strict_view


@contextmanager
def _reject_invalid() -> Iterator[None]:
    try:
        yield
    except AnymailWebhookValidationFailure:
        raise
    except Exception as error:
        raise AnymailWebhookValidationFailure("The mail provider's report can't be read.") from error


def _check(event: AnymailTrackingEvent) -> None:
    """Raises TypeError for values of another type than Anymail documents."""
    if not isinstance(event.metadata or {}, Mapping):
        raise TypeError("The metadata isn't a mapping.")
    texts = (event.recipient, event.mta_response, event.description, event.reject_reason)
    if not all(isinstance(text or "", str) for text in texts):
        raise TypeError("A text isn't a string.")

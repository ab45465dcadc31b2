"""What a request of htmx wants."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def asks_for_fragment(request: HttpRequest) -> bool:
    """Whether htmx wants a fragment to swap in, and not a whole page."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def path_of_page(request: HttpRequest) -> str:
    """The path of the page that htmx made the request from; empty for another origin, or without htmx."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    try:
        return (htmx and htmx.current_url_abs_path) or ""
    except ValueError:
        return ""

"""Where a mail provider reports bounces: one address, open while it has a secret, for so many calls in a minute."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps

from allauth.account.adapter import get_adapter
from anymail.urls import urlpatterns
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from accounts.access import third_party

# For each web process and client. A provider reports every delivery, and tries again later when it is refused.
CALLS_PER_MINUTE = 6_000

View = Callable[..., HttpResponseBase]


def webhooks() -> list[URLResolver]:
    """The address for the provider in use. None without a secret: anybody could report whatever they like."""
    if not settings.ANYMAIL["WEBHOOK_SECRET"]:
        return []
    ours = [
        URLPattern(pattern.pattern, limited(pattern.callback), pattern.default_args, pattern.name)
        for pattern in urlpatterns
        if (pattern.name or "").startswith(f"{settings.MAIL_PROVIDER}_") and "inbound" not in pattern.name
    ]
    return [third_party(path("webhooks/", include((ours, "anymail"))), reason="Anymail asks for the secret.")]


def limited(view: View) -> View:
    """The view, which answers 429 to a client that has called it too often in this minute. Counted before any work."""
    calls: Counter[str] = Counter()
    lock = threading.Lock()
    current_minute = 0

    @wraps(view)
    def limited_view(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        nonlocal current_minute
        client = get_adapter().get_client_ip(request)
        minute = int(time.time() // 60)
        with lock:
            if minute != current_minute:
                calls.clear()
                current_minute = minute
            calls[client] += 1
            is_too_often = calls[client] > CALLS_PER_MINUTE
        if is_too_often:
            return HttpResponse(
                "Too many calls.\n", status=429, content_type="text/plain", headers={"Retry-After": "60"}
            )
        return view(request, *args, **kwargs)

    return limited_view

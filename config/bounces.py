"""Where a mail provider reports bounces: one address, open while it has a secret."""

from __future__ import annotations

from anymail.urls import urlpatterns
from django.conf import settings
from django.urls import URLResolver, include, path

from accounts.access import third_party


def webhooks() -> list[URLResolver]:
    """The address for the provider in use. None without a secret: anybody could report whatever they like."""
    if not settings.ANYMAIL["WEBHOOK_SECRET"]:
        return []
    ours = [
        pattern
        for pattern in urlpatterns
        if (pattern.name or "").startswith(f"{settings.MAIL_PROVIDER}_") and "inbound" not in pattern.name
    ]
    return [third_party(path("webhooks/", include((ours, "anymail"))), reason="Anymail asks for the secret.")]

"""Who may read the development inbox."""

from django.conf import settings
from django.http import HttpRequest


def is_open(request: HttpRequest) -> bool:
    """Anybody who reaches a server in development whose mail goes nowhere else; nobody otherwise."""
    return bool(settings.INBOX_OPEN)

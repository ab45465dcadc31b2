"""The development inbox: who may read it, and how it stores the emails of a large import."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest
from django_mail_preview.storage import FileStorage

# The oldest emails are removed once in so many.
TIDY_EVERY = 200


def is_open(request: HttpRequest) -> bool:
    """Open to everybody on a development server that has no mail server; otherwise closed."""
    return bool(settings.INBOX_OPEN)


class Inbox(FileStorage):
    """Stores each email in a file, and removes the oldest ones at random times.

    The library does so for each email and reads the whole directory, so that each of thousands would take longer than
    the one before. The times are random because several processes send.
    """

    def _apply_retention(self) -> None:
        if secrets.randbelow(TIDY_EVERY) == 0:
            super()._apply_retention()

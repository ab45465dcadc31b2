"""The development inbox: who may read it, and how it keeps a large batch's mail."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest
from django_mail_preview.storage import FileStorage

# The oldest mail is looked for once in so many.
TIDY_EVERY = 200


def is_open(request: HttpRequest) -> bool:
    """Anybody who reaches a server in development whose mail goes nowhere else; nobody otherwise."""
    return bool(settings.INBOX_OPEN)


class Inbox(FileStorage):
    """Files, of which the oldest are dropped now and then.

    At every mail, as it would be otherwise, the whole directory is read: sending a batch of thousands
    would take longer with each of them. By chance, because several processes send.
    """

    def _apply_retention(self) -> None:
        if secrets.randbelow(TIDY_EVERY) == 0:
            super()._apply_retention()

"""The page for unexpected errors: 503 with Retry-After if the database is down or busy, else 500."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

RETRY_AFTER_SECONDS = 10


def failure(request: HttpRequest) -> HttpResponse:
    """Called by Django for an unhandled exception, which it has logged."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return server_error(request)
    # Without the request, because the shell of pages would query the database.
    page = render(None, "503.html", status=503)
    page["Retry-After"] = str(RETRY_AFTER_SECONDS)
    page["Cache-Control"] = "no-store"
    return page

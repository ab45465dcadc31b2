"""The pages for invalid requests (400) and for unexpected errors.

An unexpected error is answered with 503 and Retry-After if the database is down or busy, else with 500.
"""

from __future__ import annotations

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

RETRY_AFTER_SECONDS = 10


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Called by Django for an invalid request, such as one for another host, so the link has our own address."""
    return render(None, "400.html", {"home_url": f"{settings.BASE_URL}/"}, status=400)


def failure(request: HttpRequest) -> HttpResponse:
    """Called by Django for an unhandled exception, which it has logged."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return server_error(request)
    # Without the request, because the shell of pages would query the database.
    page = render(None, "503.html", status=503)
    page["Retry-After"] = str(RETRY_AFTER_SECONDS)
    page["Cache-Control"] = "no-store"
    return page

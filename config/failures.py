"""The page for what went wrong on our side: a database that is away or busy will be back, and the answer says so."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

RETRY_AFTER_SECONDS = 10


def failure(request: HttpRequest) -> HttpResponse:
    """Called by Django for an exception that nobody caught, which it has logged."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return server_error(request)
    # Without the request: what the pages' frame says of it would be asked of the database.
    page = render(None, "503.html", status=503)
    page["Retry-After"] = str(RETRY_AFTER_SECONDS)
    page["Cache-Control"] = "no-store"
    return page

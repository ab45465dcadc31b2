"""Which language a page or an email is in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import get_language_from_request, get_supported_language_variant


def in_language(*preferred: str) -> translation.override:
    """For a `with` block: use the first of the preferred languages that the product has, or else LANGUAGE_CODE.

    Every email is built in such a block: `with in_language(user.language, organization.language):`. An empty string
    means that nobody has chosen a language. The block restores the previous language, so that a worker doesn't keep the
    language of a task.
    """
    return translation.override(next(filter(None, map(_offered, (*preferred, settings.LANGUAGE_CODE)))))


class LanguageMiddleware(MiddlewareMixin):
    """Shows a page in the language that the user has chosen, or else in the one that the browser asks for."""

    def process_request(self, request: HttpRequest) -> None:
        # The language of the browser comes first, for the page that says that the database is down.
        translation.activate(get_language_from_request(request))
        chosen = _offered(request.user.language) if request.user.is_authenticated else ""
        if chosen:
            translation.activate(chosen)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        patch_vary_headers(response, ["Accept-Language"])
        return response


def _offered(language: str) -> str:
    """The code under which the product has the language; empty if it doesn't, or if there is none."""
    try:
        return get_supported_language_variant(language)
    except LookupError:
        return ""

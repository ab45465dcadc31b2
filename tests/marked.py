"""A language in which every text that goes through gettext has brackets around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from unittest import mock

from django.test import override_settings
from django.utils import translation

MARKED = "fr"


class MarkedTranslations(NullTranslations):
    """Translates "Row {number}" as "[Row {number}]"."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)

    def to_language(self) -> str:
        return MARKED


@contextmanager
def marked_language() -> Iterator[None]:
    """The product has the language, but nobody has chosen it yet.

    Restores the language of the thread, because the requests of a test client leave theirs behind.
    """
    languages = [("en", "English"), (MARKED, "Marked")]
    with (
        override_settings(LANGUAGES=languages),
        mock.patch.dict("django.utils.translation.trans_real._translations", {MARKED: MarkedTranslations()}),
        translation.override("en"),
    ):
        yield

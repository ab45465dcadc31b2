"""Mark sentences for translation, and put them into words. A library without Django can't translate them itself.

The catalog marks its sentences with the functions below, which change nothing: gettext's extraction finds them by their
names. A `Language` translates a sentence and writes its numbers where it is shown. `ENGLISH` needs no catalog of
translations.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Plural(NamedTuple):
    """A sentence in two forms. The parameter `number` decides between them, or which form a translation has."""

    singular: str
    plural: str
    number: str


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation."""
    return message


def ngettext_noop(singular: str, plural: str, number: str) -> Plural:
    """Mark both forms of a sentence. `number` is the name of the parameter that they are about."""
    return Plural(singular, plural, number)


class Language(Protocol):
    """What a sentence needs to be written in a language."""

    def gettext(self, message: str, /) -> str: ...
    def ngettext(self, singular: str, plural: str, number: int, /) -> str: ...

    def number(self, value: float, /) -> str:
        """The number with its digits grouped, and one decimal if it isn't whole."""

    def listed(self, words: Sequence[str], /) -> str:
        """Such as "A, B and C"."""


class _English:
    def gettext(self, message: str, /) -> str:
        return message

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return singular if number == 1 else plural

    def number(self, value: float, /) -> str:
        return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"

    def listed(self, words: Sequence[str], /) -> str:
        return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


ENGLISH: Language = _English()

"""How pages and emails write numbers, counted nouns and lists in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.texts import StrOrPromise


def grouped(number: int) -> str:
    """The number with its digits grouped: "12,480" in English."""
    return number_format(number, force_grouping=True)


def counted(message: StrOrPromise, number: int, **values: object) -> str:
    """A message of `ngettext_lazy` in the form for this number. `{count}` in it is the number with grouped digits.

    `counted(ngettext_lazy("{count} row of {file}", "{count} rows of {file}"), 1000, file="team.csv")`
    """
    return message.format(number, count=grouped(number), **values)


def separated(words: Sequence[object]) -> str:
    """ "A, B, C"; empty for no words."""
    return _(", ").join(str(word) for word in words)


def listed(words: Sequence[object]) -> str:
    """ "A", "A and B" or "A, B and C"; empty for no words."""
    if len(words) < 2:
        return "".join(str(word) for word in words)
    return _("{words} and {last}").format(words=separated(words[:-1]), last=words[-1])

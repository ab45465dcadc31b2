"""Problems and notices of the check in the reader's language. They are stored as codes and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from accounts.wording import listed
from invites import checking
from invites.checking import COLUMNS, Notice, Problem


class _ActiveLanguage:
    """The language that is active in this thread, for the library."""

    def gettext(self, message: str, /) -> str:
        return gettext(message)

    def ngettext(self, singular: str, plural: str, number: int, /) -> str:
        return ngettext(singular, plural, number)

    def number(self, value: float, /) -> str:
        return number_format(value, decimal_pos=None if isinstance(value, int) else 1, force_grouping=True)

    def listed(self, words: Sequence[str], /) -> str:
        return listed(words)


_ACTIVE: checking.Language = _ActiveLanguage()


def stored_problem(values: Mapping[str, Any]) -> Problem:
    """The problem that was stored as the values of `_asdict()`. There may be other values beside them."""
    return Problem(*[values[name] for name in Problem._fields])


def stored_notice(values: Mapping[str, Any]) -> Notice:
    """The same for a notice."""
    return Notice(*[values[name] for name in Notice._fields])


def message_of(problem: Problem | Notice) -> str:
    """What is wrong, without a period at the end."""
    return checking.message_of(problem, _ACTIVE)


def hint_of(problem: Problem) -> str:
    """How to fix it: one or more sentences."""
    return checking.hint_of(problem, _ACTIVE)


def fix_of(problem: Problem) -> str:
    """What accepting the suggestion does, for its button; empty without a suggestion."""
    return checking.fix_of(problem, _ACTIVE)


def explain(problem: Problem) -> str:
    """What is wrong and how to fix it, in sentences."""
    return f"{message_of(problem)}. {hint_of(problem)}"


def problems_of(stored: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong in each column of a row, for somebody who corrects it in a spreadsheet."""
    for problem in map(stored_problem, stored):
        message = message_of(problem)
        yield f"{column_title(problem.column)}: {message}" if problem.column else message


def title_of(code: str) -> str:
    """The short title of a kind of problem."""
    return checking.title_of(code, _ACTIVE)


def column_title(key: str) -> str:
    """The title of a column of the file."""
    return checking.column_title(key, _ACTIVE)


def expected_columns() -> list[str]:
    """The columns that a file should have, with a note on optional ones."""
    return [checking.expected_column(column, _ACTIVE) for column in COLUMNS]


def encoding_title(codec: str) -> str:
    """The title of an encoding for people, such as "Central European (Windows-1250)"."""
    return checking.encoding_name(codec, _ACTIVE)

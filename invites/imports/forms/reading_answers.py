"""What was answered in the form "Check how we read this file", without anything that its page can't have sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict

from accounts.numbers import number_in
from invites.checking import KEYS, MAY_BE_MISSING


@dataclass(frozen=True)
class Answers:
    """The answers of a request, without any that the page can't have sent."""

    sheets: tuple[int, ...] = ()
    encoding: str = ""
    hidden_rows: str = ""
    header_row: str | None = None
    has_no_names: bool = False
    shown: str = ""
    keys: Mapping[int, str] = field(default_factory=dict)
    suggested: Mapping[int, str] = field(default_factory=dict)
    chosen: frozenset[int] = frozenset()
    not_in_file: tuple[str, ...] = ()
    name_order: str = ""
    has_sheets: bool = False

    @classmethod
    def of(cls, data: QueryDict) -> Answers:
        return cls(
            sheets=tuple(number for text in data.getlist("sheet") if (number := number_in(text)) is not None),
            encoding=data.get("encoding", ""),
            hidden_rows=one_of(data.get("hidden_rows", ""), ("include", "exclude")),
            header_row=data.get("header_row"),
            has_no_names="no_names" in data,
            shown=data.get("shown", ""),
            keys=_by_column(data, "column-"),
            suggested=_by_column(data, "suggested-"),
            chosen=frozenset(number for text in data.getlist("chosen") if (number := number_in(text)) is not None),
            not_in_file=tuple(key for key in MAY_BE_MISSING if key in data.getlist("not_in_file")),
            name_order=one_of(data.get("name_order", ""), ("first-last", "last-first")),
            has_sheets="asks_sheet" in data,
        )


def one_of(text: object, choices: Sequence[str]) -> str:
    return text if isinstance(text, str) and text in choices else ""


def _by_column(data: QueryDict, prefix: str) -> dict[int, str]:
    found = {}
    for name in data:
        if name.startswith(prefix) and (index := number_in(name.removeprefix(prefix))) is not None:
            found[index] = one_of(data[name], KEYS)
    return found

"""How to read a file: what an admin or a command line has decided, and what is known about its sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NameOrder = Literal["", "first-last", "last-first"]
HiddenRows = Literal["", "include", "exclude"]
# The index of a column that nothing is read from.
NOT_USED = -1


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What has been decided about a file. Everything that is empty is found out, or asked.

    `encoding` is a Python codec, `delimiter` one character, and `sheets` are names. `header_row` counts as the
    spreadsheet does, and 0 means that the file has no column names. `columns` has the index or the name of the column
    for keys of the registry and for "full_name", and `NOT_USED` for a key without a column; keys that it lacks are
    found by their usual names. `not_in_file` are keys of required columns that the file doesn't have.
    """

    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[str, ...] = ()
    header_row: int | None = None
    columns: Mapping[str, int | str] | None = None
    not_in_file: tuple[str, ...] = ()
    name_order: NameOrder = ""
    hidden_rows: HiddenRows = ""

    def as_json(self) -> dict[str, Any]:
        """The decisions, as JSON can store them."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            name: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
            for name, value in values.items()
            if value not in ("", (), None)
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ReadingOptions:
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about the sender of a file.

    `languages` are the codes of the languages of the admin and the organization, such as "hu". `remembered` are the
    options that admins chose for earlier files, by the signature of their column names. `encoding` is the one of them
    that belongs to this file.
    """

    languages: tuple[str, ...] = ()
    remembered: Mapping[str, ReadingOptions] = field(default_factory=dict)
    encoding: str = ""


FIND_OUT = ReadingOptions()
NOTHING_KNOWN = Evidence()

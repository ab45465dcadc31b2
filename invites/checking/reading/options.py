"""How to read a file: what an admin or a command line has decided, and what is known about its sender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

NameOrder = Literal["", "first-last", "last-first"]
HiddenRows = Literal["", "include", "exclude"]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What has been decided about a file. Everything that is empty is found out, or asked.

    `encoding` is a Python codec, `delimiter` one character, and `sheets` are names. `header_row` counts as the
    spreadsheet does, and 0 means that the file has no column names. `columns` has the index or the name of the column
    for keys of the registry and for "full_name", and is None if the columns aren't decided. `not_in_file` are keys of
    required columns that the file doesn't have.
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

    `languages` are the codes of the languages of the admin and the organization, such as "hu". `encoding` is the Python
    codec that an admin chose for an earlier file with the same columns.
    """

    languages: tuple[str, ...] = ()
    encoding: str = ""


FIND_OUT = ReadingOptions()
NOTHING_KNOWN = Evidence()

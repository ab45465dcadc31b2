"""The arguments of commands that say how to read a file."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import CommandError

from invites.checking import (
    DELIMITERS,
    FULL_NAME,
    KEYS,
    LAST_HEADER_ROW,
    MAY_BE_MISSING,
    NOT_USED,
    NameOrder,
    ReadingOptions,
    codec_of,
)

NAME_ORDERS: tuple[NameOrder, ...] = ("first-last", "last-first")
HIDDEN_ROWS = ("include", "exclude")
_CHARACTERS = {name: character for character, name in DELIMITERS.items()}


def add_reading_arguments(parser: ArgumentParser) -> None:
    """Let a command ask how to read its file."""
    group = parser.add_argument_group(
        "how to read the file",
        "Without these, the command finds out by itself, and reports what it can't be sure of.",
    )
    group.add_argument("--encoding", metavar="NAME", help="the character encoding, such as windows-1250 or shift_jis")
    group.add_argument(
        "--delimiter", metavar="CHARACTER", help=f"what separates cells: {', '.join(_CHARACTERS)}, or the character"
    )
    group.add_argument("--sheet", action="append", metavar="NAME", help="a sheet to read; can be repeated")
    group.add_argument(
        "--header-row", type=int, metavar="NUMBER", help="the row with the column names; 0 if the file has none"
    )
    group.add_argument(
        "--column",
        action="append",
        metavar="KEY=COLUMN",
        help=f"the name or the letter of a column, such as email=Mail or email=B; nothing after = if the column isn't "
        f"used. Keys: {', '.join(KEYS)}. Can be repeated",
    )
    group.add_argument(
        "--not-in-file",
        action="append",
        metavar="KEY",
        help=f"the file doesn't have this column: {' or '.join(MAY_BE_MISSING)}. Can be repeated. Its cells are "
        "problems to fix",
    )
    group.add_argument("--name-order", choices=NAME_ORDERS, help="which part of a full name comes first")
    group.add_argument("--hidden-rows", choices=HIDDEN_ROWS, help="whether hidden and filtered rows are read")


def reading_options(arguments: Mapping[str, Any]) -> ReadingOptions:
    """What the arguments say. Raises CommandError with exit status 2 if one of them makes no sense."""
    columns = _columns(arguments.get("column") or ())
    return ReadingOptions(
        encoding=_codec(arguments.get("encoding") or ""),
        delimiter=_character(arguments.get("delimiter") or ""),
        sheets=tuple(dict.fromkeys(arguments.get("sheet") or ())),
        header_row=_header_row(arguments.get("header_row")),
        columns=columns or None,
        not_in_file=_missing(arguments.get("not_in_file") or (), columns),
        name_order=arguments.get("name_order") or "",
        hidden_rows=arguments.get("hidden_rows") or "",
    )


def _wrong(message: str) -> CommandError:
    return CommandError(message, returncode=2)


def _codec(name: str) -> str:
    codec = codec_of(name) if name else ""
    if codec is None:
        raise _wrong(f"“{name}” isn't an encoding that we know. Use a name such as utf-8, windows-1250 or shift_jis.")
    return codec


def _character(delimiter: str) -> str:
    character = _CHARACTERS.get(delimiter.lower(), "\t" if delimiter == "\\t" else delimiter)
    if character and character not in DELIMITERS:
        raise _wrong(f"“{delimiter}” can't separate cells. Choose one of: {', '.join(_CHARACTERS)}.")
    return character


def _header_row(number: int | None) -> int | None:
    if number is not None and not 0 <= number <= LAST_HEADER_ROW:
        raise _wrong(f"--header-row is a number from 0 to {LAST_HEADER_ROW}. 0 means that there are no column names.")
    return number


def _key(text: str, option: str, known: Sequence[str]) -> str:
    """The key of a column, which may be written as first-name or First name, too."""
    key = text.strip().lower().replace("-", "_").replace(" ", "_")
    if key not in known:
        raise _wrong(f"“{text}” isn't a key of {option}. Choose one of: {', '.join(known)}.")
    return key


def _columns(arguments: Sequence[str]) -> dict[str, int | str]:
    found: dict[str, int | str] = {}
    for argument in arguments:
        before, equals, column = argument.partition("=")
        if not equals:
            raise _wrong(f"--column {argument} has no column. Write it like --column email=Mail.")
        key = _key(before, "--column", KEYS)
        if key in found:
            raise _wrong(f"--column {key} is given twice.")
        found[key] = column.strip() or NOT_USED
    used = {key for key, column in found.items() if column != NOT_USED}
    if FULL_NAME in used and used & {"first_name", "last_name"}:
        raise _wrong("A full name is split into the first and the last name. Use full_name without the other two.")
    return found


def _missing(arguments: Sequence[str], columns: Mapping[str, int | str]) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(_key(argument, "--not-in-file", MAY_BE_MISSING) for argument in arguments))
    for key in keys:
        if columns.get(key, NOT_USED) != NOT_USED or columns.get(FULL_NAME, NOT_USED) != NOT_USED:
            raise _wrong(f"--not-in-file {key} contradicts --column.")
    return keys

"""Put problems and notices into words, in any language: the check itself only reports codes and values.

Placeholders are written by their name, see `_WRITERS`. All others are numbers, or texts from the file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from invites.checking.catalog import CATALOG, FIXES, Cases, Message
from invites.checking.columns import COLUMNS, REQUIRED, Column
from invites.checking.messages import ENGLISH, Language, Plural, gettext_noop, ngettext_noop
from invites.checking.problem import Notice, Problem

# What a file may be, by the code of reading/file_types.py.
FILE_KINDS = {
    "png": gettext_noop("a PNG image"),
    "jpeg": gettext_noop("a JPEG image"),
    "gif": gettext_noop("a GIF image"),
    "tiff": gettext_noop("a TIFF image"),
    "webp": gettext_noop("a WebP image"),
    "svg": gettext_noop("an SVG image"),
    "pdf": gettext_noop("a PDF document"),
    "rtf": gettext_noop("an RTF document"),
    "word": gettext_noop("a Word document"),
    "powerpoint": gettext_noop("a PowerPoint file"),
    "opendocument": gettext_noop("an OpenDocument file"),
    "xlsb": gettext_noop("an Excel binary workbook (.xlsb)"),
    "excel_xml": gettext_noop("an Excel XML spreadsheet"),
    "gzip": gettext_noop("a gzip archive"),
    "bzip2": gettext_noop("a bzip2 archive"),
    "xz": gettext_noop("an xz archive"),
    "7zip": gettext_noop("a 7-Zip archive"),
    "rar": gettext_noop("a RAR archive"),
    "zstd": gettext_noop("a zstd archive"),
    "zip": gettext_noop("a ZIP archive"),
    "sqlite": gettext_noop("an SQLite database"),
    "parquet": gettext_noop("a Parquet file"),
    "arrow": gettext_noop("an Arrow file"),
    "windows_program": gettext_noop("a Windows program"),
    "linux_program": gettext_noop("a Linux program"),
    "vcard": gettext_noop("an address book (vCard)"),
    "calendar": gettext_noop("a calendar"),
    "html": gettext_noop("a web page (HTML)"),
    "xml": gettext_noop("an XML file"),
    "json": gettext_noop("a JSON file"),
    "utf_32": gettext_noop("text in UTF-32"),
}
# Characters that can't be shown as themselves. Others get the name that Unicode gives them.
_CHARACTERS = {
    " ": gettext_noop("space"),
    "\t": gettext_noop("tab"),
    "\n": gettext_noop("line break"),
    "\r": gettext_noop("line break"),
    "\xa0": gettext_noop("no-break space"),
    "\xad": gettext_noop("soft hyphen"),
    "\u200b": gettext_noop("zero-width space"),
    "\u200c": gettext_noop("zero-width non-joiner"),
    "\u200d": gettext_noop("zero-width joiner"),
    "\u200e": gettext_noop("left-to-right mark"),
    "\u200f": gettext_noop("right-to-left mark"),
    "\u202d": gettext_noop("left-to-right override"),
    "\u202e": gettext_noop("right-to-left override"),
    "\ufeff": gettext_noop("byte order mark"),
}
_BYTES = ngettext_noop("{size} byte", "{size} bytes", "size")
_UNITS = ((1024 * 1024, gettext_noop("{size} MB")), (1024, gettext_noop("{size} KB")))
_QUOTED = gettext_noop("“{text}”")
_OR = gettext_noop("{first} or {last}")
_OPTIONAL = gettext_noop("{column} (optional)")


def message_of(problem: Problem | Notice, language: Language = ENGLISH) -> str:
    """What is wrong, without a period at the end."""
    return _write(CATALOG[problem.code].message, problem, language)


def hint_of(problem: Problem, language: Language = ENGLISH) -> str:
    """How to fix it: one or more sentences."""
    return _write(CATALOG[problem.code].hint, problem, language)


def fix_of(problem: Problem, language: Language = ENGLISH) -> str:
    """What accepting the suggestion does, for its button; empty without a suggestion."""
    return _write(FIXES[problem.fix], problem, language) if problem.fix else ""


def title_of(code: str, language: Language = ENGLISH) -> str:
    """The short title of a code, for pills and headings. A code that is no longer in use is its own title."""
    kind = CATALOG.get(code)
    return language.gettext(kind.title) if kind else code


def column_title(key: str, language: Language = ENGLISH) -> str:
    """The title of a column."""
    return language.gettext(_TITLES[key])


def expected_column(column: Column, language: Language = ENGLISH) -> str:
    """How the column is listed where we say which ones we expect."""
    title = language.gettext(column.title)
    return title if column.is_required else language.gettext(_OPTIONAL).format(column=title)


_TITLES = {column.key: column.title for column in COLUMNS}


def _write(message: Message | Cases, problem: Problem | Notice, language: Language) -> str:
    if isinstance(message, Mapping):
        message = message[str(problem.params["case"])]
    if isinstance(message, Plural):
        number = problem.params[message.number]
        text = language.ngettext(message.singular, message.plural, number if isinstance(number, int) else 0)
    else:
        text = language.gettext(message)
    return text.format_map(_Values(problem, language)) if "{" in text else text


class _Values(dict[str, str]):
    """The values of the placeholders. Each is written when a sentence has it."""

    def __init__(self, problem: Problem | Notice, language: Language) -> None:
        self._problem, self._language = problem, language

    def __missing__(self, name: str) -> str:
        problem, language = self._problem, self._language
        match name:
            case "all_columns":
                return _columns([column.key for column in COLUMNS], language)
            case "required_columns":
                return _columns([column.key for column in REQUIRED], language)
            case "suggestion":
                return problem.suggestion or ""
            case "domain":
                return (problem.suggestion or "").rpartition("@")[2]
        value = problem.params[name] if name in problem.params else getattr(problem, name)
        return _WRITERS.get(name, _plain)(value, language)


def _plain(value: Any, language: Language) -> str:
    return language.number(value) if isinstance(value, int) else str(value)


def _character(value: int, language: Language) -> str:
    """The character with this code in quotation marks, or its name."""
    character = chr(value)
    if character in _CHARACTERS:
        return language.gettext(_CHARACTERS[character])
    if character.isprintable():
        return _quoted(character, language)
    name = unicodedata.name(character, "")
    return name.lower() if name else f"U+{value:04X}"


def _size(value: int, language: Language) -> str:
    """A number of bytes in a unit that suits it: 26.2 MB, 12 bytes."""
    for factor, message in _UNITS:
        if value >= factor:
            # Rounded up, so that one byte over the limit never looks the same as the limit.
            tenths = -(-value * 10 // factor)
            size = language.number(tenths // 10 if tenths % 10 == 0 else tenths / 10)
            return language.gettext(message).format(size=size)
    return language.ngettext(_BYTES.singular, _BYTES.plural, value).format(size=language.number(value))


def _kind(value: str, language: Language) -> str:
    return language.gettext(FILE_KINDS[value])


def _column(value: str, language: Language) -> str:
    return column_title(value, language)


def _columns(value: Iterable[str], language: Language) -> str:
    return _names([column_title(key, language) for key in value], language)


def _quoted(text: str, language: Language) -> str:
    return language.gettext(_QUOTED).format(text=text)


def _names(value: Iterable[str], language: Language) -> str:
    return language.listed([_quoted(name, language) for name in value])


def _alternatives(value: Iterable[str], language: Language) -> str:
    return " / ".join(_quoted(text, language) for text in value)


def _renames(value: Iterable[tuple[str, str]], language: Language) -> str:
    """Pairs of a name in the file and the key of the column."""
    pairs = ((_quoted(name, language), _quoted(column_title(key, language), language)) for name, key in value)
    return language.gettext(", ").join(f"{before} → {after}" for before, after in pairs)


def _listed(value: Iterable[str], language: Language) -> str:
    return language.listed(list(value))


def _either(value: Iterable[str], language: Language) -> str:
    *others, last = value
    if not others:
        return last
    first = language.gettext(", ").join(others)
    return language.gettext(_OR).format(first=first, last=last)


def _separated(value: Iterable[str], language: Language) -> str:
    return language.gettext(", ").join(value)


_WRITERS: dict[str, Callable[[Any, Language], str]] = {
    "character": _character,
    "size": _size,
    "max_size": _size,
    "kind": _kind,
    "column": _column,
    "columns": _columns,
    "name_columns": _columns,
    "names": _names,
    "spellings": _alternatives,
    "renames": _renames,
    "rows": _listed,
    "domains": _either,
    "some_rows": _separated,
}

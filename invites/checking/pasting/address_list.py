"""Find the people in a line of addresses, as mail programs write and show them.

The parsers of the standard library drop what they can't read, and take quadratic time for some texts. Here, all of a
line ends up in some entry, and each character is looked at a fixed number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import quote, unquote
from itertools import pairwise
from typing import NamedTuple

from invites.checking.cells.text import trim
from invites.checking.full_names import split_full_name

_AFTER_ADDRESS = ";；؛"
# Between addresses, or between a last and a first name.
_COMMAS = ",，、،"
SEPARATORS = _AFTER_ADDRESS + _COMMAS
# What separators are part of, from the first to the last character.
_CLOSED_BY = {'"': '"', "“": "”", "<": ">", "(": ")"}
_SPECIAL = re.compile(f"[{SEPARATORS}{''.join(_CLOSED_BY)}]")
# What stands before the first address of a line: a bullet, a number, and the field of an email.
_BULLET = re.compile(r"(?:[-*\u2022\u00b7\u2013]|\d{1,4}[.)])\s+")
_FIELD = re.compile(r"(?:To|Cc|Bcc|From|An|Kopie|Blindkopie|Von|À|De|Cci|Para|CCO)\s?:\s*", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<[^<>\s@]*@[^<>\s@]*>")
# Marks of the writing direction, which mail programs put around names and addresses.
_DIRECTIONS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_AROUND = " " + _DIRECTIONS
_WORD = re.compile(r"\S+")
_QUOTES = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"))
# How many characters before a comma are searched for the domain that it may belong to.
_LONGEST_DOMAIN = 64
# The most words in a name beside an address without brackets.
_MOST_WORDS = 5


class Entry(NamedTuple):
    """One person in a line: where they stand in it, their name and their address. Either can be anything, or ""."""

    start: int
    end: int
    name: str
    email: str


class _Piece(NamedTuple):
    """A part of a line between two separators, and whether its end ends an entry for sure."""

    start: int
    end: int
    is_last: bool


def find_entries(line: str) -> list[Entry]:
    """The people in a line, in order. Only a blank line has none."""
    entries: list[Entry] = []
    before: list[_Piece] = []
    for piece in _cut(line):
        text = line[piece.start : piece.end]
        if "<" in text and text.rstrip().endswith(">") and before:
            # Ek, Ann <ann@example.com>
            entries += _entries_in(line, before[0].start, piece.end)
            before = []
        elif "@" in text or "<" in text:
            entries += _all_entries(line, before)
            before = []
            entries += _entries_in(line, piece.start, piece.end)
        elif text.strip():
            before.append(piece)
        if piece.is_last:
            entries += _all_entries(line, before)
            before = []
    return entries


def write_entry(name: str, email: str) -> str:
    """An entry that is read as this name and address again."""
    return f"{_quoted(name)} <{email}>" if name else email


def join_name(first_name: str, last_name: str) -> str:
    """A full name that is split into these parts again, without a doubt."""
    plain = f"{first_name} {last_name}".strip()
    parts = split_full_name(plain, "first-last")
    is_plain = parts == (first_name, last_name, True) or not (first_name and last_name)
    return plain if is_plain else f"{last_name}, {first_name}"


def _all_entries(line: str, pieces: list[_Piece]) -> list[Entry]:
    """Pieces without an address: each is somebody whose address is wrong."""
    return [entry for piece in pieces for entry in _entries_in(line, piece.start, piece.end)]


def _cut(line: str) -> Iterator[_Piece]:
    """Cut a line at separators outside of quotation marks and brackets."""
    start = at = 0
    never_closed: set[str] = set()
    while found := _SPECIAL.search(line, at):
        mark, at = found[0], found.end()
        if mark == "," and _is_typo_for_dot(line, start, at):
            continue
        if mark in SEPARATORS:
            yield _Piece(start, found.start(), mark in _AFTER_ADDRESS)
            start = at
        elif mark not in never_closed and (mark not in '"“' or _begins_word(line, found.start())):
            end = _find_end(line, _CLOSED_BY[mark], at)
            if end < 0:
                never_closed.add(mark)
            else:
                at = end + 1
    yield _Piece(start, len(line), True)


def _is_typo_for_dot(line: str, start: int, at: int) -> bool:
    """Whether the comma before `at` stands for a dot, as in anna@company,com."""
    local, found, domain = line[max(start, at - _LONGEST_DOMAIN) : at - 1].rpartition("@")
    return bool(local and found and domain) and "." not in domain and line[at : at + 1].isalpha()


def _begins_word(line: str, at: int) -> bool:
    return at == 0 or line[at - 1].isspace() or line[at - 1] in SEPARATORS


def _find_end(line: str, mark: str, at: int) -> int:
    """Where the next `mark` is that has no backslash before it; -1 if there is none."""
    end = line.find(mark, at)
    while end > 0 and line[end - 1] == "\\":
        end = line.find(mark, end + 1)
    return end


def _entries_in(line: str, start: int, end: int) -> list[Entry]:
    """The entries in a part of the line: nearly always one."""
    text = line[start:end]
    for before in (_BULLET, _FIELD):
        if found := before.match(text.lstrip()):
            start += len(text) - len(text.lstrip()) + found.end()
            text = line[start:end]
    start += len(text) - len(text.lstrip())
    text = text.strip()
    words = list(_WORD.finditer(text))
    if len(words) > 1 and "<" not in text and all("@" in word[0].strip("@") for word in words):
        return [Entry(start + word.start(), start + word.end(), "", word[0]) for word in words]
    # Ann Ek <ann@example.com> Bo Li <bo@example.com>
    ends = [0, *(match.end() for match in _IN_BRACKETS.finditer(text))]
    if len(ends) > 2 and ends[-1] == len(text):
        return [entry for begin, close in pairwise(ends) for entry in _entries_in(line, start + begin, start + close)]
    return [Entry(start, start + len(text), *_read(text, words))] if text else []


def _read(text: str, words: list[re.Match[str]]) -> tuple[str, str]:
    """The name and the address of one person. What isn't understood counts as the address, whose check says why."""
    for opening, closing in (("<", ">"), ("[mailto:", "]")):
        before, found, inner = text.rpartition(opening)
        if found and inner.endswith(closing):
            email = inner.removesuffix(closing).strip(_AROUND).removeprefix("mailto:")
            name = _unquoted(before.strip(_AROUND + _COMMAS))
            return ("" if name.casefold() == email.casefold() else name), email
    return _read_words(text, words)


def _read_words(text: str, words: list[re.Match[str]]) -> tuple[str, str]:
    """Ann Ek ann@example.com, ann@example.com (Ann Ek). One word before an address may be a part of it."""
    if text.count("@") != 1 or not 2 <= len(words) <= _MOST_WORDS + 1:
        return "", _unquoted(text.strip(_AROUND)).removeprefix("mailto:") if len(words) == 1 else text
    if "@" in words[0][0]:
        email, name = words[0][0], text[words[0].end() :]
    elif "@" in words[-1][0] and len(words) > 2:
        email, name = words[-1][0], text[: words[-1].start()]
    else:
        return "", text
    return trim(name).strip("()-–: "), email.strip("()<>")


def _unquoted(name: str) -> str:
    for opening, closing in _QUOTES:
        if len(name) > 1 and name.startswith(opening) and name.endswith(closing):
            return unquote(name) if opening == '"' else name[1:-1]
    return name


def _quoted(name: str) -> str:
    return f'"{quote(name)}"' if _SPECIAL.search(name) or "\\" in name or _unquoted(name) != name else name

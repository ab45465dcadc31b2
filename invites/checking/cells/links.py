"""Find text that a mail program would turn into a link, in any form of its dots.

Our emails contain names of people, organizations, roles and sites. If one of them became a link, anyone could send
links in our name. Forms, files and commands call `find_link`; emails `defuse` what they quote.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from invites.checking.cells.top_level_domains import ENDINGS

# Letters and symbols that are invisible, although their category says otherwise: Hangul and Khmer fillers, the Braille
# blank, the grapheme joiner and the variation selectors.
DRAWN_AS_NOTHING = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x180B, 0x1810), *range(0xE0100, 0xE01F0))
}
_INVISIBLE = frozenset({"Cf", "Cc", "Cs", "Co", "Cn"})

# What may be part of a domain, with the marks of Indic and other letters, emoji, and the dot of Chinese and Japanese.
_DOTTED = re.compile(r"(?:[\w\-.。]|[^\x00-\u00bf\u2000-\u206f\u3000-\u303f])+")
_DOT = re.compile("([.。])")
_CAN_LINK = re.compile(r"[.@:。]")
_LINK_START = re.compile(r"\b(?:www\.|mailto:|https?:|ftp:)\S")
# With a path or a port. Without either, four numbers may be a version.
_NUMERIC_ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\S|:\d)")
# Four numbers, a share of Windows, schemes that some mail programs link, and what Outlook links.
_ONLY_IN_PROSE = re.compile(
    r"(?<![\w.])(?:\d{1,3}[.。]){3}\d{1,3}(?![.。]?\w)|\\\\\w|"
    r"\b(?:file|sips?|skype|callto|webcal|facetime|xmpp):\S|\w@[\w\-]+[.。]\w"
)
_PUNCTUATION = "()[]{}<>,;:!?.\"'“”‘’„«»…、，。；：！？（）「」"
# What every link has, in all forms that count as these four.
_SIGNS = ".@/:。\u2024\ufe12\ufe13\ufe52\ufe55\ufe6b\uff0e\uff0f\uff1a\uff20\uff61"
_IN_A_LINK = re.compile(rf"(?<=\S)([{_SIGNS}])(?=\S)")
# A sign before a possible ending or number. Initials have only one letter each.
_MAY_BE_LINK = re.compile(rf"(?<=\S)[{_SIGNS}](?:\d|\w\w|[^\s\x00-\x7f])")


def find_link(text: str) -> str | None:
    """The first word that a mail program would turn into a link; None if there is none. Takes linear time.

    Full-width, small and halfwidth forms count as the characters that they are forms of. Invisible characters count
    as nothing and as a break, because mail programs do either.
    """
    return next((word for word in text.split() if _is_link_in_any_form(word)), None)


def find_link_in_prose(text: str) -> str | None:
    """The same for sentences, without the punctuation around the link.

    It is stricter: a message has no reason to contain an IP address, a file on a server, or an address that only some
    mail programs link.
    """
    return next((_without_punctuation(word) for word in text.split() if _is_link_in_prose(word)), None)


def _is_link_in_prose(word: str) -> bool:
    return _is_link_in_any_form(word) or bool(_ONLY_IN_PROSE.search("".join(map(_seen_form, word)).lower()))


def _seen_form(character: str) -> str:
    return _plain_form(character).replace("\0", "")


def _without_punctuation(word: str) -> str:
    shorter = word.strip(_PUNCTUATION)
    return shorter if _is_link_in_prose(shorter) else word


def defuse(text: str) -> str:
    """The text with nothing in it that a mail program would turn into a link; it looks the same."""
    return _IN_A_LINK.sub("\\1\u2060", text)


def defuse_header(text: str) -> str:
    """The same for a subject or the name of a sender, which are unchanged if nothing in them could be a link.

    No list has every ending, so anything that looks like one counts.
    """
    return defuse(text) if _MAY_BE_LINK.search(text) or find_link(text) else text


def _is_link_in_any_form(word: str) -> bool:
    if word.isascii() and word.isprintable():
        return _is_link(word.lower())
    without = "".join(map(_plain_form, word)).lower()
    if _is_link(without.replace("\0", "")):
        return True
    return "\0" in without and any(map(_is_link, without.split("\0")))


@lru_cache(maxsize=4096)
def _plain_form(character: str) -> str:
    """The character that this one is a form of; NUL for an invisible one.

    One at a time, because normalizing a whole text takes quadratic time if it has many marks in a row.
    """
    if character in DRAWN_AS_NOTHING or unicodedata.category(character) in _INVISIBLE:
        return "\0"
    return unicodedata.normalize("NFKC", character)


def _is_link(word: str) -> bool:
    if not _CAN_LINK.search(word):
        return False
    if "://" in word or _LINK_START.search(word) or _NUMERIC_ADDRESS.search(word):
        return True
    around_ats = word.split("@")
    if any(before and "." in after[1:-1] for before, after in pairwise(around_ats)):
        return True
    return any(
        _is_domain(run[0], before_path=word.startswith("/", run.end()) and len(word) > run.end() + 1)
        for run in _DOTTED.finditer(word)
    )


def _is_domain(text: str, *, before_path: bool) -> bool:
    """Whether two labels follow each other and the second ends in a known ending, or any ending before a path."""
    parts = _DOT.split(text)  # label, dot, label, dot, label
    for position in range(2, len(parts), 2):
        before, label = parts[position - 2], parts[position]
        dot, after = parts[position + 1 : position + 3] or ("", "")
        if not before or (dot == "." and after):
            continue
        if label in ENDINGS or label.startswith("xn--"):
            return True
        if before_path and not dot and len(label) > 1 and label.isalpha():
            return True
    return False

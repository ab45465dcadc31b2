"""Deal with invisible characters: remove them from the ends of a cell, or make them visible."""

import re
import unicodedata

from invites.checking.cells.links import DRAWN_AS_NOTHING

# What people paste around a value without noticing: spaces of every width, and zero-width characters, which str.strip()
# doesn't remove. The joiners (200C, 200D) and the variation selectors belong to Persian, the Indic scripts and emoji:
# they stay inside a value, and have no effect at its ends.
EDGE = (
    " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009"
    "\u200a\u2028\u2029\u202f\u205f\u3000"
    "\xad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff"
)
# A joiner at the *end* may be part of an emoji or a Persian word, so we remove it only from the start.
_KEPT_AT_THE_END = "\u200c\u200d"
_END = "".join(character for character in EDGE if character not in _KEPT_AT_THE_END)

SHOWN = 80


def trim(value: str) -> str:
    """The value without spaces and invisible characters around it."""
    return value.lstrip(EDGE).rstrip(_END)


def trim_all(value: str) -> str:
    """Like `trim`, and also without joiners at the end: for addresses and headers, which never end in one."""
    return value.strip(EDGE)


def is_blank(value: str) -> bool:
    """Whether the value has no visible character."""
    if not value or value.isspace():
        return True
    if value[0] > " " and value[0] < "\x7f":
        return False
    return all(
        character in DRAWN_AS_NOTHING or unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cf", "Cc")
        for character in value
    )


def show(character: str) -> str:
    """A visible stand-in for one character, which can be read aloud and searched for."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\u27e8U+{code:04X}\u27e9"


# Joiners aren't replaced: they change how the letters around them look.
_UNSEEN = re.compile(
    r"[^\S ]|[\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff]"
)


def visible(value: str, *, limit: int = SHOWN) -> str:
    """The value for display: at most `limit` characters with the ellipsis, and none of them invisible."""
    shortened = value if len(value) <= limit else value[: limit - 1] + "\u2026"
    if shortened.isascii() and shortened.isprintable():
        return shortened
    return _UNSEEN.sub(lambda match: show(match[0]), shortened)

"""Find characters in a valid address that look like those that were meant: curly apostrophes, other alphabets."""

from __future__ import annotations

import re
import unicodedata

from invites.checking.cells.damage import repair
from invites.checking.cells.email import normalize_address
from invites.checking.cells.error import Doubt

# What word processors type instead of an apostrophe and a hyphen.
_SIGNS = str.maketrans("’‘ʼ‐‑‒–—−", "'''------")
# Cyrillic and Greek letters that look like Latin ones, in upper and lower case.
_LETTERS = str.maketrans(
    "аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅαοραινυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdqwABEKMHOPCTYXIJSaopaivuABEZHIKMNOPTYX",
)
_FULLWIDTH = re.compile("[\uff01-\uff5e]")
_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z]")
_LOOKS_LATIN = re.compile(f"[{''.join(map(chr, _LETTERS))}]")


def plain_form(address: str) -> str:
    """The address with look-alikes replaced. A word of another alphabet is kept: only a mixed one is a mistake."""
    text = _FULLWIDTH.sub(lambda match: unicodedata.normalize("NFKC", match[0]), address.translate(_SIGNS))
    return _WORD.sub(_plain_word, text)


def _plain_word(match: re.Match[str]) -> str:
    word = match[0]
    if word.isascii() or not (_LATIN.search(word) and _LOOKS_LATIN.search(word)):
        return word
    latin = word.translate(_LETTERS)
    return latin if latin.isascii() else word


def doubt_address(address: str) -> Doubt | None:
    """The doubt about a valid address that is damaged or has look-alikes, with the address that was probably meant."""
    if address.isascii():
        return None
    for code, meant in (("damaged_text", repair(address)), ("look_alike_address", plain_form(address))):
        normal = normalize_address(meant) if meant and meant != address else None
        if normal is not None and normal != address:
            return Doubt(code, normal)
    return None

"""Find characters in a valid address that look like those that were meant: curly apostrophes, other alphabets."""

from __future__ import annotations

import re
import unicodedata

from invites.checking.cells.damage import fix_damage
from invites.checking.cells.email import normalize_address
from invites.checking.cells.error import Doubt

# What word processors and other keyboards type instead of an apostrophe and a hyphen.
_SIGNS = str.maketrans("’‘‛ʼʻʹ′´‐‑‒–—―−⁃", "''''''''--------")
# Cyrillic and Greek letters that look like Latin ones, in upper and lower case.
_LETTERS = str.maketrans(
    "аеорсухіјѕһԁԛԝӏАВЕКМНОРСТУХІЈЅαοραινυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijshdqwlABEKMHOPCTYXIJSaopaivuABEZHIKMNOPTYX",
)
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[A-Za-z]")
_LOOKS_LATIN = re.compile(f"[{''.join(map(chr, _LETTERS))}]")


def plain_form(address: str) -> str:
    """The address with look-alikes replaced, and with other forms of ASCII characters: full-width or joined ones.

    A word of another alphabet is kept, unless all of it looks Latin, and so does the rest of the address.
    """
    text = _NOT_ASCII.sub(_ascii_form, address.translate(_SIGNS))
    latin = text.translate(_LETTERS)
    return latin if latin.isascii() else _WORD.sub(_plain_word, text)


def _ascii_form(match: re.Match[str]) -> str:
    form = unicodedata.normalize("NFKC", match[0])
    return form if form.isascii() else match[0]


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
    for code, meant in (("damaged_text", fix_damage(address)), ("look_alike_address", plain_form(address))):
        normal = normalize_address(meant) if meant and meant != address else None
        if normal is not None and normal != address:
            return Doubt(code, normal)
    return None

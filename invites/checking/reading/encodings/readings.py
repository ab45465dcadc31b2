"""Assess a word as it reads in an encoding: whether people write like that, and how likely it is in each language."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from invites.checking.reading.encodings.letters import LANGUAGES, fold, log_likelihoods
from invites.checking.reading.encodings.spellings import LATIN, OTHER_SCRIPTS

# The logarithm of the probability of the word, for each of letters.LANGUAGES.
Likelihoods = tuple[float, ...]

_LETTERS = re.compile("(?:[^\\W\\d_ªºµ²³¹¼½¾]|[\u0300-\u036f\u05b0-\u05bd\u064b-\u0655\u0e31-\u0e4e])+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff]+")
# In Chinese, beside at least two other characters: IC設計.
_ACRONYM = re.compile("^[A-Z]{2,8}(?=[\u3041-\u9fff\uac00-\ud7a3]{2})|(?<=[\u3041-\u9fff\uac00-\ud7a3]{2})[A-Z]{2,8}$")
_ASCII_LETTER = re.compile("[A-Za-z]")
_OPENING, _ONLY_OPENING, _CLOSING = "“„‚‘«‹¿¡", "„‚«‹¿¡", "”»›…"
_DASHES = "–—"
_ANYWHERE = "’\xa0"
_SIGNS = "№€£¥¢§©®™°±²³¹½¼¾×ºªµ·•‰"
_BEHIND_A_WORD = "®™©²³"
_ELISION = re.compile(
    "(?:^|[^\\w])(?:[ldsnmtcjo]|qu|dell|all|nell|sull|un)’[^\\W\\d_]|[a-z]’(?:s|t|d|m|re|ve|ll)$", re.IGNORECASE
)
# An accented capital after a lower-case letter, the reverse, or an accented capital inside a lower-case word.
_MISPLACED_CAPITAL = re.compile("[aé]É|éA|(?<=.)É[aé]")
_VOWELS_OF_IRISH = tuple("ÁÉÍÓÚ")
# Single lower-case letters that are words.
_LONE = frozenset("àáèéíóöåæ")
# What a sign costs in a place where people write it, and in another where it may stand.
_USUAL_SIGN, _UNUSUAL_SIGN = -5.0, -10.0


@lru_cache(maxsize=50_000)
def read_word(text: str) -> Likelihoods | None:
    """How likely a word is in each language; None if nobody writes like that. It may have signs and several words."""
    normal = unicodedata.normalize("NFC", text.replace("l·l", "ll"))
    words = _LETTERS.findall(normal)
    if not all(word.isascii() or (_is_of_one_script(word) and is_well_cased(word)) for word in words):
        return None
    cost = 0.0
    for at, sign in enumerate(normal):
        if not (sign.isascii() or _LETTERS.fullmatch(sign)):
            of_sign = _assess_sign(normal, at)
            if of_sign is None:
                return None
            cost += of_sign
    return tuple(cost + sum(values) for values in zip(*map(log_likelihoods, words), strict=True)) or (cost,) * len(
        LANGUAGES
    )


def has_letters_of_one_language(text: str) -> bool:
    """Whether people write like that, and each word has the letters of one language, not accented ones alone."""
    if read_word(text) is None:
        return False
    words = (fold(word) for word in _LETTERS.findall(unicodedata.normalize("NFC", text)))
    return all(word.isascii() or _is_of_other_script(word) or _is_of_latin_language(word) for word in words)


def _is_of_latin_language(word: str) -> bool:
    accented = {letter for letter in word if not letter.isascii()}
    is_word = len(word) > len(accented) if len(word) > 1 else word in _LONE
    return is_word and any(accented <= set(letters) for letters, _names in LATIN.values())


def _is_of_other_script(word: str) -> bool:
    return any(script.fullmatch(word) for script in OTHER_SCRIPTS.values())


def _is_of_one_script(word: str) -> bool:
    """Whether the letters belong together. A word of Latin letters has some without accents."""
    word = _ACRONYM.sub("", word)
    if len(word) > 1 and not _ASCII_LETTER.search(word) and _LATIN.fullmatch(word):
        return False
    return _LATIN.fullmatch(word) is not None or _is_of_other_script(word)


def is_well_cased(word: str) -> bool:
    """False for JŠger and AndrÈ: a capital in an impossible position is another letter in another encoding."""
    if len(word) == 1:
        return word.isupper() or word in _LONE or not _LATIN.fullmatch(word)
    if word[:1] == "h" and word[1:2] in _VOWELS_OF_IRISH:
        word = word[1:]  # Irish: Ó hÉalaí
    if word.isupper() or word[1:].islower() or word.lower() == word.upper():
        return True
    pattern = "".join(
        ("A" if letter.isupper() else "a") if letter.isascii() else ("É" if letter.isupper() else "é")
        for letter in word.replace("ß", "s" if word.islower() else "S")
    )
    return not _MISPLACED_CAPITAL.search(pattern)


def _assess_sign(text: str, at: int) -> float | None:
    """Assess a character that isn't a letter by its neighbors. Wrongly decoded letters appear inside words."""
    sign, following = text[at], text[at + 1 : at + 2]
    before, after = _is_letter(text[at - 1 : at]), _is_letter(following)
    if sign in _SIGNS:
        beside = before and not after and (sign in _BEHIND_A_WORD or (sign in "ºª" and at == 1))
        is_possible = (beside or not (before or after)) and following not in tuple(_SIGNS)
    elif sign in _OPENING or sign in _CLOSING:
        is_possible = not (before and (after or sign in _ONLY_OPENING)) and not (after and sign in _CLOSING)
    elif sign in _DASHES:
        is_possible = before == after
    else:
        is_possible = sign in _ANYWHERE or (
            _is_east_asian_sign(sign) and not text[at - 1 : at + 2].strip(sign).isascii()
        )
    if not is_possible:
        return None
    if before and after:
        return _USUAL_SIGN if sign == "’" and _ELISION.search(text) else _UNUSUAL_SIGN
    if sign in "\xa0" + _BEHIND_A_WORD or (before and sign in _CLOSING and not _has_opening(text, at)):
        return _UNUSUAL_SIGN
    return _USUAL_SIGN


def _has_opening(text: str, at: int) -> bool:
    return any(sign in _OPENING or sign == "”" for sign in text[:at]) or text[at] == "…"


def _is_east_asian_sign(sign: str) -> bool:
    return "\u3000" <= sign <= "\u303f" or "\uff01" <= sign <= "\uff20"


def _is_letter(character: str) -> bool:
    return character.isalpha() and character not in "ºªµ"

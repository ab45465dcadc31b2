"""Split a full name into first and last name, and say whether that is sure.

A name is cut in two and never changed: only spaces and the comma at the cut are lost.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from invites.checking.cells.text import EDGE, is_blank, trim
from invites.checking.name_words import (
    BEGINNINGS_OF_FIRST_NAMES,
    CERTAIN_SUFFIXES,
    EAST_ASIAN_LAST_NAMES,
    FIRST_NAMES_WITH_PARTICLES,
    HAN_LAST_NAMES,
    HAN_LAST_NAMES_OF_TWO,
    HANGUL_LAST_NAMES_OF_TWO,
    JOINERS,
    NOT_NAMES_IN_ADDRESSES,
    PARTICLES,
    PATRONYMICS,
    PREFIXES,
    SUFFIXES,
    TITLES,
    VIETNAMESE_LAST_NAMES,
)
from invites.checking.reading.columns.column_names import FIRST_LAST, LAST_FIRST, find_meaning
from invites.checking.reading.options import NameOrder

_WORD = re.compile(r"\S+")
_COMMAS = ",，、،﹐"
_COMMAS_AND_SPACES = _COMMAS + "".join(filter(str.isspace, EDGE))
_COMMA = re.compile(f"[{_COMMAS}]")
_HAN = re.compile("[\u3005\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_EAST_ASIAN = re.compile("[\u3005\u3041-\u3096\u30a1-\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")
_INITIALS = re.compile(r"[^\W\d_]\.?(?:-?[^\W\d_]\.)?")
# No name has more words. In a longer text, what follows belongs to the last word.
_MOST_WORDS = 40
_LONGEST_ADDRESS = 320


class SplitName(NamedTuple):
    """A full name in two parts. Unless `is_sure`, the admin has to look at it. Either part can be ""."""

    first_name: str
    last_name: str
    is_sure: bool


class _Cut(NamedTuple):
    """Before which word a name is cut, and whether the last name comes first."""

    at: int
    is_sure: bool
    is_last_first: bool


def split_full_name(text: str, order: NameOrder) -> SplitName:
    """Split a full name. `order` says whether its first or its last name comes first.

    A comma decides alone: what is before it is the last name.
    """
    text = _trim(text)
    if found := _split_at_comma(text):
        return found
    words = list(_WORD.finditer(text))[:_MOST_WORDS]
    begin, end = _find_core([word[0] for word in words])
    core = [word[0].strip(_COMMAS) for word in words[begin:end]]
    if len(core) < 2:
        return _split_one_word(text)
    cut = _cut_last_first(core) if order == LAST_FIRST else _cut_first_last(core)
    at = words[begin + cut.at].start() if cut.at else 0
    before, after = text[:at].rstrip(), text[at:]
    first, last = (after, before) if cut.is_last_first else (before, after)
    return SplitName(first, last, cut.is_sure and not _is_in_brackets(words[-1][0]))


def is_decided_by_commas(full_names: Sequence[str]) -> bool:
    """Whether all of these names have a comma that separates last and first name."""
    filled = [_trim(name) for name in full_names if not is_blank(name)]
    return bool(filled) and all(_find_commas(name) for name in filled)


def suggest_order(full_names: Sequence[str], header: str, languages: Sequence[str]) -> NameOrder:
    """Whether the first or the last name probably comes first in a column.

    `header` is the name of the column, and `languages` are codes of the languages of its author, such as "hu".
    """
    meaning = find_meaning(header)
    if meaning and meaning.order:
        return meaning.order
    filled = [name for name in full_names if not is_blank(name)]
    signs = [sign for name in filled if (sign := _sign_of_order(name))]
    if signs and 2 * len(signs) >= len(filled):
        return LAST_FIRST if 2 * sum(sign == LAST_FIRST for sign in signs) >= len(signs) else FIRST_LAST
    is_hungarian = any(language.partition("-")[0] == "hu" for language in languages)
    if is_hungarian and (not meaning or "English" in meaning.languages):
        return LAST_FIRST
    return FIRST_LAST


def names_in_address(email: str) -> tuple[str, str] | None:
    """The first and the last name in an address such as chiara.rossi@example.com, or None.

    It is only a suggestion: rossi.chiara@example.com looks the same.
    """
    local = email[:_LONGEST_ADDRESS].strip().partition("@")[0].partition("+")[0]
    separator = next((sign for sign in "._-" if sign in local), "")
    parts = local.split(separator) if separator else []
    if not 2 <= len(parts) <= 4 or not all(part.replace("-", "").isalpha() for part in parts):
        return None
    if any(part.casefold() in NOT_NAMES_IN_ADDRESSES for part in parts):
        return None
    if not all(len(half) > 1 for part in parts for half in part.split("-")):
        return None
    split = split_full_name(" ".join(_capitalize(part, index) for index, part in enumerate(parts)), FIRST_LAST)
    return split.first_name, split.last_name


def _fold(word: str) -> str:
    return unicodedata.normalize("NFC", word).casefold().strip(f".{_COMMAS}")


def _is_particle(word: str) -> bool:
    return _fold(word) in PARTICLES


def _is_title(word: str, words_after: int) -> bool:
    """Whether this is a title. Don and Ma are first names, too, so two words have to follow one without a dot."""
    return _fold(word) in TITLES and (word.endswith(".") or words_after >= 2)


def _is_suffix(word: str, *, in_capitals: bool = False) -> bool:
    """Whether this is something like Jr., III or PhD. Ma is a last name, MA is a degree unless all is `in_capitals`."""
    folded = _fold(word)
    has_capitals = any(map(str.isupper, word[1:])) and not in_capitals
    return folded in SUFFIXES and (has_capitals or "." in word or folded in CERTAIN_SUFFIXES)


def _is_in_brackets(word: str) -> bool:
    return word.endswith((")", "]", "）"))


def _is_lower(word: str) -> bool:
    return word == word.lower() != word.upper()


def _are_initials(words: Sequence[str]) -> bool:
    return len(words) > 0 and all(_INITIALS.fullmatch(word) and not _EAST_ASIAN.search(word) for word in words)


def _is_patronymic(word: str) -> bool:
    return _fold(word).endswith(PATRONYMICS)


def _find_core(words: list[str]) -> tuple[int, int]:
    """Where the name begins and ends between titles, suffixes and a note in brackets at its end."""
    begin, end = 0, len(words)
    while begin < end and _is_title(words[begin], end - begin - 1):
        begin += 1
    if end > begin and _is_in_brackets(words[-1]):
        opened = [index for index in range(begin, end) if words[index][0] in "([（"]
        end = opened[-1] if opened and opened[-1] > begin else end
    in_capitals = not any(map(str.islower, "".join(words)))
    while end - begin > 2 and _is_suffix(words[end - 1], in_capitals=in_capitals):
        end -= 1
    return begin, end


def _trim(text: str) -> str:
    return trim(text).strip(_COMMAS_AND_SPACES)


def _find_commas(text: str) -> list[int]:
    """Where commas separate last and first name in a trimmed text. A comma before Jr. doesn't."""
    commas = [match.start() for match in _COMMA.finditer(text)]
    found = []
    for comma, end in pairwise([*commas, len(text)]):
        words = text[comma + 1 : end].split()
        if words and not all(_fold(word) in SUFFIXES for word in words):
            found.append(comma)
    return found


def _split_at_comma(text: str) -> SplitName | None:
    commas = _find_commas(text)
    if not commas:
        return None
    last = text[: commas[0]].rstrip(_COMMAS_AND_SPACES)
    first = text[commas[0] + 1 :].lstrip(_COMMAS_AND_SPACES)
    # "Berg, Anna van den" and "Silva, João da" are Anna van den Berg and João da Silva.
    words = list(_WORD.finditer(first))
    at = len(words)
    while at > 1 and _is_lower(words[at - 1][0]) and _is_particle(words[at - 1][0]):
        at -= 1
    if at < len(words) and not _is_lower(words[0][0]):
        start = words[at].start()
        last = f"{first[start:]} {last}"
        first = first[:start].rstrip()
    return SplitName(first, last, len(commas) == 1)


def _split_one_word(text: str) -> SplitName:
    """Split a Chinese, Japanese or Korean name, which needs no space. Any other word becomes the first name."""
    at = 0
    if _HANGUL.fullmatch(text) and 2 <= len(text) <= 5:
        at = 2 if len(text) > 2 and text[:2] in HANGUL_LAST_NAMES_OF_TWO else 1
    elif _HAN.fullmatch(text) and 2 <= len(text) <= 6:
        if len(text) > 2 and text[:2] in HAN_LAST_NAMES_OF_TWO:
            at = 2
        elif len(text) == 2 or (len(text) == 3 and text[0] in HAN_LAST_NAMES):
            at = 1
        else:
            # Most Japanese last names have two characters.
            at = 2
    return SplitName(text[at:], text[:at], is_sure=False)


def _find_capitals(words: list[str]) -> tuple[int, int] | None:
    """The last name in capitals at one end of a name, as in Jean Pierre DUPONT: from which to before which word.

    Capitals of one or two letters, as in JP Smith, can be initials.
    """
    are_upper = [word.isupper() and sum(map(str.isalpha, word)) > 1 for word in words]
    count = are_upper.count(True)
    begin = 0 if are_upper[0] else len(words) - count
    found = words[begin : begin + count]
    if len(found) == len(words) or not all(are_upper[begin : begin + count]):
        return None
    return (begin, begin + count) if any(len(word) > 2 for word in found) else None


def _begins_with_particle(words: list[str]) -> bool:
    """Whether the first word is the beginning of a last name. In "ben smith", it can be a first name."""
    return _is_lower(words[0]) and _is_particle(words[0]) and not _is_lower(words[-1])


def _skip_particles(words: list[str], start: int) -> int:
    """The index of the first word from `start` that is no particle; the last word counts as none."""
    while start < len(words) - 1 and _is_particle(words[start]):
        start += 1
    return start


def _cut_first_last(words: list[str]) -> _Cut:
    """Where to cut a name of at least two words whose first name comes first."""
    count = len(words)
    if capitals := _find_capitals(words):
        begin, end = capitals
        return _Cut(begin, True, False) if begin else _Cut(end, False, True)
    if _begins_with_particle(words):
        # "van Dyk" has no first name, and in "van Dyk Ludwig" it comes last.
        end = _skip_particles(words, 0) + 1
        return _Cut(end, False, True) if end < count else _Cut(0, False, False)
    if count == 2:
        return _Cut(1, not _is_suffix(words[1]), False)
    if count == 3 and _is_patronymic(words[1]):
        return _Cut(2, True, False)
    if (count == 3 and _is_patronymic(words[2])) or _fold(words[0]) in VIETNAMESE_LAST_NAMES:
        return _Cut(1, False, True)
    at, is_sure = _find_last_name(words)
    return _Cut(at, is_sure, False)


def _find_last_name(words: list[str]) -> tuple[int, bool]:
    """Where the last name begins in three or more words, and whether that is sure."""
    count = len(words)
    for index in range(2, count - 1):
        if words[index] in JOINERS:
            return index - 1, index == 2
    for index in range(1, count):
        if (index < count - 1 and _is_particle(words[index])) or words[index].casefold().startswith(PREFIXES):
            return _check_particle(words, index)
    if _are_initials(words[1:-1]):
        return count - 1, True
    return max(2, count - 2), False


def _check_particle(words: list[str], index: int) -> tuple[int, bool]:
    """Where the last name begins if this word is its first particle, and whether that is sure."""
    if words[index].istitle() and _fold(words[-1]) in EAST_ASIAN_LAST_NAMES:
        return len(words) - 1, False
    if index > 1:
        return index, False
    first, end = _fold(words[0]), _skip_particles(words, 1)
    if first in FIRST_NAMES_WITH_PARTICLES | BEGINNINGS_OF_FIRST_NAMES and end + 1 < len(words):
        return end + 1, False
    return 1, end >= len(words) - 2 and first not in BEGINNINGS_OF_FIRST_NAMES


def _cut_last_first(words: list[str]) -> _Cut:
    """Where to cut a name of at least two words whose last name comes first."""
    count = len(words)
    if capitals := _find_capitals(words):
        begin, end = capitals
        return _Cut(begin, False, False) if begin else _Cut(end, True, True)
    if count == 2:
        return _Cut(0, False, False) if _begins_with_particle(words) else _Cut(1, not _is_suffix(words[1]), True)
    if _fold(words[0]) in VIETNAMESE_LAST_NAMES or _are_initials(words[2:]):
        return _Cut(1, True, True)
    if count == 3 and _is_patronymic(words[2]):
        return _Cut(1, True, True)
    if count == 3 and _is_patronymic(words[1]):
        return _Cut(2, False, False)
    if words[1] in JOINERS and count > 3:
        return _Cut(3, count == 4, True)
    end = _skip_particles(words, 0) + 1
    while end < count - 1 and _is_suffix(words[end]):
        end += 1
    # "van der Berg" has no first name.
    return _Cut(end, end == count - 1, True) if end < count else _Cut(0, False, False)


def _sign_of_order(name: str) -> NameOrder:
    """The order that a name shows by itself, or ""."""
    if _EAST_ASIAN.search(name):
        return LAST_FIRST
    words = name.split()[:_MOST_WORDS]
    if capitals := _find_capitals(words):
        return FIRST_LAST if capitals[0] else LAST_FIRST
    if len(words) == 3 and _is_patronymic(words[2]):
        return LAST_FIRST
    return LAST_FIRST if _fold(words[0]) in VIETNAMESE_LAST_NAMES else ""


def _capitalize(part: str, index: int) -> str:
    """A part of an address as it is written in a name. Capitals inside it are kept."""
    if index and part.casefold() in PARTICLES:
        return part.lower()
    if part.islower() or part.isupper():
        return "-".join(half.capitalize() for half in part.split("-"))
    return part

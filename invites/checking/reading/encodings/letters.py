"""How likely a word is in each language: counts which letters follow each other in the common names of the language."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache

from invites.checking.reading.encodings.common_names import COMMON_CHARACTERS, COMMON_NAMES
from invites.checking.reading.encodings.spellings import LATIN, OTHER_SCRIPTS

LANGUAGES = (*COMMON_NAMES, *COMMON_CHARACTERS)
INDEXES = {language: at for at, language in enumerate(LANGUAGES)}

# How much a letter depends on the two letters before it, on the one before it, and on the language alone.
_TWO_BEFORE, _ONE_BEFORE, _ALONE = 0.4, 0.4, 0.19
# A letter that the names of the language happen not to have there, and one that the language doesn't have.
_UNSEEN, _FOREIGN = 0.01 / 60, 1e-7
# Characters of languages that have thousands.
_COMMON_CHARACTER, _RARE_CHARACTER, _KANA = 1 / 250, 1 / 40_000, 1 / 120
_SCRIPT_OF = {
    "Russian": "Cyrillic", "Ukrainian": "Cyrillic", "Bulgarian": "Cyrillic", "Greek": "Greek", "Hebrew": "Hebrew",
    "Arabic": "Arabic", "Thai": "Thai",
}  # fmt: skip
_HAN = re.compile("[\u3005\u4e00-\u9fff]")
_FULL_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fc]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


class _Counts:
    """How often each letter, pair and triple of letters occurs in the names of a language."""

    def __init__(self, language: str) -> None:
        letters, names = LATIN.get(language, ("", ""))
        words = f"{COMMON_NAMES[language]} {names}".split()
        texts = [f"  {fold(word)} " for word in words]
        self.of_letters = Counter(letter for text in texts for letter in text[2:])
        self.total = sum(self.of_letters.values())
        self.of_pairs = Counter(text[at - 1 : at + 1] for text in texts for at in range(2, len(text)))
        self.of_triples = Counter(text[at - 2 : at + 1] for text in texts for at in range(2, len(text)))
        self.after_one = Counter(text[at - 1] for text in texts for at in range(2, len(text)))
        self.after_two = Counter(text[at - 2 : at] for text in texts for at in range(2, len(text)))
        self._script = OTHER_SCRIPTS.get(_SCRIPT_OF.get(language, ""))
        self._letters = frozenset(letters) | set(self.of_letters)

    def probability_after_one(self, pair: str) -> float:
        """Of the second letter after the first, as far as it doesn't depend on the letter before these."""
        letter = pair[1]
        of_pair = self.of_pairs[pair] / self.after_one[pair[0]] if self.after_one[pair[0]] else 0.0
        is_known = letter in self._letters or letter.isascii() or (self._script and self._script.fullmatch(letter))
        rest = _UNSEEN if is_known else _FOREIGN
        return _ONE_BEFORE * of_pair + _ALONE * self.of_letters[letter] / self.total + rest

    def probability(self, triple: str, after_one: float) -> float:
        """Of the third letter after the first two, in names that have this triple."""
        return _TWO_BEFORE * self.of_triples[triple] / self.after_two[triple[:2]] + after_one


def fold(word: str) -> str:
    """The word in lowercase. The Turkish dotted capital becomes a plain i, not an i with a separate dot."""
    return unicodedata.normalize("NFC", word.replace("\u0130", "i").lower())


def log_likelihoods(word: str) -> tuple[float, ...]:
    """The logarithm of the probability of the word, for each of `LANGUAGES`."""
    padded = f"  {fold(word)} "
    dotted = word.count("\u0130")  # `fold` makes it a plain i, which other languages have, too.
    triples = [_log_probabilities(padded[at - 2 : at + 1]) for at in range(2, len(padded))]
    found = tuple(map(sum, zip(*triples, strict=True)))
    if not dotted:
        return found
    return tuple(
        value if at == INDEXES["Turkish"] else value + dotted * math.log(_FOREIGN) for at, value in enumerate(found)
    )


@lru_cache(maxsize=100_000)
def _log_probabilities(triple: str) -> tuple[float, ...]:
    after_one, logarithms = _after_one(triple[1:])
    found = [*logarithms]
    # Most languages have few of all triples.
    for at in _languages_of_triples().get(triple, ()):
        found[at] = math.log(_counts()[at].probability(triple, after_one[at]))
    return tuple(found)


@lru_cache(maxsize=20_000)
def _after_one(pair: str) -> tuple[list[float], list[float]]:
    """The probability of the second letter after the first in each language with counts; its logarithm in each."""
    letter = pair[1]
    probabilities = [counts.probability_after_one(pair) for counts in _counts()]
    logarithms = list(map(math.log, probabilities))
    for language, characters in COMMON_CHARACTERS.items():
        logarithms.append(0.0 if letter == " " else math.log(_of_character(letter, language, characters)))
    return probabilities, logarithms


def _of_character(letter: str, language: str, characters: str) -> float:
    if letter in characters:
        return _COMMON_CHARACTER
    if language == "Korean":
        return _RARE_CHARACTER * 20 if _HANGUL.match(letter) else _FOREIGN
    if language == "Japanese" and _FULL_KANA.match(letter):
        return _KANA
    if language == "Japanese" and OTHER_SCRIPTS["Chinese and Japanese"].match(letter):
        return _RARE_CHARACTER
    return _RARE_CHARACTER if _HAN.match(letter) else _FOREIGN


@cache
def _counts() -> tuple[_Counts, ...]:
    """Counted when first needed: most processes never read a file in an old encoding."""
    return tuple(map(_Counts, COMMON_NAMES))


@cache
def _languages_of_triples() -> dict[str, list[int]]:
    """In which languages, as indexes of `_counts`, each triple occurs."""
    found: dict[str, list[int]] = {}
    for at, counts in enumerate(_counts()):
        for triple in counts.of_triples:
            found.setdefault(triple, []).append(at)
    return found

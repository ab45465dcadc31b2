"""Tell Windows-1252 and Mac Roman from each other and from everything else, or admit that it can't be told.

Any bytes decode as either, so decoding proves nothing. What proves something is the reading: each word that has
an accented letter must be spelled with the letters of *one* Western European language, an accented capital must
not follow a small letter, and no sign may stand where only a letter can. Polish, Czech, Turkish, Greek, Russian
or Japanese bytes read as Windows-1252 break one of these rules within a few words (Dvoøák, Wi?niewski, Güneþ).
"""

import re
from dataclasses import dataclass

# The letters beyond a-z of the languages written in Windows-1252 and in Mac Roman.
_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "àâçéèêëîïôœùûüÿ",  # French (æ only with the Nordic letters: elsewhere it is a Croatian ć, misread)
        "äöüßé",  # German
        "áéíñóúü",  # Spanish, Galician
        "áâãàçéêíóôõúü",  # Portuguese
        "àèéìíîòóùú",  # Italian
        "àçèéíïòóúü",  # Catalan
        "åäöæøéü",  # Swedish, Norwegian, Danish, Finnish
        "áéíóúýþæðö",  # Icelandic, Faroese
        "äëïöüéèêçáóíú",  # Dutch, Luxembourgish
        "õäöüšž",  # Estonian
    )
)
_WORD = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f\s])+")
# Signs that stand beside or inside words in real files; any other sign that touches letters is a misread letter.
_BESIDE = "\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\xab\xbb\xb7\xb4\u2039\u203a\xa0"
_SIGNS = "\u20ac\xa3\xa7\xa9\xae\u2122\xb0\xb1\xb2\xb3\xb9\xbd\xbc\xbe\xbf\xa1\xaa\xba\xd7\xb5\xa5\xa2\u2030"
_UNDEFINED_IN_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")


@dataclass(frozen=True, slots=True)
class Legacy:
    codec: str
    label: str


WINDOWS = Legacy("cp1252", "Windows-1252")
MAC = Legacy("mac_roman", "Mac Roman")


class WordSample:
    """Collects the different words with bytes over 127, so that a large file is judged by a small set."""

    def __init__(self, *, limit: int = 20_000) -> None:
        self.words: set[bytes] = set()
        self.limit = limit

    _HIGH_WORD = re.compile(rb"[A-Za-z'\x80-\xff]*[\x80-\xff][A-Za-z'\x80-\xff]*")

    def add(self, line: bytes) -> None:
        if not line.isascii() and len(self.words) < self.limit:
            self.words.update(word[:80] for word in self._HIGH_WORD.findall(line))

    def judge(self, *, ends_are_cr: bool) -> Legacy | None:
        """The one encoding in which every word reads well. Mac Roman is a matter of files that end lines in CR."""
        if ends_are_cr and all(_reads_well(word.decode("mac_roman")) for word in self.words):
            return MAC
        if all(not _UNDEFINED_IN_1252.intersection(word) and _reads_well(word.decode("cp1252")) for word in self.words):
            return WINDOWS
        return None


def _reads_well(text: str) -> bool:
    for part in re.split(f"[{re.escape(_BESIDE)}']+", text):
        if not part or part.isascii() or all(character in _SIGNS for character in part):
            continue
        core = part.strip("\xaa\xba\xb0\xae\u2122\xb2\xb3\xb9\xbf\xa1\u20ac\xa3\xa7\xa9")
        if core != part and any(sign in part for sign in "\xb3\xb9\xa3\xbf") and core:
            # A sign that ends a word is a footnote in English and a letter in Polish: not certain.
            return False
        if core and not core.isascii() and not _is_a_word(core):
            return False
    return True


def _is_a_word(word: str) -> bool:
    if not word.isalpha():
        return False
    for before, after in zip(word, word[1:], strict=False):
        if before.islower() and after.isupper() and not after.isascii():
            return False
        if before == "\u0178" and after.islower():
            return False
        if before == "œ" and after.lower() not in "uidcst":
            return False
    # "þ" and "ð" begin or fill Icelandic words and never end in "þ"; Turkish ones, misread, do.
    lowered = word.lower()
    if lowered.endswith("þ") or lowered.startswith("ð") or lowered == "œ" or lowered.endswith("œ"):
        return False
    letters = {letter for letter in lowered if not letter.isascii()}
    if sum(not letter.isascii() for letter in lowered) > max(2, len(lowered) * 0.5):
        return False
    return any(letters <= alphabet for alphabet in _ALPHABETS)

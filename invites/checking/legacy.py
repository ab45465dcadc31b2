"""Tell Windows-1252 and Mac Roman from each other and from everything else, or admit that it can't be told.

Any bytes decode as either, so decoding proves nothing. What proves something is the reading: each word that has
an accented letter must be spelled with the letters of *one* Western European language, a capital must not stand in
the middle of a word, no sign may stand where only a letter can, and no letter where its language never puts it.
Polish, Czech, Hungarian, Turkish, Greek, Russian or Japanese bytes read as Windows-1252 break one of these rules
within a word or two (Kamiñski, Dvoøák, Yýlmaz). Where in doubt the file is refused: a name spelled wrongly is
found by the invitee, a refused file by the admin, a minute later and with a way out.
"""

import re
from dataclasses import dataclass

# The letters beyond a-z of the languages written in Windows-1252 and in Mac Roman. "šž" stand at the same places
# in Windows-1250, so that Czech and Slovene words made of them alone are certain, too.
_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "àâçéèêëîïôœùûüÿ",  # French
        "äöüßé",  # German
        "áéíñóúü",  # Spanish, Galician
        "áâãàçéêíóôõúü",  # Portuguese
        "àèéìíîòóùú",  # Italian
        "àçèéíïòóúü",  # Catalan
        "åäöæøéü",  # Swedish, Norwegian, Danish, Finnish
        "áéíóúýþæðö",  # Icelandic, Faroese
        "äëïöüéèêçáóíú",  # Dutch, Luxembourgish
        "áéíóúýšž",  # what Czech, Slovak and Slovene share with Windows-1252
    )
)
_VOWEL = "aeiouyàáâäéèêëíîïóôöúûü"
_CONSONANT = "bcdfghjklmnpqrstvwxz"
# Where a letter is none of its language, and which letter of another encoding has the same byte.
_OUT_OF_PLACE = re.compile(
    "|".join(
        (
            "ñ(?![aeiouáéíóúü])",  # Polish ń: Kamiñski
            "iê|ê(?=[bdfgjkwxyz]|c(?!h))",  # Polish ę: Ziêba
            f"è(?=[{_VOWEL}])|iè$|ouè",  # Croatian, Czech, Slovene č: Kuèera
            "ù(?=.)",  # Czech ů
            "ì(?=.)",  # Czech ě: Zdenìk
            "[aeoyáéí]ò|[ui]ò(?=.)",  # Czech, Slovak ň
            "(?<![aeou])ï",  # Slovak ď
            "ã(?![oei]|s?$)",  # Romanian ă: Ionãscu
            "õ(?!e)",  # Hungarian ő: Erdõs
            "[zyvg]û|û(?=c(?!h)|z|v)",  # Hungarian ű: Szûcs
            f"[{_VOWEL}]æ|^æ(?![dfglnrstv])",  # Croatian, Polish ć: Petroviæ
            f"[{_VOWEL}]œ|œ$|^œ(?!u|il|d|cu|so|st)",  # Polish ś: Œliwa
            f"[{_VOWEL}æå]ø|ø[aouáéí]|(?<!^)øi|øe(?=..)",  # Czech ř: Pøemysl
            "^(?!.*[ðþáéíóúšž])(?!.*ný$).*ý",  # Turkish ı: Yýlmaz
            "(?<!^)þ(?!ór|rúð|ing)|^þ(?![óouúrýyjv])",  # Turkish ş, Baltic ž: Ayþe
            "(?<![ríóáúæý])(?<!ei)(?<!gu)(?<!fri)(?<!vi)ð",  # Turkish ğ: Erdoðan
            f"(?<![{_VOWEL}])ë$",  # Lithuanian ė
            f"[{_CONSONANT}][šž][{_CONSONANT}]",  # ö and û of Mac Roman: Kšhler
            "[ao]á",  # ß of DOS: Straáe
        )
    )
)
_APART = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2022\xab\xbb\xb7\xb4\u2039\u203a\xa0']+")
# Punctuation in a place where none can be, and so a letter of an encoding that is neither of the two.
_BAD_PUNCTUATION = re.compile(
    "[^\\W\\d_][\u201a\u201e]|[^\\W\\d_][\u2018\u201c\u201d\u2022\xab\xbb\u2039\u203a\u2026][^\\W\\d_]|\u2026[^\\W\\d_]"
)
# Letters in Mac Roman; whether they are dashes, apostrophes and quotation marks, the word around them tells.
_MAY_BE_A_LETTER = re.compile("[^\\W\\d_](?:[\u2019\u2013\u2014][^\\W\\d_]|[\u2018\u201c])")
_ELISION = re.compile(
    "^(?:[ldsnmtcjo]|qu|aujourd|entr|presqu|quelqu|lorsqu|puisqu|jusqu|dell?|all|nell|sull|un)\u2019"
    "|\u2019(?:s|t|d|m|re|ve|ll|n)$",
    re.IGNORECASE,
)
# A capital after a small letter, or inside a word that goes on in small letters, is a letter misread: JŠger.
_MISPLACED_CAPITAL = re.compile("[aé]É|éA|(?<=.)É[aé]|ÉA[aé]")
_SIGNS = frozenset("€£§©®™°±²³¹½¼¾¿¡ªº×µ¥¢‰")
_SIGNS_BESIDE_A_WORD = "ªº°®™²€§©¿¡"
_UNDEFINED_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_LONGEST_WORD = 80


@dataclass(frozen=True, slots=True)
class Legacy:
    codec: str
    label: str


WINDOWS = Legacy("cp1252", "Windows-1252")
MAC = Legacy("mac_roman", "Mac Roman")


class WordSample:
    """Collects the different words with bytes over 127, so that a large file is judged by a small set.

    Bytes that Windows-1252 does not have are looked for in all of it.
    """

    _HIGH_WORD = re.compile(rb"[A-Za-z'\x80-\xff]*[\x80-\xff][A-Za-z'\x80-\xff]*")

    def __init__(self, *, limit: int = 20_000) -> None:
        self.words: set[bytes] = set()
        self.limit = limit
        self._may_be_windows = True

    def add(self, line: bytes) -> None:
        if line.isascii():
            return
        if _UNDEFINED_IN_1252.search(line):
            self._may_be_windows = False
        if len(self.words) < self.limit:
            self.words.update(word[: _LONGEST_WORD + 1] for word in self._HIGH_WORD.findall(line))

    def judge(self, *, ends_are_cr: bool) -> Legacy | None:
        """The one encoding in which every word reads well. Mac Roman is a matter of files that end lines in CR."""
        as_mac = _read_all(self.words, MAC)
        as_windows = _read_all(self.words, WINDOWS) if self._may_be_windows else []
        if ends_are_cr and as_mac and (not as_windows or _letters(as_mac) >= _letters(as_windows)):
            return MAC
        if as_windows and (ends_are_cr or not (as_mac and any(_is_doubtful(word) for word in as_windows))):
            return WINDOWS
        return None


def _read_all(words: set[bytes], legacy: Legacy) -> list[str]:
    """The words as text; none of them when one can't be read so."""
    texts = []
    for word in words:
        text = word.decode(legacy.codec)
        if len(text) > _LONGEST_WORD or not _reads_well(text):
            return []
        texts.append(text)
    return texts


def _letters(texts: list[str]) -> int:
    return sum(character.isalpha() for text in texts if len(text) > 1 for character in text)


def _is_doubtful(text: str) -> bool:
    """True for Garc\u2019a and L\u2014pez, which are names in Mac Roman; not for l\u2019atelier."""
    return _MAY_BE_A_LETTER.search(text) is not None and _ELISION.search(text) is None


def _reads_well(text: str) -> bool:
    if _BAD_PUNCTUATION.search(text):
        return False
    return all(_is_well_placed(part) for part in _APART.split(text))


def _is_well_placed(part: str) -> bool:
    """A word, a sign alone, or a word with signs that can stand beside one: 1º, Nestlé®, ¿Qué."""
    core = part.strip(_SIGNS_BESIDE_A_WORD)
    if not core or all(character in _SIGNS for character in part):
        return True
    if part[0] in "¿¡" and not core[0].isupper():
        return False  # A Polish ż, or an í of DOS.
    if part[-1] in "ªº" and len(core) > 2:
        return False  # A Romanian ş.
    return core.isascii() or _is_a_word(core)


def _is_a_word(word: str) -> bool:
    if not word.isalpha():
        return False
    if not word.isupper() and _MISPLACED_CAPITAL.search(_cases(word)):
        return False
    lowered = word.lower()
    letters = {letter for letter in lowered if not letter.isascii()}
    high = sum(not letter.isascii() for letter in lowered)
    if high > max(2, len(lowered) * 0.5) or (high == len(lowered) > 1):
        return False
    return any(letters <= alphabet for alphabet in _ALPHABETS) and not _OUT_OF_PLACE.search(lowered)


def _cases(word: str) -> str:
    """The word as a pattern of capitals (A, and É for one with an accent) and small letters (a, é)."""
    return "".join(
        ("A" if letter.isupper() else "a") if letter.isascii() else ("É" if letter.isupper() else "é")
        for letter in word
    )

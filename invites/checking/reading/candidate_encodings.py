"""Find the encodings in which a file's text could be written, and choose one only if the evidence is overwhelming.

Almost any bytes can be decoded in a dozen encodings, so decoding proves nothing. The evidence is the text: each
encoding is tried on the distinct words with non-ASCII bytes. A word that no language spells that way rules it out.
Where the remaining encodings give different text, we count the words whose accented letters stand between the same
letters as in common names (see `spellings`). A wrong guess would silently change somebody's name, so we reject a file
that isn't clear.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from invites.checking.reading.known_encodings import LABELS
from invites.checking.reading.spellings import LANGUAGES, OTHER_SCRIPTS, WELL_KNOWN, contexts_of, fold

# We reject files in any other encoding for now, even if the encoding is certain.
ACCEPTED = ("cp1252", "mac_roman")
# Evidence is overwhelming if at least this many distinct words support only one decoding, and if they outnumber the
# words that support only the other by this factor.
MIN_WORDS = 3
MIN_RATIO = 10
MAX_CANDIDATES = 3

# Valid UTF-8 with more words that have non-ASCII characters is certain.
MAX_WORDS_IN_DOUBT = 8
_NON_ASCII = re.compile(rb"[\x80-\xff]+")
_PIECE = 1024

_MAX_WORDS = 20_000
_MAX_LENGTH = 1_000
# Bytes that are part of no character beyond ASCII in any of the encodings. Digits are (in GB18030), so they stay.
_SEPARATORS = bytes([*range(0x30), *range(0x3A, 0x40)])
_SPACED = bytes.maketrans(_SEPARATORS, b" " * len(_SEPARATORS))
# A character of three or four bytes in UTF-8. No text in these encodings looks like one, except for an accented letter
# before a closing French quotation mark, so it means that the file is damaged UTF-8.
_NOT_IN = ("cp125", "iso8859", "mac_roman")
_DAMAGED_UTF8 = re.compile(rb"[\xe0-\xef](?!\xa0\xbb)[\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

_TWO_BYTES_EACH = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf])+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_TWO_BYTE_CODECS = ("gb2312", "euc_kr", "big5", "shift_jis")  # Without the rare characters of the larger sets.
# The sets of characters with the rare ones.
_LARGER = {"gb2312": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932"}
_EAST_ASIAN = re.compile("[\u3041-\u30fc\u4e00-\u9fff\uac00-\ud7a3]+")
_LONE_SIGNS = tuple("§°±©®£")

_WORD = re.compile("(?:[^\\W\\d_ªºµ]|[\u0300-\u036f\u05b0-\u05bd\u064b-\u0655\u0e31-\u0e4e])+")
_OPENING, _ONLY_OPENING, _CLOSING = "“„‚‘«‹¿¡", "„‚«‹¿¡", "”»›…"
_ANYWHERE = "’–—\xa0\xad"
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

_ANY_LANGUAGE = frozenset(range(len(LANGUAGES)))


class Verdict(IntEnum):
    IMPOSSIBLE = 0
    POSSIBLE = 1
    COMMON = 2  # Spelled like common names.


class DecodedWord(NamedTuple):
    """A word in one encoding.

    `contexts` are its non-ASCII characters with their neighbors. `languages` are indexes in LANGUAGES, of those with
    names spelled like it.
    """

    text: str
    verdict: Verdict
    contexts: tuple[str, ...] = ()
    languages: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Decoding:
    """One way to decode the file, in which every word is possible.

    `evidence` is how many of the words in doubt look like common names. `codec` is the first of the encodings that give
    this text.
    """

    codec: str
    label: str
    evidence: int
    words: tuple[DecodedWord, ...]

    def outweighs(self, other: "Decoding") -> bool:
        """Whether the words that differ in the two decodings leave no reasonable doubt.

        Either many more of them look like common names in this decoding. Or all of them do, in one language, and none
        does in the other decoding; this takes two words, or a well-known name, or one word in a file with more names of
        that language. Words with the same letters around the accented ones count once.
        """
        pairs = [
            (mine, theirs) for mine, theirs in zip(self.words, other.words, strict=True) if mine.text != theirs.text
        ]
        support = {mine.contexts for mine, theirs in pairs if mine.verdict is Verdict.COMMON is not theirs.verdict}
        against = {theirs.contexts for mine, theirs in pairs if theirs.verdict is Verdict.COMMON is not mine.verdict}
        if len(support) >= MIN_WORDS and len(support) >= MIN_RATIO * len(against):
            return True
        if any(theirs.verdict is Verdict.COMMON for _mine, theirs in pairs):
            return False
        languages = frozenset.intersection(*(mine.languages for mine, _theirs in pairs))
        return any(
            len(support) >= 2
            or any(fold(mine.text) in WELL_KNOWN for mine, _theirs in pairs)
            or len({word.contexts for word in self.words if language in word.languages}) >= MIN_WORDS
            for language in languages
        )

    def find_difference(self, other: "Decoding") -> int:
        """The index of the first word that differs in the other decoding."""
        return next(at for at, word in enumerate(self.words) if word.text != other.words[at].text)


class WordSample:
    """Collects the distinct words with bytes over 127, in the order of the file."""

    def __init__(self, limit: int = _MAX_WORDS) -> None:
        self.words: dict[bytes, None] = {}
        self._limit = limit
        self._rest = b""

    @property
    def is_full(self) -> bool:
        return len(self.words) >= self._limit

    def add(self, chunk: bytes) -> None:
        if chunk.isascii() and self._rest.isascii():
            chunk = chunk[-_MAX_LENGTH:]  # Only the start of a word at its end matters.
        whole, _space, self._rest = (self._rest + chunk.translate(_SPACED)).rpartition(b" ")
        self._take(whole)
        if len(self._rest) > _MAX_LENGTH:
            self._rest = self._rest[: _MAX_LENGTH + 1]

    def finish(self) -> list[bytes]:
        self._take(self._rest)
        return list(self.words)

    def _take(self, text: bytes) -> None:
        """Look only at the words around non-ASCII bytes: most pieces of most files are ASCII."""
        end = 0
        for offset in range(0, len(text), _PIECE):
            piece = text[offset : offset + _PIECE]
            if piece.isascii():
                continue
            for found in _NON_ASCII.finditer(piece):
                at = offset + found.start()
                if at >= end:
                    start = text.rfind(b" ", end, at) + 1 or end
                    space = text.find(b" ", at)
                    end = len(text) if space < 0 else space
                    self.words[text[start:end]] = None


def find_decodings(words: list[bytes]) -> list[Decoding]:
    """All decodings in which every word is possible, the one with the most evidence first."""
    found: dict[tuple[str, ...], tuple[str, tuple[DecodedWord, ...]]] = {}
    assessed: dict[str, DecodedWord] = {}
    for codec in LABELS:
        read = _read(words, codec, assessed)
        if len(read) == len(words):
            found.setdefault(tuple(word.text for word in read), (codec, tuple(read)))
    in_doubt = [len(set(texts)) > 1 for texts in zip(*found, strict=True)]
    decodings = [
        Decoding(
            codec,
            LABELS[codec],
            sum(doubt and word.verdict is Verdict.COMMON for word, doubt in zip(read, in_doubt, strict=True)),
            read,
        )
        for codec, read in found.values()
    ]
    return sorted(decodings, key=lambda decoding: -decoding.evidence)


def choose(decodings: list[Decoding]) -> Decoding | None:
    """The decoding that outweighs all others, if its encoding is accepted."""
    for decoding in decodings:
        others = (other for other in decodings if other is not decoding)
        if decoding.codec in ACCEPTED and all(decoding.outweighs(other) for other in others):
            return decoding
    return None


def find_candidates(words: list[bytes], decodings: list[Decoding]) -> list[str]:
    """The codecs of the two or three likely decodings, the best first; none if no decoding makes sense."""
    if not decodings:
        return []
    best = next((decoding for decoding in decodings if decoding.codec in ACCEPTED), decodings[0])
    rivals = [decoding for decoding in decodings if decoding is not best and not best.outweighs(decoding)]
    likely = sorted((best, *rivals), key=lambda decoding: -decoding.evidence)
    return [decoding.codec for decoding in likely][:MAX_CANDIDATES]


def find_differences(words: list[bytes], codecs: list[str]) -> list[bytes]:
    """The words that these encodings read differently, those with the most readings first."""
    readings = {word: len({word.decode(codec, "replace") for codec in codecs}) for word in words}
    return sorted((word for word in words if readings[word] > 1), key=lambda word: -readings[word])


def is_usual(words: list[bytes], codec: str) -> bool:
    """Whether all words are spelled like common names in this encoding."""
    read = _read(words, codec, {})
    return len(read) == len(words) and all(word.verdict is Verdict.COMMON for word in read)


def find_damage(words: list[bytes]) -> bytes:
    """The word at which the most successful of the accepted encodings fails, if no decoding makes sense."""
    return words[min(max(len(_read(words, codec, {})) for codec in ACCEPTED), len(words) - 1)]


def find_rival_of_utf8(words: list[bytes]) -> str | None:
    """The codec of another encoding that the valid UTF-8 could also be text in.

    A few bytes of another encoding can be valid UTF-8, too: a Chinese character is now and then a Hebrew accent without
    a letter, and the first two letters of a name one in an unrelated script. The file is in doubt only if it has few
    words with non-ASCII characters, and all of them are names in the other encoding and none is one in UTF-8.
    """
    if len(words) > MAX_WORDS_IN_DOUBT or any(len(word) > _MAX_LENGTH for word in words):
        return None
    texts = [word.decode("utf-8") for word in words]
    if any(len(text) > 1 and (assess(text).verdict or _is_of_one_script(text)) for text in texts):
        return None
    if all(_TWO_BYTES_EACH.fullmatch(word) for word in words) and not any(text in _LONE_SIGNS for text in texts):
        for codec in _TWO_BYTE_CODECS:
            others = [word.decode(codec, "replace") for word in words]
            if all(_EAST_ASIAN.fullmatch(text) for text in others):
                return _LARGER.get(codec, codec)
    if all(_ASCII_LETTER.search(word) for word in words):
        for decoding in find_decodings(words):
            if all(_is_only_letters(word.text) for word in decoding.words):
                return decoding.codec
    return None


def find_position(data: bytes, word: bytes) -> int:
    """The byte position of the word in the file."""
    end = b" " if len(word) <= _MAX_LENGTH else b""  # A longer word is known by its beginning alone.
    return (b" " + data.translate(_SPACED) + b" ").find(b" " + word + end)


def _read(words: list[bytes], codec: str, assessed: dict[str, DecodedWord]) -> list[DecodedWord]:
    """The words in this encoding, up to the first one that is impossible. `assessed` is a cache."""
    read = []
    for word in words:
        if len(word) > _MAX_LENGTH or (codec.startswith(_NOT_IN) and _DAMAGED_UTF8.search(word)):
            break
        try:
            text = word.decode(codec)
        except UnicodeDecodeError:
            break
        if text not in assessed:
            assessed[text] = assess(text)
        if assessed[text].verdict is Verdict.IMPOSSIBLE:
            break
        read.append(assessed[text])
    return read


def assess(text: str) -> DecodedWord:
    """Assess whether names can be spelled like this. The text has no spaces, but may have several words and signs."""
    normal = unicodedata.normalize("NFC", text.replace("l·l", "ll"))
    words = [_assess_word(word) for word in _WORD.findall(normal) if not word.isascii()]
    other = [at for at, sign in enumerate(normal) if not (sign.isascii() or _WORD.fullmatch(sign))]
    signs = [_assess_sign(normal, at) for at in other]
    verdict = min((*(word.verdict for word in words), *signs), default=Verdict.POSSIBLE)
    languages = frozenset() if verdict is not Verdict.COMMON or _WORD.search(normal) else _ANY_LANGUAGE
    if words:
        languages = frozenset.intersection(*(word.languages for word in words))
    return DecodedWord(text, verdict, tuple(contexts_of(fold(normal))), languages)


def _assess_word(word: str) -> DecodedWord:
    folded = fold(word)
    if not _is_well_cased(word):
        return DecodedWord(word, Verdict.IMPOSSIBLE)
    if any(script.fullmatch(word) for script in OTHER_SCRIPTS.values()):
        return DecodedWord(word, Verdict.COMMON if len(word) > 1 else Verdict.POSSIBLE)
    accented = {letter for letter in folded if not letter.isascii()}
    languages = [at for at, language in enumerate(LANGUAGES) if accented <= language.letters]
    is_word = len(folded) > len(accented) if len(folded) > 1 else word.isupper() or word in _LONE
    if not languages or not is_word:
        return DecodedWord(word, Verdict.IMPOSSIBLE)
    contexts = contexts_of(folded)
    common = frozenset(at for at in languages if len(folded) > 1 and LANGUAGES[at].contexts.issuperset(contexts))
    return DecodedWord(word, Verdict.COMMON if common else Verdict.POSSIBLE, languages=common)


def _is_well_cased(word: str) -> bool:
    """False for JŠger and AndrÈ: a capital in an impossible position is another letter in another encoding."""
    if word[:1] == "h" and word[1:2] in _VOWELS_OF_IRISH:
        word = word[1:]  # Irish: Ó hÉalaí
    if word.isupper() or word[1:].islower() or len(word) == 1 or word.lower() == word.upper():
        return True
    pattern = "".join(
        ("A" if letter.isupper() else "a") if letter.isascii() else ("É" if letter.isupper() else "é")
        for letter in word.replace("ß", "s" if word.islower() else "S")
    )
    return not _MISPLACED_CAPITAL.search(pattern)


def _assess_sign(text: str, at: int) -> Verdict:
    """Assess a character that isn't a letter by its neighbors. Wrongly decoded letters appear inside words."""
    sign, following = text[at], text[at + 1 : at + 2]
    before, after = _is_letter(text[at - 1 : at]), _is_letter(following)
    if sign in _SIGNS:
        beside = before and not after and (sign in _BEHIND_A_WORD or (sign in "ºª" and at == 1))
        is_possible = (beside or not (before or after)) and following not in tuple(_SIGNS)
    elif sign in _OPENING or sign in _CLOSING:
        is_possible = not (before and (after or sign in _ONLY_OPENING)) and not (after and sign in _CLOSING)
    else:
        is_possible = sign in _ANYWHERE or (sign >= "\u3000" and unicodedata.category(sign)[0] in "PSZN")
    if not is_possible:
        return Verdict.IMPOSSIBLE
    if before and after:
        return Verdict.COMMON if sign == "’" and _ELISION.search(text) else Verdict.POSSIBLE
    if following and not following.isascii() and not after and "\xa0" not in (sign, following):
        return Verdict.POSSIBLE
    if before:
        return Verdict.COMMON if sign in _BEHIND_A_WORD + "\xa0" else Verdict.POSSIBLE
    return Verdict.POSSIBLE if after else Verdict.COMMON


def _is_letter(character: str) -> bool:
    return character.isalpha() and character not in "ºªµ"


def _is_of_one_script(text: str) -> bool:
    """Whether the text consists of letters of one alphabet, other than only accented Latin letters."""
    scripts = {unicodedata.name(character, "?").split()[0] for character in text}
    return len(scripts) == 1 and text.isalpha() and scripts != {"LATIN"} and _is_well_cased(text)


def _is_only_letters(text: str) -> bool:
    return all(character.isascii() or character.isalpha() for character in text)

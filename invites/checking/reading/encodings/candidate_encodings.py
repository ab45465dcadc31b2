"""Weigh the encodings in which a file's text could be written, and choose one only if the evidence is overwhelming.

Almost any bytes can be decoded in a dozen encodings, so decoding proves nothing. The evidence is the text:

1. The words without accents tell which languages the file is in, and so which encodings are likely.
2. Each encoding reads the distinct words with other bytes in its own way. A reading that nobody writes, such as AndrÈ,
   counts fully against the encoding. Otherwise we compare how likely the readings are in the languages of the encodings
   (see `letters`): Garcķa is no name in any Baltic language, but García is one in Spanish.
3. What a single word can tell is bounded, and words with the same letters around the accented ones count once.

An encoding is chosen if it is ahead of every other one by `ENOUGH`, and no word speaks for another one. A wrong guess
would silently change somebody's name, so everything else is asked.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from invites.checking.reading.encodings.known_encodings import LABELS, LANGUAGES_OF
from invites.checking.reading.encodings.letters import INDEXES, LANGUAGES, fold, log_likelihoods
from invites.checking.reading.encodings.readings import has_letters_of_one_language, is_well_cased, read_word
from invites.checking.reading.encodings.word_sample import MAX_LENGTH

# All figures are natural logarithms of how many times as likely one encoding is as another.
ENOUGH = 10.0
# For other encodings than that of Western Europe: its files mostly come from Windows, and we know its names best. It
# takes about ten words.
ENOUGH_ELSEWHERE = 100.0
MAX_OF_WORD = 11.0
# A word that nobody writes like that.
IMPOSSIBLE = 12.0
# What the languages of the file tell about the encoding, at most, and that Windows writes most files.
_MAX_OF_LANGUAGES = 4.0
_NOT_OF_WINDOWS = 1.5
# What the words with accents that both encodings read alike tell about the languages, at most.
_MAX_OF_SAME_WORDS = 3.0
# With a word that speaks for the other encoding by this much, it takes much more.
AGAINST, MUCH_MORE = 2.0, 25.0
# The languages that are not those of the encoding together have this share of the names.
_OF_ELSEWHERE = 0.08
# Names of this language are common in files from all around.
_NEIGHBOR = "German"
# Of the languages of an encoding, each has a part of this share, in addition to what the file tells.
_OF_ALL = 0.1

MAX_CANDIDATES = 3
_MAX_WEIGHED = 200
_WESTERN = "cp1252"
_WINDOWS = ("cp125", "cp874", "cp9", "gb", "big5")
_ROUNDS = 3
# A decoding with more impossible words than another, among the first few or the first ones, is far behind.
_FEW, _FIRST, _MORE_IMPOSSIBLE = 12, 60, 2
# In descriptions, people write almost anything.
_IMPOSSIBLE_SHARE = 0.05
# A character of three or four bytes in UTF-8. No text in these encodings looks like one, except for an accented letter
# before a closing French quotation mark, so it means that the file is damaged UTF-8.
_NOT_IN = ("cp125", "iso8859", "mac_roman")
_DAMAGED_UTF8 = re.compile(rb"[\xe0-\xef](?!\xa0\xbb)[\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

_CONTROL = re.compile("[\x80-\x9f]")

# Valid UTF-8 with more words that have non-ASCII characters is certain.
MAX_WORDS_IN_DOUBT = 8
_TWO_BYTES_EACH = re.compile(rb"(?:[\xc2-\xdf][\x80-\xbf])+")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
# Without the rare characters of the larger sets, which are the values.
_TWO_BYTE_CODECS = {"gb2312": "gb18030", "euc_kr": "cp949", "big5": "big5", "shift_jis": "cp932"}
_EAST_ASIAN = re.compile("[\u3041-\u30fc\u4e00-\u9fff\uac00-\ud7a3]+")
_LONE_SIGNS = tuple("§°±©®£")

_LANGUAGES_OF_CODES = {
    "fr": "French", "de": "German", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "ca": "Catalan",
    "nl": "Dutch", "sv": "Scandinavian", "da": "Scandinavian", "nb": "Scandinavian", "nn": "Scandinavian",
    "no": "Scandinavian", "fi": "Finnish", "is": "Icelandic", "ga": "Irish", "pl": "Polish", "cs": "Czech",
    "sk": "Slovak", "sl": "Slovene and Croatian", "hr": "Slovene and Croatian", "bs": "Slovene and Croatian",
    "hu": "Hungarian", "ro": "Romanian", "tr": "Turkish", "lt": "Lithuanian", "lv": "Latvian", "et": "Estonian",
    "sq": "Albanian", "vi": "Vietnamese", "ru": "Russian", "uk": "Ukrainian", "bg": "Bulgarian", "mk": "Bulgarian",
    "el": "Greek", "he": "Hebrew", "ar": "Arabic", "th": "Thai", "ja": "Japanese", "zh": "Chinese, simplified",
    "ko": "Korean",
}  # fmt: skip


_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Decoding:
    """The words of a file as one or several encodings read them. `codec` is the most likely of these.

    `prior` is what the languages of the file tell about it. `shares` has the part of the names that each of
    letters.LANGUAGES is expected to have. `behind` is how far the best decoding of the file is ahead of it.
    """

    codec: str
    codecs: tuple[str, ...]
    words: tuple[str, ...]
    prior: float
    shares: tuple[float, ...]
    behind: float = 0.0
    cache: dict[str, float | None] = field(default_factory=dict, repr=False, compare=False)

    def weigh(self, word: str) -> float | None:
        """How likely a word is; None if nobody writes like that."""
        if word not in self.cache:
            self.cache[word] = self._weigh(word)
        return self.cache[word]

    def _weigh(self, word: str) -> float | None:
        of_languages = read_word(word)
        if of_languages is None:
            return None
        best = max(of_languages)
        return best + math.log(
            sum(
                share * math.exp(value - best)
                for share, value in zip(self.shares, of_languages, strict=True)
                if value > best - 50
            )
            + 1e-30
        )


@dataclass(frozen=True, slots=True)
class Margin:
    """How far a decoding is ahead of another. `worst` is negative: the word that speaks most for the other."""

    total: float
    worst: float
    is_impossible: bool

    def is_overwhelming(self, enough: float) -> bool:
        return self.total >= (enough if self.worst >= -AGAINST else max(enough, MUCH_MORE))


@dataclass(frozen=True, slots=True)
class Weighed:
    """All decodings that make sense, the most likely first, and how far that is ahead of each of the others."""

    decodings: tuple[Decoding, ...]
    margins: tuple[Margin, ...]

    @property
    def is_overwhelming(self) -> bool:
        if not self.decodings:
            return False
        best = self.decodings[0]
        words = best.words[:_MAX_WEIGHED]
        impossible = sum(best.weigh(word) is None for word in words)
        enough = ENOUGH if _WESTERN in best.codecs else ENOUGH_ELSEWHERE
        return impossible <= _IMPOSSIBLE_SHARE * len(words) and all(
            margin.is_overwhelming(enough) for margin in self.margins
        )

    @property
    def likely(self) -> tuple[Decoding, ...]:
        """The decodings that somebody may be asked about: two, or more that aren't far behind."""
        return tuple(each for at, each in enumerate(self.decodings) if at < 2 or each.behind <= MUCH_MORE)

    @property
    def is_only(self) -> bool:
        """Whether no other decoding has words as people write them."""
        return all(margin.is_impossible for margin in self.margins)


def weigh(words: Sequence[bytes], ascii_words: Iterable[str], languages: Sequence[str] = ()) -> Weighed:
    """Weigh all encodings. `words` are distinct and have non-ASCII bytes; `languages` are codes such as "hu"."""
    shares = find_shares(ascii_words, languages)
    decodings = _weigh_all(_decode(words, shares))
    if not decodings:
        return Weighed((), ())
    return Weighed(tuple(decodings), tuple(_compare_all(decodings[0], decodings[1:])))


def find_shares(words: Iterable[str], languages: Sequence[str] = ()) -> tuple[float, ...]:
    """The part of the words that each of letters.LANGUAGES has, estimated in a few rounds from equal parts."""
    of_words: list[list[float]] = []
    for word in words:
        values = log_likelihoods(word)
        best = max(values)
        of_words.append([math.exp(max(value - best, -50)) for value in values])
    known = {_LANGUAGES_OF_CODES.get(code.partition("-")[0]) for code in languages}
    start: list[float] = [3.0 if language in known else 0.1 for language in LANGUAGES]
    shares: tuple[float, ...] = tuple(part / sum(start) for part in start)
    for _ in range(_ROUNDS):
        sums = [*start]
        for of_word in of_words:
            parts = [share * value for share, value in zip(shares, of_word, strict=True)]
            whole = sum(parts)
            sums = [total + part / whole for total, part in zip(sums, parts, strict=True)]
        shares = tuple(total / sum(sums) for total in sums)
    return shares


def _decode(words: Sequence[bytes], shares: tuple[float, ...]) -> list[Decoding]:
    """The words in every encoding that has them. Encodings that give the same text are one decoding."""
    if any(len(word) > MAX_LENGTH for word in words):
        return []
    joined = b"\n".join(words)
    is_damaged = any(map(_DAMAGED_UTF8.search, words))
    found: dict[str, list[str]] = {}
    for codec in LABELS:
        if not (is_damaged and codec.startswith(_NOT_IN)):
            try:
                text = joined.decode(codec)
            except UnicodeDecodeError:
                continue
            if not _CONTROL.search(text):
                found.setdefault(text, []).append(codec)
    decodings = []
    for text, codecs in found.items():
        priors = {codec: _prior_of(codec, shares) for codec in codecs}
        codec = max(codecs, key=priors.__getitem__)
        decodings.append(
            Decoding(codec, tuple(codecs), tuple(text.split("\n")), priors[codec], _shares_of(codecs, shares))
        )
    return decodings


def _prior_of(codec: str, shares: tuple[float, ...]) -> float:
    languages = sum(shares[INDEXES[language]] for language in LANGUAGES_OF[codec])
    return max(math.log(languages), -_MAX_OF_LANGUAGES) - (0 if codec.startswith(_WINDOWS) else _NOT_OF_WINDOWS)


def _shares_of(codecs: list[str], shares: tuple[float, ...]) -> tuple[float, ...]:
    """The part of the names that each language is expected to have if the file is in one of these encodings."""
    own = {INDEXES[language] for codec in codecs for language in (*LANGUAGES_OF[codec], _NEIGHBOR)}
    total = sum(shares[at] for at in own)
    found = [_OF_ELSEWHERE / len(shares)] * len(shares)
    for at in own:
        found[at] += (1 - _OF_ELSEWHERE) * (_OF_ALL / len(own) + (1 - _OF_ALL) * shares[at] / total)
    return tuple(found)


def _weigh_all(decodings: list[Decoding]) -> list[Decoding]:
    """The decodings by how likely their words are. Those with many more impossible words are dropped."""
    in_doubt = [
        at
        for at, readings in enumerate(zip(*(each.words for each in decodings), strict=True))
        if len(set(readings)) > 1
    ]
    in_doubt = _spread(in_doubt)
    kept = _drop_hopeless(_drop_hopeless(decodings, in_doubt[:_FEW]), in_doubt[:_FIRST])
    behind = [-decoding.prior for decoding in kept]
    for at in in_doubt:
        values: dict[str, float] = {}
        for decoding in kept:
            word = decoding.words[at]
            values[word] = max(values.get(word, -math.inf), decoding.weigh(word) or -math.inf)
        best = max(values.values())
        for index, decoding in enumerate(kept):
            value = values[decoding.words[at]]
            behind[index] += IMPOSSIBLE if value == -math.inf else min(best - value, MAX_OF_WORD)
    order = sorted(range(len(kept)), key=behind.__getitem__)
    return [replace(kept[index], behind=behind[index] - behind[order[0]]) for index in order]


def _drop_hopeless(decodings: list[Decoding], positions: list[int]) -> list[Decoding]:
    """The decodings that don't have many more impossible words than another, and at least as many as we ask about."""
    impossible = [sum(each.weigh(each.words[at]) is None for at in positions) for each in decodings]
    ordered = sorted(impossible)[:MAX_CANDIDATES]
    most = max(*ordered, ordered[0] + max(_MORE_IMPOSSIBLE, len(positions) // 5)) if ordered else 0
    return [each for each, count in zip(decodings, impossible, strict=True) if count <= most]


def _spread(found: list[_T]) -> list[_T]:
    """At most `_MAX_WEIGHED` from all parts of the list."""
    return found[:: -(-len(found) // _MAX_WEIGHED) or 1]


def _compare_all(one: Decoding, others: Iterable[Decoding]) -> Iterator[Margin]:
    """How far one decoding is ahead of each of the others."""
    contexts = list(map(_contexts_of, one.words))
    return (_compare(one, other, contexts) for other in others)


def _compare(one: Decoding, other: Decoding, contexts: Sequence[tuple[str, ...]]) -> Margin:
    """How far one decoding is ahead of the other. `contexts` are those of its words."""
    different: dict[tuple[str, ...], tuple[str, str]] = {}
    same: list[str] = []
    for mine, theirs, context in zip(one.words, other.words, contexts, strict=True):
        if mine == theirs:
            same.append(mine)
        else:
            different.setdefault(context, (mine, theirs))
    of_same = sum((one.weigh(word) or 0.0) - (other.weigh(word) or 0.0) for word in same[:_FIRST])
    total = one.prior - other.prior + max(-_MAX_OF_SAME_WORDS, min(_MAX_OF_SAME_WORDS, of_same))
    worst, is_impossible = 0.0, False
    for mine, theirs in _spread(list(different.values())):
        value, rival = one.weigh(mine), other.weigh(theirs)
        if value is None:
            ahead = 0.0 if rival is None else -IMPOSSIBLE
        elif rival is None:
            ahead, is_impossible = IMPOSSIBLE, True
        else:
            ahead = max(-MAX_OF_WORD, min(MAX_OF_WORD, value - rival))
        total += ahead
        worst = min(worst, ahead)
    return Margin(total, worst, is_impossible)


def _contexts_of(word: str) -> tuple[str, ...]:
    """Each accented letter with the letters before and after it."""
    padded = f" {fold(word)} "
    return tuple(padded[at - 1 : at + 2] for at, letter in enumerate(padded) if not letter.isascii())


def find_differences(words: Sequence[bytes], codecs: Sequence[str]) -> list[bytes]:
    """The words that these encodings read differently: first those that differ in the first two, and most."""
    found: dict[bytes, tuple[bool, int]] = {}
    for word in words:
        readings = [word.decode(codec, "replace") for codec in codecs]
        if len(set(readings)) > 1:
            found[word] = (readings[0] != readings[1], len(set(readings)))
    return sorted(found, key=found.__getitem__, reverse=True)


def fits_without_doubt(weighed: Weighed, codec: str) -> bool:
    """Whether an encoding leaves no letter unusual: no word speaks against it, or for another encoding."""
    own = next((each for each in weighed.decodings if each.codec == codec), None)
    if own is None or any(own.weigh(word) is None for word in own.words):
        return False
    others = (each for each in weighed.decodings if each is not own)
    return all(margin.worst >= -AGAINST for margin in _compare_all(own, others))


def is_damaged_utf8(words: Sequence[bytes], weighed: Weighed) -> bool:
    """Whether a file that isn't valid UTF-8 has words in UTF-8, whole or damaged, that no encoding can explain."""
    best = weighed.decodings[0]
    return any(_is_once_utf8(word) and best.weigh(text) is None for word, text in zip(words, best.words, strict=True))


def _is_once_utf8(word: bytes) -> bool:
    if _DAMAGED_UTF8.search(word):
        return True
    try:
        return has_letters_of_one_language(word.decode("utf-8"))
    except UnicodeDecodeError as error:
        return error.end == len(word) and error.reason == "unexpected end of data"


def find_rival_of_utf8(words: list[bytes]) -> str | None:
    """The codec of another encoding that the valid UTF-8 could also be text in.

    A few bytes of another encoding can be valid UTF-8, too: a Chinese character is now and then a Hebrew accent without
    a letter, and the first two letters of a name one in an unrelated script. The file is in doubt only if it has few
    words with non-ASCII characters, and all of them are names in the other encoding and none is one in UTF-8.
    """
    if len(words) > MAX_WORDS_IN_DOUBT or any(len(word) > MAX_LENGTH for word in words):
        return None
    texts = [word.decode("utf-8") for word in words]
    if any(len(text) > 1 and (has_letters_of_one_language(text) or _is_of_one_alphabet(text)) for text in texts):
        return None
    if all(_TWO_BYTES_EACH.fullmatch(word) for word in words) and not any(text in _LONE_SIGNS for text in texts):
        for small, codec in _TWO_BYTE_CODECS.items():
            if all(_EAST_ASIAN.fullmatch(word.decode(small, "replace")) for word in words):
                return codec
    if all(_ASCII_LETTER.search(word) for word in words):
        for decoding in weigh(words, ()).decodings:
            if all(_is_only_letters(text) and decoding.weigh(text) is not None for text in decoding.words):
                return decoding.codec
    return None


def _is_of_one_alphabet(text: str) -> bool:
    """Whether the text consists of letters of one alphabet, other than only accented Latin letters."""
    scripts = {unicodedata.name(character, "?").split()[0] for character in text}
    return len(scripts) == 1 and text.isalpha() and scripts != {"LATIN"} and is_well_cased(text)


def _is_only_letters(text: str) -> bool:
    return all(character.isascii() or character.isalpha() for character in text)

"""Find out what a column name means: exactly, without accents, in parts, or as a first and a last name together."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from invites.checking.reading.columns import column_vocabulary as vocabulary
from invites.checking.reading.columns.column_vocabulary import FULL_NAME, NAME
from invites.checking.reading.options import NameOrder

FIRST_LAST: NameOrder = "first-last"
LAST_FIRST: NameOrder = "last-first"
# Longer texts are notes, not names of columns.
_LONGEST = 80
_MOST_WORDS = 8

_NOT_A_LETTER = re.compile(r"[^\w]|_", re.UNICODE)
_BETWEEN_WORDS = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_BRACKETS = re.compile(r"[(\[{（【]([^()\[\]{}（）【】]*)[)\]}）】]")
_BETWEEN_PARTS = re.compile(r"[/|\\\n／]| [-–—] ")
# Letters that don't decompose into a plain letter and a mark, and forms of Arabic letters that people interchange.
_PLAIN_LETTERS = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss",
    "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a column name means.

    `key` is the key of a column, FULL_NAME or NAME. Of two columns with the same key, the one with the lower `rank` is
    meant. `order` is that of a full name, if the column name says it. `languages` are those that have this name.
    """

    key: str
    rank: int = 0
    order: NameOrder = ""
    languages: frozenset[str] = frozenset()


def reduce_name(name: str) -> str:
    """A column name as we compare it: only letters and digits, in lower case and NFC."""
    return _NOT_A_LETTER.sub("", unicodedata.normalize("NFC", name[:200]).casefold())


def without_marks(text: str) -> str:
    """The text without accents and other marks, and with full-width letters as plain ones: "prénom" as "prenom"."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN_LETTERS))
    kept = "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", kept)


@lru_cache(maxsize=4096)
def find_meaning(name: str) -> Meaning | None:
    """What the name means, or None. The more of the name is understood, the earlier a reading is tried."""
    if len(name) > _LONGEST or not (reduced := reduce_name(name)):
        return None
    if is_not_ours(reduced):
        return None
    return _look_up(reduced) or _read_email(name) or _read_brackets(name) or _read_parts(name) or _read_words(name)


def is_not_ours(reduced: str) -> bool:
    """Whether the reduced name belongs to a column that only sounds like one of ours."""
    return reduced in _NOT_OURS or any(word in reduced for word in vocabulary.PRONOUNCED)


def split_names(names: str) -> Iterator[str]:
    """The reduced names in a line of the vocabulary."""
    return filter(None, map(reduce_name, names.split(",")))


def _look_up(reduced: str) -> Meaning | None:
    return _MEANINGS.get(without_marks(reduced))


def _look_up_after_and(reduced: str) -> Meaning | None:
    """The meaning of a name that may begin with the Arabic or the Hebrew word for "and"."""
    return _look_up(reduced) or (_look_up(reduced[1:]) if reduced.startswith(("و", "ו")) else None)


def _split_words(name: str) -> list[str]:
    return [reduced for word in _BETWEEN_WORDS.split(name) if (reduced := reduce_name(word))]


def _read_email(name: str) -> Meaning | None:
    """The meaning of an email address with the word for work or private: "Private E-Mail", "E-mail cím (céges)"."""
    words = _split_words(name)
    kept = [word for word in words if word not in _WORK and word not in _PRIVATE]
    if len(kept) == len(words):
        return None
    meaning = _look_up("".join(kept)) or _look_up("".join(word for word in kept if word not in _PASSED_OVER))
    if not meaning or (meaning.key, meaning.rank) != ("email", vocabulary.EMAIL_RANK):
        return None
    rank = vocabulary.WORK_EMAIL_RANK if _PRIVATE.isdisjoint(words) else vocabulary.PRIVATE_EMAIL_RANK
    return Meaning("email", rank, languages=meaning.languages)


def _read_brackets(name: str) -> Meaning | None:
    """The meaning of "Vorname (public)" or "Name (last, first)"."""
    inside = _BRACKETS.findall(name)
    if not inside:
        return None
    outside_name = _BRACKETS.sub(" ", name)
    outside = find_meaning(outside_name)
    others = [meaning for part in inside if (meaning := find_meaning(part))]
    if outside and outside.key == NAME:
        return next((meaning for meaning in others if meaning.key in (FULL_NAME, "first_name", "last_name")), outside)
    if outside or outside_name.isascii():
        return outside
    # A name in a language that we don't know, with a translation.
    return next(iter(others), None)


def _read_parts(name: str) -> Meaning | None:
    """The meaning of a name in two languages, such as "Nachname / Last name"."""
    parts = _BETWEEN_PARTS.split(name)
    if len(parts) < 2:
        return None
    meanings = [meaning for part in parts if (meaning := find_meaning(part))]
    if not meanings:
        return None
    keys = {meaning.key for meaning in meanings}
    if len(keys) == 1:
        return min(meanings, key=lambda meaning: meaning.rank)
    if FULL_NAME in keys or len(meanings) != 2:
        return next((meaning for meaning in meanings if meaning.key == FULL_NAME), None)
    one, other = meanings
    if NAME in keys and not one.languages & other.languages:
        return other if one.key == NAME else one
    return _combine(one, other)


def _read_words(name: str) -> Meaning | None:
    """The meaning of "Employee's email", or "Cognome e nome"."""
    words = _split_words(name)
    if not 1 < len(words) <= _MOST_WORDS:
        return None
    kept = [word for word in words if word not in _PASSED_OVER]
    if meaning := _look_up("".join(kept)):
        return meaning
    for rest in (words, kept):
        names = [word for word in rest if word not in _CONJUNCTIONS]
        for cut in range(1, len(names)):
            one, other = _look_up("".join(names[:cut])), _look_up_after_and("".join(names[cut:]))
            if one and other and (both := _combine(one, other)):
                return both
    return None


def _combine(one: Meaning, other: Meaning) -> Meaning | None:
    """The meaning of a first name and a last name beside each other."""
    keys = (one.key, other.key)
    if keys in (("first_name", "last_name"), (NAME, "last_name"), ("first_name", NAME)):
        return Meaning(FULL_NAME, order=FIRST_LAST)
    if keys in (("last_name", "first_name"), (NAME, "first_name"), ("last_name", NAME)):
        return Meaning(FULL_NAME, order=LAST_FIRST)
    return None


def _order_of(key: str, reduced: str, languages: frozenset[str]) -> NameOrder:
    if key not in (FULL_NAME, NAME):
        return ""
    if reduced in _LAST_NAME_FIRST or languages <= vocabulary.LAST_NAME_FIRST:
        return LAST_FIRST
    return ""


def _read_tables() -> dict[str, Meaning]:
    """The meaning of each reduced name without accents. If it stands in two tables, the first one counts."""
    keys: dict[str, tuple[str, int]] = {}
    languages: dict[str, set[str]] = {}
    for key, rank, table in vocabulary.TABLES:
        for language, names in table.items():
            for name in map(without_marks, split_names(names)):
                if keys.setdefault(name, (key, rank)) == (key, rank):
                    languages.setdefault(name, set()).add(language)
    found = {}
    for name, (key, rank) in keys.items():
        spoken = frozenset(languages[name])
        found[name] = Meaning(key, rank, _order_of(key, name, spoken), spoken)
    return found


def _words(text: str) -> frozenset[str]:
    return frozenset(map(reduce_name, text.split()))


_NOT_OURS = frozenset(split_names(vocabulary.NOT_OURS))
_PASSED_OVER = _words(vocabulary.PASSED_OVER)
_WORK = _words(vocabulary.WORK)
_PRIVATE = _words(vocabulary.PRIVATE)
_CONJUNCTIONS = _words(vocabulary.CONJUNCTIONS)
_LAST_NAME_FIRST = frozenset(map(without_marks, split_names(vocabulary.LAST_NAME_FIRST_NAMES)))
_MEANINGS = _read_tables()

"""How the plausible encodings spell the names of a file, for "Check how we read this file"."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext_lazy

from accounts.wording import separated
from invites.imports.forms.reading_form import ReadingForm
from invites.problems import encoding_title

_SAMPLES = {
    1: gettext_lazy("One name from your file. Only the underlined letters differ."),
    2: gettext_lazy("Two names from your file. Only the underlined letters differ."),
    3: gettext_lazy("Three names from your file. Only the underlined letters differ."),
}


@dataclass(frozen=True)
class Piece:
    """A part of a name. `differs`: other encodings have other letters here."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Spelling:
    """The same few names in one encoding. `letters` describes what differs, for those who don't see it."""

    codec: str
    title: str
    names: list[list[Piece]]
    letters: str
    is_chosen: bool


def spellings_of(form: ReadingForm) -> list[Spelling]:
    """How the plausible encodings spell the same names."""
    samples = form.decisions.samples()
    marked = [mark_differences(readings) for readings in zip(*samples.values(), strict=True)]
    return [
        Spelling(
            codec=codec,
            title=encoding_title(codec),
            names=[readings[place] for readings in marked],
            letters=_letters_in_words([readings[place] for readings in marked]),
            is_chosen=codec == form.encoding,
        )
        for place, codec in enumerate(samples)
    ]


def samples_text(form: ReadingForm) -> str:
    """How many names are shown. There are one to three."""
    count = len(next(iter(form.decisions.samples().values()), ()))
    return str(_SAMPLES[min(max(count, 1), len(_SAMPLES))])


def mark_differences(readings: Sequence[str]) -> list[list[Piece]]:
    """Each reading of a name in pieces: those that are the same in all of them, and those that differ."""
    if len(set(map(len, readings))) == 1:
        differs = [len(set(letters)) > 1 for letters in zip(*readings, strict=True)]
        return [_in_pieces(reading, differs) for reading in readings]
    start = _common_start(readings)
    end = min(_common_start([reading[::-1] for reading in readings]), *(len(each) - start for each in readings))
    return [
        _in_pieces(reading, [start <= place < len(reading) - end for place in range(len(reading))])
        for reading in readings
    ]


def _common_start(readings: Sequence[str]) -> int:
    length = 0
    for letters in zip(*readings, strict=False):
        if len(set(letters)) > 1:
            break
        length += 1
    return length


def _in_pieces(reading: str, differs: Sequence[bool]) -> list[Piece]:
    pairs = groupby(zip(reading, differs, strict=True), key=lambda pair: pair[1])
    return [Piece("".join(letter for letter, _same in letters), is_other) for is_other, letters in pairs]


def _letters_in_words(names: Sequence[Sequence[Piece]]) -> str:
    """The letters that differ, as Unicode names them: "u with double acute"."""
    letters = dict.fromkeys(letter for pieces in names for piece in pieces if piece.differs for letter in piece.text)
    return separated([letter_in_words(letter) for letter in letters])


def letter_in_words(letter: str) -> str:
    """What Unicode calls a letter, in short: "u with double acute", "capital O with stroke"."""
    name = unicodedata.name(letter, "").lower()
    if not name or name.startswith("cjk"):
        return letter
    name = name.removeprefix("latin ").replace("small letter ", "").replace("letter ", "")
    return name if "capital" not in name else f"capital {name.replace('capital ', '').capitalize()}"

"""Reads the catalog of texts, and makes a pseudo translation of it: "[Îñṽîţé ûšéŕš öñé]"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import allauth
import django
import polib
from django.utils import dates

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "locale/en/LC_MESSAGES/django.po"
# Some messages of these are on our pages, too.
LIBRARIES = (
    Path(django.__file__).parent / "conf/locale/en/LC_MESSAGES/django.po",
    Path(django.__file__).parent / "contrib/auth/locale/en/LC_MESSAGES/django.po",
    Path(allauth.__file__).parent / "locale/en/LC_MESSAGES/django.po",
)
# Months and days are parts of dates, which are data.
DATES = {
    str(name)
    for names in (dates.MONTHS, dates.MONTHS_3, dates.MONTHS_AP, dates.MONTHS_ALT, dates.WEEKDAYS, dates.WEEKDAYS_ABBR)
    for name in names.values()
}

LONGER = 0.3
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "àƀçðéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÀƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽ"
)
# What a translation keeps: values, HTML and entities.
_KEPT = re.compile(r"\{[^{}]*\}|%\([^)]*\)[a-z]|%[a-z%]|<[^>]*>|&\w+;|&#\w+;")
_FILLERS = ("öñé", "ţŵö", "ţĥŕéé", "ƒöûŕ", "ƒîṽé")


def texts() -> Iterator[str]:
    """Every text of the product, singular and plural."""
    for entry in polib.pofile(str(CATALOG)):
        yield entry.msgid
        if entry.msgid_plural:
            yield entry.msgid_plural


def pseudo(text: str) -> str:
    """The text with accents on every letter, in brackets, and 30% longer. Its values and its HTML stay."""
    if not re.search(r"[A-Za-z]", _KEPT.sub("", text)):
        return text
    body = text.strip()
    start, end = text[: text.index(body)], text[text.index(body) + len(body) :]
    parts, at = [], 0
    for kept in _KEPT.finditer(body):
        parts += [body[at : kept.start()].translate(_LETTERS), kept[0]]
        at = kept.end()
    parts.append(body[at:].translate(_LETTERS))
    more = " ".join(islice(cycle(_FILLERS), round(len(_KEPT.sub("", body)) * LONGER / 4)))
    return f"{start}[{''.join(parts)}{' ' if more else ''}{more}]{end}"


def write_pseudo_catalog(directory: Path, locale: str) -> None:
    """Compile a pseudo translation for that locale, such as "en_XA", below the directory."""
    target = directory / locale / "LC_MESSAGES"
    target.mkdir(parents=True)
    catalog = polib.pofile(str(CATALOG))
    known = {(entry.msgid, entry.msgctxt) for entry in catalog}
    for library in LIBRARIES:
        for entry in polib.pofile(str(library)):
            if (entry.msgid, entry.msgctxt) not in known and entry.msgid not in DATES:
                known.add((entry.msgid, entry.msgctxt))
                catalog.append(entry)
    for entry in catalog:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: pseudo(entry.msgid), 1: pseudo(entry.msgid_plural)}
        else:
            entry.msgstr = pseudo(entry.msgid)
    catalog.save_as_mofile(str(target / "django.mo"))

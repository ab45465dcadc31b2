"""Generates files for the benchmarks: names from around the world, company addresses, and some rows with problems.

A row has 70 bytes on average. A million people have 90,000 last names, and every other one has one of 20,000
descriptions, so remembering values is no easier than in a real file.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

HEADER = ("Email", "First name", "Last name", "Description(optional)")

_FIRST = """
    Anna Ines Chiara Karim Lena Jules Maria Olu Priya Wei Yuki Fatima José Zoë Björn Søren Łukasz Siobhán Małgorzata
    Nguyễn Đặng Ağaoğlu Иван Ольга Γιώργος 美咲 伟 민준 मीरा محمد שרה อรุณ Adaeze Kwame Thandiwe Noël François Jürgen
    Mónica Renée Ángel Óscar Grażyna Zdeněk Mihály Ştefan Đorđe Þóra Jānis Živa Aïcha Mamadou Kofi Amara Ravi Arjun
    Leila Omar Yusuf Hannah David Emma Liam Noah Mia Paul Sofia Lucas Laura Pedro Carla Marco Giulia Peter Eva
    Thomas Julia Martin Petra Tom Anna-Maria Jean-Luc O'Connor D'Arcy
""".split()
_LAST = """
    Berg Martin Rossi Benali Hoff Moreau Silva Okafor Sharma Zhang Sato Haddad García Müller Åström Jørgensen Nowak
    Ó-Briain Wiśniewska Trần Phạm Yılmaz Петров Соколова Παπαδόπουλος 佐藤 王 김 शर्मा حسن כהן สุวรรณ Nwosu Mensah
    Dlamini Lefèvre Schäfer Núñez Gómez Çelik Dvořák Szabó Popescu Kovač Jónsdóttir Bērziņš Horvat Diallo Traoré
    Boateng Smith Jones Williams Brown Taylor Davies Evans Wilson Johnson Lee Walker Hall White Green Hill Clark
    Lewis Young King Wright Scott Van-der-Berg De-la-Cruz O'Neil McDonald
""".split()
# Combined, these give as many names as a town has: Lindqvist, Bergmann, Steinberg.
_STEMS = """
    Lind Berg Stein Wald Holm Sand Eng Nord Ost Grün Feld Rosen Silber Hoff Kirch Brand Acker Alm Björk Dahl
""".split()
_ENDS = "qvist ström mann berg bach hauser gren stedt meier er lund ner".split()
_SHORT_NAMES = "Anna Ines Karim Lena Jules Maria Olu Fatima Tom David".split()
_TEAMS = """
    Substation Depot Warehouse Workshop Laboratoire Équipe Werkstatt Turbine Grid Metering Billing Control-room
""".split()
_TOWNS = "Lyon Ghent Porto Turin Malmö Gdańsk".split()
_SHIFTS = ("night shift", "day shift", "de jour", "weekends", "Frühschicht", "on call", "until March", "trainee")
_DOMAINS = tuple(
    f"{name}.{ending}"
    for name in "northwind contoso fabrikam globex initech umbrella acme stark wayne hooli vandelay dunder".split()
    for ending in ("com", "fr", "de", "co.uk", "energy", "org")
)

Spoil = Callable[[list[str], random.Random], None]


def _spoil_address(row: list[str], dice: random.Random) -> None:
    slips = (("@", "@@"), ("@", ""), (".", ".."), ("@", " @"), ("@", "@-"))
    row[0] = row[0].replace(*dice.choice(slips), 1)


def _spoil_first_name(row: list[str], dice: random.Random) -> None:
    row[1] = dice.choice(("", " ", "\u200b", "Anna\x07", "www.company.com"))


def _spoil_last_name(row: list[str], dice: random.Random) -> None:
    row[2] = dice.choice(("", "x" * 151, "An\u202ena"))


SPOILS: tuple[Spoil, ...] = (_spoil_address, _spoil_first_name, _spoil_last_name)


def people(count: int, *, bad: float = 0.02, seed: int = 1) -> Iterator[list[str]]:
    """`count` rows with different addresses. The share `bad` of them has a problem."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    last_names = (*_LAST, *(stem + end for stem in _STEMS for end in _ENDS))
    plain = {name: _ascii(name) for name in (*_FIRST, *last_names)}
    for number in range(count):
        first, last = dice.choice(_FIRST), dice.choice(last_names)
        before_at = f"{plain[first]}.{plain[last]}{number}"
        if dice.random() < 1 / 3:
            last = f"{last}-{dice.choice(last_names)}"
        row = [f"{before_at}@{dice.choice(_DOMAINS)}", first, last, _describe(dice)]
        if dice.random() < bad:
            dice.choice(SPOILS)(row, dice)
        yield row


def short_people(count: int, *, bad: float = 0.02, seed: int = 2) -> Iterator[list[str]]:
    """Like `people`, with rows of 45 bytes: three domains and ten names. Shows best what the check costs per row."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        first, last = dice.choice(_SHORT_NAMES), dice.choice(_SHORT_NAMES)
        row = [f"{first.lower()}.{last.lower()}{number}@{dice.choice(_DOMAINS[:3])}", first, last, ""]
        if dice.random() < bad:
            dice.choice(SPOILS)(row, dice)
        yield row


def bad_people(count: int) -> Iterator[list[str]]:
    """Rows that all have a problem."""
    return people(count, bad=1)


def people_of_other_alphabets(count: int) -> Iterator[list[str]]:
    """Valid rows, each with its own non-ASCII domain."""
    alphabets = "äößéñøłşð абвгдежзик λμνπτ 東京部品会社 かきくけこ 가나다라마 कखगमनर กขคงจ אבגדה ابتجد".split()
    for number, row in enumerate(people(count, bad=0)):
        place, alphabet = divmod(number, len(alphabets))
        letters = alphabets[alphabet]
        own = "".join(letters[place // len(letters) ** each % len(letters)] for each in range(8))
        yield [f"{row[0].partition('@')[0]}@{own}.company.com", *row[1:]]


def _describe(dice: random.Random) -> str:
    """Empty for half of the people."""
    if dice.random() < 0.5:
        return ""
    return f"{dice.choice(_TEAMS)} {dice.choice(_TOWNS)} {dice.randrange(40)}, {dice.choice(_SHIFTS)}"


def write_file(path: Path, rows: Iterable[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return path


def _ascii(name: str) -> str:
    """The local part of the address of a person with this name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalnum()) or "person"

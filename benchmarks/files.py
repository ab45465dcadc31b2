"""Files of invented people for the benchmarks: world names, company addresses, and a share of rows that are wrong."""

from __future__ import annotations

import csv
import random
import unicodedata
from collections.abc import Callable, Iterator
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
_DESCRIPTIONS = (
    "",
    "",
    "Night shift",
    "Substation crew",
    "Porto, night shift",
    "Équipe de jour",
    "Lyon depot",
    "Driver",
)
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
    """`count` rows with addresses of their own, of which the share `bad` has something wrong."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    plain = {name: _ascii(name) for name in (*_FIRST, *_LAST)}
    for number in range(count):
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        email = f"{plain[first]}.{plain[last]}{number}@{dice.choice(_DOMAINS)}"
        row = [email, first, last, dice.choice(_DESCRIPTIONS)]
        if dice.random() < bad:
            dice.choice(SPOILS)(row, dice)
        yield row


def write_file(path: Path, rows: Iterator[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return path


def _ascii(name: str) -> str:
    """What stands before the @ sign of somebody with this name."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in letters if letter.isalnum()) or "person"

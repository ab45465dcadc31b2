"""Files of invented people in many languages, each in the encodings in which programs write that language.

The names come from Faker, which knows names as they really are: most of them have no accent. Nothing that the check
knows about names was taken from it.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from faker import Faker

SIZES = (1, 3, 10, 30, 100)
# Elsewhere Faker appends the English endings of towns to foreign names.
_WITH_CITIES = "fr_FR de_DE de_AT es_ES pt_PT pt_BR it_IT pl_PL cs_CZ hu_HU tr_TR sv_SE ru_RU".split()
_POOL = 1500
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_COMMA_BELOW = str.maketrans("ȘșȚț", "ŞşŢţ")

_WESTERN = "cp1252 iso8859_1 iso8859_15 mac_roman cp850 cp437"
_CENTRAL = "cp1250 iso8859_2 mac_latin2 cp852"
_BALTIC = "cp1257 iso8859_13 cp775"


class Language(NamedTuple):
    """A language: where Faker knows its names, its encodings, and others whose people are in the same files."""

    locales: str
    codecs: str
    neighbors: str = ""
    header: str = ""
    given_names: str = ""


# fmt: off
LANGUAGES: dict[str, Language] = {
    "French": Language(
        "fr_FR fr_CH fr_BE",
        _WESTERN,
        "German Spanish Italian Portuguese",
        "Courriel,Prénom,Nom,Intitulé",
    ),
    "German": Language(
        "de_DE de_AT",
        _WESTERN + " cp1250 cp852",
        "French Turkish Polish Hungarian Czech Swedish",
        "E-Mail,Vorname,Nachname,Tätigkeit",
    ),
    "Spanish": Language(
        "es_ES es_MX",
        _WESTERN,
        "Portuguese French Catalan",
        "Correo electrónico,Nombre,Apellidos,Descripción",
    ),
    "Portuguese": Language("pt_PT pt_BR", _WESTERN, "Spanish French German", "E-mail,Nome próprio,Apelido,Descrição"),
    "Italian": Language("it_IT", "cp1252 mac_roman cp850", "French German Spanish"),
    "Catalan": Language("es_CA", "cp1252 iso8859_15 mac_roman", "Spanish French"),
    "Dutch": Language("nl_NL nl_BE", "cp1252 iso8859_15 mac_roman cp850", "French German Turkish"),
    "Swedish": Language("sv_SE", "cp1252 iso8859_1 mac_roman cp850", "Finnish Danish German"),
    "Danish": Language("da_DK", "cp1252 iso8859_1 mac_roman cp850", "Swedish Norwegian German"),
    "Norwegian": Language("no_NO", "cp1252 iso8859_1 mac_roman cp850", "Swedish Danish German"),
    "Finnish": Language("fi_FI", "cp1252 iso8859_15 mac_roman cp850", "Swedish Estonian"),
    "Icelandic": Language("is_IS", "cp1252 iso8859_1 mac_iceland cp850", "Danish Swedish"),
    "Irish": Language("ga_IE", "cp1252 iso8859_1 mac_roman", "French Spanish"),
    "Polish": Language("pl_PL", _CENTRAL + " cp1257", "German Czech", "E-mail,Imię,Nazwisko,Stanowisko"),
    "Czech": Language("cs_CZ", _CENTRAL, "Slovak German Polish", "E-mail,Jméno,Příjmení,Popis"),
    "Slovak": Language("sk_SK", _CENTRAL, "Czech Hungarian German"),
    "Hungarian": Language("hu_HU", _CENTRAL, "German Slovak Romanian", "E-mail,Utónév,Vezetéknév,Beosztás"),
    "Croatian": Language("hr_HR", _CENTRAL + " mac_croatian", "Slovene German Hungarian"),
    "Slovene": Language("sl_SI", _CENTRAL + " mac_croatian", "Croatian German"),
    "Romanian": Language("ro_RO", _CENTRAL + " mac_romanian", "Hungarian German"),
    "Turkish": Language(
        "tr_TR",
        "cp1254 iso8859_9 mac_turkish cp857",
        "German French",
        "E-posta,Adı,Soyadı,Açıklama",
    ),
    "Lithuanian": Language("lt_LT", _BALTIC, "Polish Latvian"),
    "Latvian": Language("lv_LV", _BALTIC, "Lithuanian Estonian"),
    "Estonian": Language("et_EE", _BALTIC + " cp1252 iso8859_15", "Finnish Swedish German"),
    "Vietnamese": Language(
        "vi_VN",
        "cp1258",
        "",
        "Email,Tên,Họ,Mô tả",
        "An Anh Bảo Bích Bình Châu Chí Cường Đăng Điệp Đức Dung Dũng Giang Hà Hải Hạnh Hiền Hiếu Hoa Hòa Hồng "
        "Huệ Hùng Hương Huy Khánh Khoa Kiên Lan Liên Linh Loan Long Mai Minh Mỹ Nam Nga Ngân Ngọc Nhung Oanh "
        "Phong Phúc Phương Quân Quang Quỳnh Sơn Tâm Thắng Thảo Thu Thủy Tiến Trang Trung Tú Tuấn Tùng Tuyết "
        "Uyên Vân Việt Vinh Xuân Yến",
    ),
    "Russian": Language("ru_RU", "cp1251 koi8_r mac_cyrillic cp866 iso8859_5", "Ukrainian"),
    "Ukrainian": Language("uk_UA", "cp1251 koi8_u mac_cyrillic", "Russian"),
    "Bulgarian": Language("bg_BG", "cp1251 mac_cyrillic cp866", "Russian"),
    "Greek": Language("el_GR", "cp1253 iso8859_7 mac_greek cp737"),
    "Hebrew": Language("he_IL", "cp1255 iso8859_8 cp862"),
    "Arabic": Language("ar_SA ar_PS", "cp1256 iso8859_6"),
    "Thai": Language("th_TH", "cp874"),
    "Japanese": Language("ja_JP", "cp932 euc_jp"),
    "Chinese, simplified": Language("zh_CN", "gb18030"),
    "Chinese, traditional": Language("zh_TW", "big5 gb18030"),
    "Korean": Language("ko_KR", "cp949"),
}
# fmt: on
CELLS = [(name, codec) for name, language in LANGUAGES.items() for codec in language.codecs.split()]
SIGNS = ("“{}”", "{} – B", "’s {}", "{} (20 €)", "{}…", "«{}»", "{} ½")


@dataclass(frozen=True, slots=True)
class EncodedFile:
    """A file as a program writes it, and the text that it stands for."""

    text: str
    data: bytes
    rows: int


class Person(NamedTuple):
    first: str
    last: str
    job: str


@cache
def people_of(language: str) -> tuple[Person, ...]:
    """The people of a language, common names more often than rare ones."""
    known = LANGUAGES[language]
    people = []
    locales = known.locales.split()
    for locale in locales:
        fake = Faker(locale)
        fake.seed_instance(f"{language} {locale}")
        dice = random.Random(f"{language} {locale}")  # noqa: S311 - the same names every time
        given = known.given_names.split()
        for _ in range(_POOL // len(locales)):
            first = dice.choice(given) if given else fake.first_name()
            job = fake.city() if locale in _WITH_CITIES and dice.random() < 0.3 else fake.job()
            people.append(Person(first, fake.last_name(), job.replace(",", " ").replace('"', "").replace("\n", " ")))
    return tuple(people)


def files_of(language: str, codec: str, *, rows: int, count: int, seed: str = "") -> Iterator[EncodedFile]:
    """Files with this many people. A fifth have colleagues who speak other languages, a third descriptions."""
    dice = random.Random(f"{seed} {language} {codec} {rows}")  # noqa: S311
    for _ in range(count):
        yield _write(language, codec, rows, dice)


@cache
def _people_in(language: str, codec: str) -> tuple[list[Person], dict[int, int]]:
    """The people whose names the encoding has, and how to write their letters in it."""
    own = [person for person in people_of(language) if can_encode(person.first + person.last, codec)]
    return own, _COMMA_BELOW if "ț" in str(own) else {}


def _write(language: str, codec: str, rows: int, dice: random.Random) -> EncodedFile:
    own, letters = _people_in(language, codec)
    known = LANGUAGES[language]
    neighbors = known.neighbors.split()
    is_mixed = bool(neighbors) and rows > 1 and dice.random() < 0.2
    describes, in_capitals = dice.random() < 0.35, dice.random() < 0.1
    header = known.header if known.header and dice.random() < 0.3 and can_encode(known.header, codec) else ""
    lines = [header or "Email,First name,Last name,Description"]
    for at in range(rows):
        person = dice.choice(own)
        if is_mixed and at and dice.random() < 0.25:
            other = dice.choice(people_of(dice.choice(neighbors)))
            person = other if can_encode(other.first + other.last, codec) else person
        last = person.last.upper() if in_capitals else person.last
        job = person.job if describes and dice.random() < 0.7 else ""
        if job and dice.random() < 0.1:
            job = dice.choice(SIGNS).format(job)
        cells = [f"{_plain(person.first)}.{_plain(last)}{at}@example.com", person.first, last, job]
        lines.append(",".join(cell if can_encode(cell, codec) else "" for cell in cells))
    text = "\r\n".join([*lines, ""]).translate(letters)
    return EncodedFile(text, encode(text, codec), rows)


def _plain(name: str) -> str:
    """The letters of an address that belongs to this name."""
    letters = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    return "".join(filter(str.isalpha, letters)) or "u"


def can_encode(text: str, codec: str) -> bool:
    try:
        encode(text, codec)
    except UnicodeEncodeError:
        return False
    return True


def encode(text: str, codec: str) -> bytes:
    """As Windows does: a comma below is a cedilla, and the tones of Vietnamese are characters of their own."""
    if "1258" in codec:
        text = "".join(_split_tone(letter) for letter in text)
    return text.translate(_COMMA_BELOW).encode(codec)


def _split_tone(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in parts if mark in _TONES)
    rest = "".join(mark for mark in parts if mark not in _TONES)
    return unicodedata.normalize("NFC", rest) + tones


def is_same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one).translate(_COMMA_BELOW) == unicodedata.normalize("NFC", other).translate(
        _COMMA_BELOW
    )

"""Text that a mail program would turn into a link, in all the forms that Unicode has for its characters."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import chain

import pytest

from invites.checking.cells.links import defuse, defuse_header, find_link, find_link_in_prose
from tests.cases import for_each

SIGNS = ".。@:/"


@cache
def every_character() -> list[str]:
    return [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]


@cache
def forms() -> dict[str, list[str]]:
    """The characters that stand for each of the signs."""
    found: dict[str, list[str]] = {sign: [] for sign in SIGNS}
    for each in every_character():
        plain = unicodedata.normalize("NFKC", each)
        if plain in found:
            found[plain].append(each)
    return found


@cache
def every_invisible_character() -> list[str]:
    return [each for each in every_character() if unicodedata.category(each) == "Cf"]


@pytest.mark.parametrize("sign", SIGNS)
def test_every_form_of_a_character_counts_as_that_character(sign: str) -> None:
    for form in forms()[sign]:
        for link in ("evil.com", "evil。com", "a@evil.com", "https://evil"):
            if sign in link:
                assert find_link(f"Anna {link.replace(sign, form)} Berg"), (sign, hex(ord(form)))


def test_there_are_such_forms() -> None:
    assert {"．", "․", "﹒"} < set(forms()["."])
    assert {"｡", "︒"} < set(forms()["。"])


@for_each("place", range(len("evil.com") + 1))
def test_no_invisible_character_hides_a_link(place: int) -> None:
    for invisible in every_invisible_character():
        assert find_link(f"{'evil.com'[:place]}{invisible}{'evil.com'[place:]}"), hex(ord(invisible))
        assert find_link(f"evil.com{invisible}foo"), hex(ord(invisible))


@for_each(
    "text",
    [
        "St. Gallen",
        "A.B. Clark",
        "J. R. R.",
        "Ph.D",
        "U.S.",
        "x.y",
        "علی\u200cرضا",
        "李。王",
        "Anna…",
        "№ 5",
        "8:30",
        "a/b",
        "M.Phil",
        "R.Schmidt",
        "A.Islam",
        "1.2.3.4",
        "10.12.2026",
        "3.5/4",
        "Tel:555",
        "1.2.3",
    ],
)
def test_ordinary_names_are_no_links(text: str) -> None:
    assert find_link(text) is None


@for_each(
    "link",
    [
        *("☕.com", "i❤.ws", "พี่.com", "ကမ္ဘာ.com", "שָׁ.com"),
        *(f"evil.{ending}" for ending in "phd rsvp esq box spa food ভারত 世界".split()),
        *("1.2.3.4/x", "http:1.2.3.4", "https:evil", "ftp:1.2.3.4", "127.0.0.1:80", "１.2.3.4／x", "(1.2.3.4:80)"),
    ],
)
def test_finds_everything_that_mail_programs_link(link: str) -> None:
    assert find_link(link) == link
    assert find_link(f"Anna {link} Berg") == link


@pytest.mark.parametrize("text", ["evil.madeup", "a@evil", "evil/path", "1.2.3.4", "evil．madeup", "evil.\u200bmadeup"])
def test_a_header_has_nothing_that_looks_like_a_link(text: str) -> None:
    assert find_link("evil.madeup") is None, "no list has it"
    assert defuse_header(text) == defuse(text) != text


@pytest.mark.parametrize(
    "text", ["A.B. Clark & St. Gallen", "Acme Inc.", "Ph.D", "R/D", "Anna Berg: HR", "U.S.", "Zoë"]
)
def test_a_header_without_a_link_is_unchanged(text: str) -> None:
    assert defuse_header(text) == text


@pytest.mark.parametrize(
    "link", ["evil.com", "evil．com", "evil。com", "a＠evil․com", "https：／／evil", "evil.\u200bcom"]
)
def test_nothing_is_a_link_once_it_is_defused(link: str) -> None:
    signs = "".join(chain.from_iterable(forms().values()))
    assert re.search(rf"[{re.escape(signs)}](?!\u2060)\S", link), "the pattern finds what isn't defused"
    assert not re.search(rf"[{re.escape(signs)}](?!\u2060)\S", defuse(link))
    assert defuse(link).replace("\u2060", "") == link


@for_each(
    "text",
    [
        "e.g. this",
        "i.e. that",
        "3.5 hours on Nov. 3, at 5 p.m.",
        "Node.js",
        "St. Gallen",
        "12.10.2026",
        "Call +41 71 242.10.10, ext.4100",
        "Tel:555",
        "Wait...what",
        "and/or",
        "U.S. team",
        "1.2.3.4.5",
        "@ines",
    ],
)
def test_ordinary_sentences_have_no_links(text: str) -> None:
    assert find_link_in_prose(f"Hi, {text} is fine.") is None


@for_each(
    "link",
    [
        "evil.com",
        "EVIL.COM/x",
        "https://evil",
        "a@b.co",
        "a@b.madeup",
        "10.0.0.1",
        "１０．0.0.1",
        "10.0。0.1",
        "\\\\server\\share",
        "file:c",
        "sip:a",
        "skype:a",
        "evil。com",
        "ｅｖｉｌ．ｃｏｍ",
        "evil․com",
        "ev\u200bil.com",
        "ev\u00adil.com",
        "evil\u2060.com",
        "пример.рф",
        "xn--e1afmkfd.xn--p1ai",
    ],
)
@for_each("around", ["see {}, please", "({})", "“{}”", "{}.", "first line\n{}\nlast line", "go:{}!"])
def test_finds_links_in_sentences_without_the_punctuation_around_them(link: str, around: str) -> None:
    found = find_link_in_prose(around.format(link))
    assert found is not None
    assert found.removeprefix("go:") == link

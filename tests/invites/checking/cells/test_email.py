"""Which texts are addresses, and what is suggested for the others."""

from __future__ import annotations

import pytest

from invites.checking import Row, hint_of, intended_domain, message_of
from tests.cases import for_each
from tests.checking import check_person


def check(email: str) -> Row:
    return check_person(email=email)


GOOD = {
    "anna@company.com": "anna@company.com",
    " \u00a0anna@company.com\u200b\ufeff": "anna@company.com",
    "Anna.Berg@Company.COM": "Anna.Berg@company.com",
    "Info@Company.com": "info@company.com",
    "o'neil+news@sub.company.co.uk": "o'neil+news@sub.company.co.uk",
    "a" * 64 + "@company.com": "a" * 64 + "@company.com",
    "é" * 32 + "@company.com": "é" * 32 + "@company.com",
    "anna@" + "a" * 63 + ".com": "anna@" + "a" * 63 + ".com",
    "anna@mail.photography": "anna@mail.photography",
    "anna@xn--mnchen-3ya.de": "anna@münchen.de",
    "anna@faß.de": "anna@faß.de",
    "用户@例子.广告": "用户@例子.广告",
    "=anna@company.com": "=anna@company.com",
    "anna@company.example": "anna@company.example",
}

BAD = {
    "": ("email_needed", None),
    "\u200b \u00a0": ("email_needed", None),
    "mailto:anna@company.com": ("email_link", "anna@company.com"),
    "MAILTO:anna@company.com?subject=Hello": ("email_link", "anna@company.com"),
    "Anna Berg <anna@company.com>": ("email_with_name", "anna@company.com"),
    '"Berg, Anna" <anna@company.com>': ("email_with_name", "anna@company.com"),
    "<anna@company.com>": ("email_with_name", "anna@company.com"),
    "Anna Berg anna@company.com": ("email_with_name", "anna@company.com"),
    "anna@company.com (work)": ("email_with_name", "anna@company.com"),
    "E-mail: anna@company.com": ("email_with_name", "anna@company.com"),
    "anna@company.com.": ("email_edge", "anna@company.com"),
    "anna@company.com,": ("email_edge", "anna@company.com"),
    "anna@company.com;": ("email_edge", "anna@company.com"),
    "'anna@company.com'": ("email_edge", "anna@company.com"),
    "“anna@company.com”": ("email_edge", "anna@company.com"),
    ".anna@company.com": ("email_edge", "anna@company.com"),
    "anna@company.com, bob@company.com": ("email_twice", "anna@company.com"),
    "anna@company.com;bob@company.com": ("email_twice", "anna@company.com"),
    "anna@company.com bob@company.com": ("email_twice", "anna@company.com"),
    "anna@company.com/bob@company.com": ("email_twice", "anna@company.com"),
    "anna@company.com\nbob@company.com": ("email_twice", "anna@company.com"),
    "anna@@company.com": ("email_two_at", "anna@company.com"),
    "anna@berg@company.com": ("email_two_at", None),
    "anna berg@company.com": ("email_space", "annaberg@company.com"),
    "anna@ company.com": ("email_space", "anna@company.com"),
    "an\u200bna@company.com": ("email_invisible", "anna@company.com"),
    "anna\u202e@company.com": ("email_invisible", "anna@company.com"),
    "anna": ("email_no_at", None),
    "-": ("email_no_at", None),
    "anna(at)company.com": ("email_no_at", "anna@company.com"),
    "anna at company.com": ("email_no_at", "anna@company.com"),
    "anna＠company.com": ("email_no_at", "anna@company.com"),
    "@company.com": ("email_no_name", None),
    "anna@": ("email_no_domain", None),
    "anna@company": ("email_no_ending", None),
    "anna@localhost": ("email_no_ending", None),
    "anna@company..com": ("email_dots", "anna@company.com"),
    "anna.@company.com": ("email_dot_edge", "anna@company.com"),
    "anna@.company.com": ("email_dot_edge", "anna@company.com"),
    "anna@-company.com": ("email_hyphen", None),
    "anna@company-.com": ("email_hyphen", None),
    "anna@company.test": ("email_reserved", None),
    "anna@company.local": ("email_reserved", None),
    "anna@192.168.0.1": ("email_number_domain", None),
    "anna@[192.168.0.1]": ("email_character", None),
    "anna@company,com": ("email_character", "anna@company.com"),
    "anna@mail.company,com": ("email_character", "anna@mail.company.com"),
    "anna@company,co,uk": ("email_character", "anna@company.co.uk"),
    "anna@mail,company,co.uk": ("email_character", "anna@mail.company.co.uk"),
    "anna@company.co,uk": ("email_character", "anna@company.co.uk"),
    "anna@mail.company,co,uk": ("email_character", "anna@mail.company.co.uk"),
    "anna@company;co;uk": ("email_character", "anna@company.co.uk"),
    "anna@company,Anna,Berg": ("email_character", None),
    "anna@company.com,com,Anna": ("email_character", None),
    "anna@company,,com": ("email_character", None),
    "anna@company.com;Anna;Berg": ("email_character", None),
    "anna@company.com,Anna": ("email_character", None),
    "anna@com_pany.com": ("email_character", None),
    "anna(work)@company.com": ("email_character", None),
    '"anna"@company.com': ("email_quoted", "anna@company.com"),
    "anna@xn--a.com": ("email_domain", None),
    "a" * 65 + "@company.com": ("email_too_long", None),
    "é" * 33 + "@company.com": ("email_too_long", None),
    "anna@" + "a" * 64 + ".com": ("email_too_long", None),
    "a@" + ".".join(["a" * 60] * 5): ("email_too_long", None),
    "a" * 2000 + "@company.com": ("email_too_long", None),
}


@for_each("typed, email", GOOD.items())
def test_accepts_addresses_that_can_receive_email(typed: str, email: str) -> None:
    row = check(typed)
    assert row.problems == ()
    assert row.values.email == email


@for_each("typed, told", BAD.items())
def test_rejects_other_texts_and_suggests_a_certain_fix(typed: str, told: tuple[str, str | None]) -> None:
    (problem,) = check(typed).problems
    assert (problem.code, problem.suggestion) == told
    assert problem.column == "email"
    assert message_of(problem)
    assert hint_of(problem).endswith(".")
    assert bool(problem.fix) == bool(problem.suggestion)


@pytest.mark.parametrize("suggestion", sorted({told[1] for told in BAD.values() if told[1]}))
def test_accepts_every_suggestion(suggestion: str) -> None:
    assert check(suggestion).problems == ()


@for_each(
    "email, right",
    {
        "anna@gmial.com": "gmail.com",
        "anna@gamil.com": "gmail.com",
        "anna@gmail.con": "gmail.com",
        "anna@gmail.co": "gmail.com",
        "anna@hotmial.fr": "hotmail.fr",
        "anna@outlok.com": "outlook.com",
        "anna@yahooo.de": "yahoo.de",
        "Anna@GMIAL.com": "gmail.com",
    }.items(),
)
def test_knows_the_intended_domain_of_a_likely_typo(email: str, right: str) -> None:
    row = check(email)
    assert row.problems == ()
    assert intended_domain(row.values.email) == right


@for_each(
    "email",
    ["a@gmail.com", "a@mail.com", "a@ymail.com", "a@gmx.net", "a@email.de", "a@yahoo.co.uk", "a@münchen.de",
     "a@gmail.photography", "a@googlemail.com", "a@hotel.com", "a@outlook.be"],
)  # fmt: skip
def test_a_real_domain_is_not_a_typo(email: str) -> None:
    assert intended_domain(check(email).values.email) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna@company.com", "ANNA@Company.Com"),
        ("anna@münchen.de", "anna@xn--mnchen-3ya.de"),
        ("anna@MÜNCHEN.de", "Anna@münchen.de"),
        ("rene\u0301@company.com", "ren\u00e9@company.com"),
    ],
)
def test_two_spellings_of_one_mailbox_have_one_key(one: str, other: str) -> None:
    assert check(one).email_key == check(other).email_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna.berg@gmail.com", "annaberg@gmail.com"),
        ("anna@gmail.com", "anna+news@gmail.com"),
        ("anna@fass.de", "anna@faß.de"),
        ("strasse@company.com", "straße@company.com"),
    ],
)
def test_two_mailboxes_stay_two_people(one: str, other: str) -> None:
    assert check(one).email_key != check(other).email_key

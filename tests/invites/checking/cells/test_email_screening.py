"""The patterns that decide about an address agree with email-validator: the same answer, the same normal form.

A million mutated addresses: `python -m benchmarks.addresses`.
"""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.addresses import ask_library, differences, mutated
from invites.checking.cells.email import (
    _OTHER_SIGNS,
    _RIGHT_TO_LEFT_DOMAIN,
    _WORLD_DOMAIN,
    FAST,
    FAST_LENGTH,
    MIXED,
    USUAL,
    is_usual_domain,
    normalize_address,
)
from invites.checking.cells.email_mistakes import diagnose_common_mistakes
from invites.checking.cells.provider_typos import TYPO_DOMAINS
from invites.checking.cells.text import trim_all
from invites.checking.columns import COLUMNS
from invites.checking.screening import Screen
from tests.cases import for_each

pytestmark = pytest.mark.exhaustive
_NEAR = st.sampled_from("ab1A0.-_@+' \"é²İßаn\u200dxtes")
_TEXTS = st.one_of(
    st.builds("{}@{}".format, st.text(_NEAR, max_size=12), st.text(_NEAR, max_size=14)),
    st.builds("{}@{}.{}".format, st.text(_NEAR, max_size=8), st.text(_NEAR, max_size=8), st.text(_NEAR, max_size=4)),
    st.emails(),
    st.text(max_size=40),
)


@given(_TEXTS)
@settings(max_examples=100)
def test_agrees_with_the_library_about_any_text(text: str) -> None:
    text = trim_all(text)
    assert normalize_address(text) == ask_library(text)


@given(_TEXTS)
@settings(max_examples=100)
def test_finds_no_mistake_in_what_the_library_accepts(text: str) -> None:
    text = trim_all(text)
    if ask_library(text) is not None:
        assert diagnose_common_mistakes(text) is None


@given(st.from_regex(FAST, fullmatch=True))
@settings(max_examples=40)
def test_what_the_pattern_matches_is_its_own_normal_form(text: str) -> None:
    if len(text) <= FAST_LENGTH:
        assert ask_library(text) == text


@given(st.from_regex(MIXED, fullmatch=True))
@settings(max_examples=40)
def test_only_the_domain_of_a_mixed_address_is_small_in_its_normal_form(text: str) -> None:
    if len(text) <= FAST_LENGTH:
        local, _, domain = text.rpartition("@")
        assert ask_library(text) == f"{local}@{domain.lower()}"


def flagged(addresses: list[str]) -> list[str]:
    """The addresses that the screen flags."""
    names = ["Anna"] * len(addresses)
    return [addresses[position] for position in sorted(Screen().flag([addresses, *[names] * (len(COLUMNS) - 1)]))]


@given(st.lists(st.one_of(st.from_regex(USUAL, fullmatch=True), _TEXTS.map(trim_all)), min_size=1, max_size=20))
@settings(max_examples=100)
def test_an_address_that_is_not_flagged_is_its_own_normal_form(texts: list[str]) -> None:
    found = flagged(texts)
    assert found == [text for text in texts if flagged([text])], "flagged alone or among others"
    for text in texts:
        if text not in found:
            assert ask_library(text) == text
            assert text.rpartition("@")[2] not in TYPO_DOMAINS


@for_each(
    "address, is_good",
    {
        "anna.berg@company.com": True,
        "a@mail.gmail.com": True,
        "anna@gmial.com": False,  # a warning is due
        "anna@mail.gmial.com": True,
        "anna@gmial.community": True,
        "anna@company.invalid": False,
        "anna@company.invalids": True,
        "anna@company": False,
        "Anna@company.com": False,
        "anna@xn--mnchen-3ya.de": False,
        "anna..berg@company.com": False,
        ".anna@company.com": False,
        "anna.@company.com": False,
        "@company.com": False,
        "": False,
        f"{'a' * 20}.{'b' * 20}.{'c' * 20}@company.com": True,
        f"{'a' * 21}@company.com": False,  # the closer look says that it is good
        "anna@company.com ": False,
    }.items(),
)
def test_flags_an_address_that_needs_a_closer_look(address: str, is_good: bool) -> None:
    beside = "carl@company.com"
    assert flagged([beside, address, beside]) == ([] if is_good else [address])


@pytest.mark.parametrize(
    "domain", ["a" * 63 + ".com", ".".join(["company"] * 31) + ".com", "münchen.de", "x" * 60 + ".de"]
)
def test_a_usual_domain_is_good_with_the_longest_usual_local_part(domain: str) -> None:
    longest = ".".join(["a" * 20] * 3)
    assert USUAL.fullmatch(f"{longest}@{domain}")
    if is_usual_domain(domain):
        assert ask_library(f"{longest}@{domain}") == f"{longest}@{domain}"


@pytest.mark.parametrize(
    "domain", ["münchen.de", "例子.广告", "b\u00fccher.example", "δοκιμή.gr", "उदाहरण.भारत", "דוגמה.co.il"]
)
def test_a_domain_in_other_letters_is_usual_in_its_normal_form_only(domain: str) -> None:
    assert is_usual_domain(domain)
    assert not is_usual_domain(domain.encode("idna").decode())


def test_every_letter_of_a_usual_domain_is_its_own_normal_form_anywhere_in_a_label() -> None:
    letters = [chr(code) for code in range(0x80, 0x10000) if _WORLD_DOMAIN.fullmatch(f"{chr(code)}.de")]
    assert len(letters) > 30_000
    # A label holds 8 of them, so that each is tried at the start, in the middle and at the end of one.
    letters += letters[: -len(letters) % 8]
    for start in range(0, len(letters), 8):
        label = "".join(letters[start : start + 8])
        address = f"a@{label}.{label[4:]}-{label[:4]}9.{label[-4:]}"
        assert ask_library(address) == address


def test_every_sign_of_a_usual_domain_is_its_own_normal_form_after_any_other() -> None:
    signs = [chr(code) for code in range(0x900, 0xE80) if re.fullmatch(f"[{_OTHER_SIGNS}]", chr(code))]
    assert len(signs) > 90
    letters = [chr(code) for code in range(0x900, 0xE80) if _WORLD_DOMAIN.fullmatch(f"{chr(code)}.de")]
    for sign in signs:
        assert not _WORLD_DOMAIN.fullmatch(f"{sign}.de")
        for text in ("".join(each + sign for each in letters), "".join(each + sign for each in signs)):
            assert unicodedata.is_normalized("NFC", text)
        assert ask_library(f"a@\u0915{sign}{sign}a.de") == f"a@\u0915{sign}{sign}a.de"


@given(st.one_of(st.from_regex(_WORLD_DOMAIN, fullmatch=True), st.from_regex(_RIGHT_TO_LEFT_DOMAIN, fullmatch=True)))
@settings(max_examples=100)
def test_a_usual_domain_is_its_own_normal_form(domain: str) -> None:
    if is_usual_domain(domain) and len(domain) <= FAST_LENGTH - 2:
        for local in ("a", "a" * max(1, FAST_LENGTH - 1 - len(domain))):
            assert ask_library(f"{local}@{domain}") == f"{local}@{domain}"


def test_twenty_thousand_mutated_addresses() -> None:
    assert list(differences(mutated(20_000, seed=7))) == []

"""Typos of the domains that most addresses in a file have."""

from __future__ import annotations

import random
import time
import tracemalloc

import pytest

from invites.checking import DomainTypoDetector
from tests.cases import for_each

TEAM = DomainTypoDetector(
    {"northwind.example": 200, "contoso.com": 40, "gmail.com": 30, "abc.example": 50, "site1.example": 30}
)


@pytest.mark.parametrize(
    ("typo", "right"),
    {
        "nortwind.example": "northwind.example",
        "northhwind.example": "northwind.example",
        "nrothwind.example": "northwind.example",
        "northwand.example": "northwind.example",
        "northwind.exampel": "northwind.example",
        "contoso.con": "contoso.com",
        "contoso.co": "contoso.com",
    }.items(),
)
def test_a_domain_one_edit_away_from_a_frequent_one_is_a_likely_typo(typo: str, right: str) -> None:
    assert DomainTypoDetector({right: 200, typo: 1}).find_typos() == {typo: right}


@pytest.mark.parametrize(
    "domains",
    [
        {"northwind.example": 9, "nortwind.example": 1},
        {"northwind.example": 100, "nortwind.example": 11},
        {"northwind.de": 200, "northwind.dk": 1},
        {"abc.example": 200, "abd.example": 1},
        {"site1.example": 200, "site2.example": 1},
        {"munchen.de": 200, "münchen.de": 1},
        {"gmail.com": 200, "ymail.com": 1},
        {"northwind.example": 200, "southwind.example": 1},
        {"company.com": 200, "company.community": 1},
        {"northwind.example": 200, "northwinds.example": 30, "northwinde.example": 1},
    ],
    ids=[
        "too few",
        "too many",
        "countries",
        "short names",
        "numbers",
        "an IDN",
        "a provider",
        "two letters",
        "endings",
        "unclear",
    ],
)
def test_a_domain_that_may_be_another_company_is_not_a_typo(domains: dict[str, int]) -> None:
    assert DomainTypoDetector(domains).find_typos() == {}


@for_each(
    "text, corrected",
    {
        "anna.berg@northwind": "anna.berg@northwind.example",
        "Anna.Berg@Northwind": "Anna.Berg@northwind.example",
        "anna@northwind.": "anna@northwind.example",
        "anna@nortwind": "anna@northwind.example",
        "anna@northwind example": "anna@northwind.example",
        "anna@northwindexample": "anna@northwind.example",
        "anna@contoso": "anna@contoso.com",
        "anna@gmail": "anna@gmail.com",
        "anna@nortwind.example": "anna@northwind.example",
    }.items(),
)
def test_suggests_the_intended_domain_for_an_invalid_address(text: str, corrected: str) -> None:
    correction = TEAM.correct(text)
    assert correction is not None
    assert correction == (corrected, "use_domain")


@for_each(
    "text",
    ["", "anna", "anna@", "@northwind", "anna@southwind", "an na@northwind", "anna@northwind.dk", "anna@abd", "anna@ymail.com",
     "anna@site2.example", "anna@contoso.com"],
)  # fmt: skip
def test_suggests_nothing_without_certainty(text: str) -> None:
    assert TEAM.correct(text) is None


def test_an_ending_is_not_guessed_where_two_are_common() -> None:
    assert DomainTypoDetector({"northwind.com": 60, "northwind.fr": 40}).correct("anna@northwind") is None
    assert DomainTypoDetector({"northwind.com": 60, "northwind.fr": 4}).correct("anna@northwind") is not None


@pytest.mark.exhaustive
def test_searching_many_domains_is_fast() -> None:
    domains = {f"company{number}.example": 1 + 20 * (number % 2) for number in range(5_000)}
    began = time.process_time()
    own = DomainTypoDetector(domains)
    own.find_typos()
    for number in range(1_000):
        own.correct(f"anna@compayn{number}")
    assert time.process_time() - began < 5


@pytest.mark.exhaustive
def test_many_frequent_domains_take_little_memory() -> None:
    """An admin who edits one row waits until they are learned."""
    dice = random.Random(1)
    counts = {"".join(dice.choices("abcdefgh", k=58)) + ".com": 40 for _ in range(4_000)}
    tracemalloc.start()
    own = DomainTypoDetector({"northwind.example": 1_000, **counts})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * 1024 * 1024
    assert own.correct("anna@nortwind") == ("anna@northwind.example", "use_domain")


def test_among_many_frequent_domains_only_one_that_is_far_more_frequent_is_suggested() -> None:
    others = {f"{chr(97 + first)}{chr(97 + second)}-company.test": 40 for first in range(26) for second in range(26)}
    assert DomainTypoDetector({"northwind.example": 400, **others}).correct("anna@nortwind") is not None
    assert DomainTypoDetector({"northwind.example": 399, **others}).correct("anna@nortwind") is None
    assert DomainTypoDetector({"northwind.example": 399, **dict(list(others.items())[:299])}).correct("anna@nortwind")

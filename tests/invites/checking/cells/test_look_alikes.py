"""Valid addresses with characters that look like those that were meant."""

from __future__ import annotations

import pytest

from invites.checking.cells.look_alikes import plain_form
from invites.checking.row import doubt_notices
from tests.cases import for_each
from tests.checking import check_bytes, check_person

MEANT = {
    "o’brien@company.com": "o'brien@company.com",
    "o‘brien@company.com": "o'brien@company.com",
    "ann‑lee@company.com": "ann-lee@company.com",
    "ann–lee@company.com": "ann-lee@company.com",
    "ann−lee@company.com": "ann-lee@company.com",
    "o´brien@company.com": "o'brien@company.com",
    "o′brien@company.com": "o'brien@company.com",
    "ann―lee@company.com": "ann-lee@company.com",
    "ﬁona@company.com": "fiona@company.com",
    "𝐚nna@company.com": "anna@company.com",
    "а.berg@company.com": "a.berg@company.com",
    "anna@сор.com": "anna@cop.com",
    "anna@аррӏе.com": "anna@apple.com",
    "аnna@company.com": "anna@company.com",
    "αnna@company.com": "anna@company.com",
    "ａｎｎａ@company.com": "anna@company.com",
    "anna@cоmpany.com": "anna@company.com",
    "josé.o’brien@company.com": "josé.o'brien@company.com",
}
GOOD = [
    "анна@company.com", "анна@компания.рф", "сора@сора.рф", "аня@сор.com", "νίκος@company.gr", "zoé@bücher.de", "аnnж@company.com",
    "用户@例子.广告", "anna@company.com", "o'brien@company.com",
]  # fmt: skip


@for_each("address, meant", MEANT.items())
def test_look_alikes_in_an_address_are_a_warning(address: str, meant: str) -> None:
    row = check_person(email=address)
    assert row.problems == ()
    assert row.values.email == address, "invited as written"
    (doubt,) = doubt_notices(row)
    assert (doubt.code, doubt.value, doubt.suggestion) == ("look_alike_address", address, meant)


@for_each("address", GOOD)
def test_an_address_of_another_alphabet_is_fine(address: str) -> None:
    row = check_person(email=address)
    assert row.problems == ()
    assert list(doubt_notices(row)) == []
    assert plain_form(address) == address


def test_a_damaged_address_is_fixed() -> None:
    (doubt,) = doubt_notices(check_person(email="jÃ¼rgen@company.com"))
    assert (doubt.code, doubt.suggestion) == ("damaged_text", "jürgen@company.com")


@pytest.mark.parametrize(
    ("address", "meant"),
    {
        "anna@com‑pany.com": "anna@com-pany.com",
        "o&#39;brien@company.com": "o'brien@company.com",
        "ａｎｎａ＠company.com": "anna@company.com",
    }.items(),
)
def test_an_invalid_address_with_look_alikes_gets_a_suggestion(address: str, meant: str) -> None:
    (problem,) = check_person(email=address).problems
    assert problem.suggestion == meant


def test_a_domain_with_a_look_alike_is_found_in_each_row() -> None:
    rows = "".join(f"p{number}@cоmpany.com,Ann,Lee\n" for number in range(300))
    report = check_bytes(f"Email,First name,Last name\n{rows}".encode())
    assert (report.valid, report.warning_count) == (300, 300)

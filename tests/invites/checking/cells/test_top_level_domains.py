"""The endings of domains, compared with IANA's list, of which hypothesis brings a copy."""

from __future__ import annotations

from importlib import resources

from invites.checking.cells.top_level_domains import COUNTRY_CODES, ENDINGS, OF_OTHER_SCRIPTS, OPEN, RESERVED


def endings_of_iana() -> set[str]:
    text = resources.files("hypothesis").joinpath("vendor/tlds-alpha-by-domain.txt").read_text()
    endings = [line.strip().lower() for line in text.splitlines() if not line.startswith("#")]
    return {each.encode().decode("idna") if each.startswith("xn--") else each for each in endings}


def test_every_country_code_and_every_ending_of_another_script_is_known() -> None:
    iana = endings_of_iana()

    assert {each for each in iana if len(each) == 2 and each.isascii()} <= COUNTRY_CODES
    assert {each for each in iana if not each.isascii()} <= OF_OTHER_SCRIPTS


def test_no_ending_is_made_up() -> None:
    assert endings_of_iana() >= ENDINGS - RESERVED


def test_each_ending_is_in_the_right_list() -> None:
    assert all(len(each) == 2 and each.isascii() for each in COUNTRY_CODES)
    assert all(len(each) > 2 and each.isascii() for each in OPEN)
    assert not any(each.isascii() for each in OF_OTHER_SCRIPTS)

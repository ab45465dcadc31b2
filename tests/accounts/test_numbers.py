"""Numbers in what browsers send."""

from __future__ import annotations

import pytest

from accounts.numbers import id_in, number_in


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("12", 12), ("007", 7), ("999999999", 999_999_999)])
def test_reads_digits(text: str, number: int) -> None:
    assert number_in(text) == number


@pytest.mark.parametrize("text", [None, "", " ", "-1", "+1", "1.5", "1e3", " 1", "1 ", "x", "²", "١٢", "１", "1" * 10])
def test_reads_nothing_else(text: str | None) -> None:
    assert number_in(text) is None


def test_an_id_has_up_to_18_digits_and_no_other_text_is_an_id() -> None:
    assert id_in("9" * 18) == 999_999_999_999_999_999
    assert [id_in(text) for text in (None, "", "x", "9" * 19)] == [0, 0, 0, 0]

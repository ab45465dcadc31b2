"""A table of cases is one test that tries all of them, with its fixtures, and names the case that fails."""

from __future__ import annotations

import pytest

from tests.cases import for_each


@pytest.fixture
def seen() -> list[tuple[int, str]]:
    return []


@for_each("number", range(2))
@for_each("letter", iter("ab"))
def remember(seen: list[tuple[int, str]], letter: str, number: int) -> None:
    seen.append((number, letter))


def test_tries_every_case(seen: list[tuple[int, str]]) -> None:
    remember(seen=seen)

    assert seen == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


@for_each("number, square", [(1, 1), (2, 4)])
def test_fixtures_are_given(seen: list[tuple[int, str]], number: int, square: int) -> None:
    assert seen == []
    assert number**2 == square


def test_a_failure_names_its_case() -> None:
    @for_each("number, square", [(1, 1), (2, 3), (3, 9)])
    def test(number: int, square: int) -> None:
        assert number**2 == square

    with pytest.raises(AssertionError) as failed:
        test()
    assert failed.value.__notes__ == ["The case: (2, 3)"]


def test_a_table_without_cases_fails() -> None:
    with pytest.raises(AssertionError, match="no cases"):
        for_each("number", [])(lambda number: None)()

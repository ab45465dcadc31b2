"""The arguments of commands that say how a file is read."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import pytest
from django.core.management import CommandError

from invites.checking import NOT_USED, ReadingOptions
from invites.management.reading_arguments import add_reading_arguments, reading_options


def options_of(*arguments: str) -> ReadingOptions:
    parser = ArgumentParser()
    add_reading_arguments(parser)
    return reading_options(vars(parser.parse_args(arguments)))


def test_nothing_is_decided_without_arguments() -> None:
    assert options_of() == ReadingOptions()


@pytest.mark.parametrize(
    ("arguments", "decided"),
    [
        (["--encoding", "windows-1250"], {"encoding": "cp1250"}),
        (["--encoding", "GBK"], {"encoding": "gb18030"}),
        (["--encoding", "Shift JIS"], {"encoding": "cp932"}),
        (["--delimiter", "semicolon"], {"delimiter": ";"}),
        (["--delimiter", ";"], {"delimiter": ";"}),
        (["--delimiter", "TAB"], {"delimiter": "\t"}),
        (["--delimiter", "\\t"], {"delimiter": "\t"}),
        (["--delimiter", "\t"], {"delimiter": "\t"}),
        (["--sheet", "Paris", "--sheet", "Lyon", "--sheet", "Paris"], {"sheets": ("Paris", "Lyon")}),
        (["--header-row", "4"], {"header_row": 4}),
        (["--header-row", "0"], {"header_row": 0}),
        (["--column", "email=Mail", "--column", "first-name=B"], {"columns": {"email": "Mail", "first_name": "B"}}),
        (["--column", "Last name=a=b"], {"columns": {"last_name": "a=b"}}),
        (["--column", "description="], {"columns": {"description": NOT_USED}}),
        (["--not-in-file", "last-name"], {"not_in_file": ("last_name",)}),
        (["--name-order", "last-first"], {"name_order": "last-first"}),
        (["--hidden-rows", "include"], {"hidden_rows": "include"}),
    ],
)
def test_each_argument_decides_one_thing(arguments: list[str], decided: dict[str, Any]) -> None:
    assert options_of(*arguments) == ReadingOptions(**decided)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--encoding", "klingon"], "“klingon” isn't an encoding that we know"),
        (["--delimiter", "/"], "“/” can't separate cells. Choose one of: comma, semicolon, tab, pipe."),
        (["--header-row", "-1"], "--header-row is a number from 0 to 20"),
        (["--header-row", "21"], "--header-row is a number from 0 to 20"),
        (["--column", "email"], "--column email has no column. Write it like --column email=Mail."),
        (["--column", "phone=C"], "“phone” isn't a key of --column. Choose one of: email, first_name"),
        (["--column", "email=A", "--column", "email=B"], "--column email is given twice."),
        (["--column", "full_name=A", "--column", "last_name=B"], "Use full_name without the other two."),
        (["--not-in-file", "email"], "“email” isn't a key of --not-in-file. Choose one of: first_name, last_name."),
        (["--not-in-file", "last_name", "--column", "last_name=B"], "--not-in-file last_name contradicts --column."),
        (["--not-in-file", "last_name", "--column", "full_name=B"], "--not-in-file last_name contradicts --column."),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_ends_in_2(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError) as caught:
        options_of(*arguments)
    assert caught.value.returncode == 2
    assert said in str(caught.value)


@pytest.mark.parametrize("arguments", [["--name-order", "middle"], ["--hidden-rows", "some"], ["--header-row", "two"]])
def test_a_wrong_choice_ends_in_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        options_of(*arguments)
    assert caught.value.code == 2


def test_a_column_may_be_unused_and_not_in_the_file() -> None:
    found = options_of("--column", "last_name=", "--not-in-file", "last_name")
    assert (found.columns, found.not_in_file) == ({"last_name": NOT_USED}, ("last_name",))

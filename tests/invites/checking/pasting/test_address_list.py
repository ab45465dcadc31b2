"""People in a line of addresses, as mail programs write it."""

from __future__ import annotations

import random

import pytest

from invites.checking import split_full_name
from invites.checking.pasting.address_list import find_entries, join_name, write_entry
from tests.cases import for_each


def found(line: str) -> list[tuple[str, str]]:
    return [(entry.name, entry.email) for entry in find_entries(line)]


@for_each(
    "line, people",
    [
        ("ann@x.example", [("", "ann@x.example")]),
        ("<ann@x.example>", [("", "ann@x.example")]),
        ("Ann Ek <ann@x.example>; bo@x.example", [("Ann Ek", "ann@x.example"), ("", "bo@x.example")]),
        ("Ann Ek <ann@x.example>, Bo Li <bo@x.example>,", [("Ann Ek", "ann@x.example"), ("Bo Li", "bo@x.example")]),
        ('"Ek, Ann" <ann@x.example>, bo@x.example', [("Ek, Ann", "ann@x.example"), ("", "bo@x.example")]),
        ("“Ek, Ann” <ann@x.example>", [("Ek, Ann", "ann@x.example")]),
        (r'"Ek \"Annie\", Ann" <ann@x.example>', [('Ek "Annie", Ann', "ann@x.example")]),
        ("'Ann Ek' <ann@x.example>", [("Ann Ek", "ann@x.example")]),
        ("Ek, Ann <ann@x.example>; Li, Bo <bo@x.example>", [("Ek, Ann", "ann@x.example"), ("Li, Bo", "bo@x.example")]),
        ("Ek, Ann <ann@x.example>, Li, Bo <bo@x.example>", [("Ek, Ann", "ann@x.example"), ("Li, Bo", "bo@x.example")]),
        ("ann@x.example bo@x.example", [("", "ann@x.example"), ("", "bo@x.example")]),
        ("ann@x.example，bo@x.example；chi@x.example", [("", f"{name}@x.example") for name in ("ann", "bo", "chi")]),
        ("Ann Ek [mailto:ann@x.example]", [("Ann Ek", "ann@x.example")]),
        ("ann@x.example <ann@x.example>", [("", "ann@x.example")]),
        ("Ann Maria Ek ann@x.example", [("Ann Maria Ek", "ann@x.example")]),
        ("ann@x.example (Ann Ek)", [("Ann Ek", "ann@x.example")]),
        ("• ann@x.example", [("", "ann@x.example")]),
        ("- Ann Ek <ann@x.example>", [("Ann Ek", "ann@x.example")]),
        ("1. Ann Ek <ann@x.example>", [("Ann Ek", "ann@x.example")]),
        ("12) ann@x.example", [("", "ann@x.example")]),
        ("To: Ann Ek <ann@x.example>, bo@x.example", [("Ann Ek", "ann@x.example"), ("", "bo@x.example")]),
        ("Cc:ann@x.example", [("", "ann@x.example")]),
        ("À : Ann Ek <ann@x.example>", [("Ann Ek", "ann@x.example")]),
        ("Ann Ek: ann@x.example", [("Ann Ek", "ann@x.example")]),
        ("Ann Ek <ann@x.example> Bo Li <bo@x.example>", [("Ann Ek", "ann@x.example"), ("Bo Li", "bo@x.example")]),
        (
            "mailto:ann@x.example; 'bo@x.example'; \"chi@x.example\"",
            [("", f"{n}@x.example") for n in ("ann", "bo", "chi")],
        ),
        ("فرح ناصر <farah@x.example>", [("فرح ناصر", "farah@x.example")]),
        ("فرح ناصر <f@x.example>، نور <n@x.example>؛", [("فرح ناصر", "f@x.example"), ("نور", "n@x.example")]),
        ("\u202bفرح ناصر\u202c <\u202af@x.example\u202c>", [("فرح ناصر", "f@x.example")]),
        ("Ann O'Hara <o'hara@x.example>", [("Ann O'Hara", "o'hara@x.example")]),
        ("", []),
        (" ;, ;", []),
    ],
)
def test_finds_names_and_addresses(line: str, people: list[tuple[str, str]]) -> None:
    assert found(line) == people


@pytest.mark.parametrize(
    ("line", "people"),
    [
        # One word before an address may be a part of it.
        ("lena hoff@x.example", [("", "lena hoff@x.example")]),
        ("ann@company,com", [("", "ann@company,com")]),
        ("nobody; ann@x.example", [("", "nobody"), ("", "ann@x.example")]),
        ("ann@x.example, nobody", [("", "ann@x.example"), ("", "nobody")]),
        ("Ann Ek <annx.example>", [("Ann Ek", "annx.example")]),
        ('"Ek, Ann <ann@x.example>', [('"Ek, Ann', "ann@x.example")]),
        ("Ann Ek <ann@x.example", [("Ann Ek", "ann@x.example")]),
    ],
)
def test_keeps_what_it_cannot_read_for_the_check(line: str, people: list[tuple[str, str]]) -> None:
    assert found(line) == people


@for_each("seed", range(300))
def test_loses_nothing_of_any_line(seed: int) -> None:
    dice = random.Random(seed)
    pieces = ["a", "@", "x.example", "<", ">", '"', "\\", ",", ";", " ", "(", ")", "“", "”", "é", "[mailto:", "]", "- "]
    line = "".join(dice.choice(pieces) for _ in range(dice.randrange(40)))
    entries = find_entries(line)

    places = [place for entry in entries for place in range(entry.start, entry.end)]
    assert places == sorted(set(places))
    left = "".join(sign for place, sign in enumerate(line) if place not in set(places))
    assert left.strip(" ,;-") == ""


@for_each("name", ["Ann Ek", "Ek, Ann", 'Ann "Annie" Ek', "'Ann'", "Ann <Annie> Ek", "Ann; Ek", "A \\ E", ""])
def test_reads_what_it_writes(name: str) -> None:
    assert found(write_entry(name, "ann@x.example")) == [(name, "ann@x.example")]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Ann", "Ek"),
        ("Maria Anna", "Lopez Ruiz"),
        ("Ludwig", "van Dyk"),
        ("Ann", "EK"),
        ("Anna Luisa", "Berg"),
        ("花", "小林"),
    ],
)
def test_a_joined_name_is_split_as_it_was_without_a_doubt(first: str, last: str) -> None:
    assert split_full_name(join_name(first, last), "first-last") == (first, last, True)


def test_joins_a_name_of_one_word() -> None:
    assert join_name("Ann", "") == "Ann"
    assert join_name("", "Ek") == "Ek"

"""Which column is which: by name, then by content, and never two for one key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invites.checking.reading.columns.column_suggestions import holds_address, suggest_columns
from tests.cases import for_each


def suggested(names: str, *rows: str) -> str:
    """The suggestions for columns and rows written with commas."""
    found = suggest_columns(names.split(",") if names else [], [row.split(",") for row in rows])
    return ",".join(each.key for each in found)


@pytest.mark.parametrize(
    ("names", "rows", "keys"),
    [
        ("Email,Given name,Surname", ["a@example.com,Ada,Byron"], "email,first_name,last_name"),
        ("E-mail cím,Teljes név", ["a@example.com,Nagy Anna"], "email,full_name"),
        ("Név,Beosztás,E-mail", ["Nagy Anna,HR,a@example.com"], "full_name,description,email"),
        ("Name,Vorname,Mail", ["Berg,Anna,a@example.com"], "last_name,first_name,email"),
        ("Nome,Cognome,Email", ["Chiara,Rossi,a@example.com"], "first_name,last_name,email"),
        ("Nume,Prenume,Email", ["Pop,Ana,a@example.com"], "last_name,first_name,email"),
        ("Nombre,Apellidos,Correo", ["Ana,Gil,a@example.com"], "first_name,last_name,email"),
        ("Nombre,Correo", ["Ana Gil,a@example.com"], "full_name,email"),
        ("Name,Email", [], "full_name,email"),
        ("mail,displayName,givenName,surname", ["a@example.com,Ada B,Ada,B"], "email,,first_name,last_name"),
        ("Full name,First name,Last name,Email", ["Ada B,Ada,B,a@example.com"], ",first_name,last_name,email"),
        ("displayName,givenName,surname,mail", ["Ada B,,,a@example.com"], "full_name,,,email"),
        ("displayName,givenName,surname,mail", ["Ada B,Ada,,a@example.com"], "full_name,,,email"),
        ("displayName,givenName,surname,mail", ["Ada B,,B,a@example.com"], "full_name,,,email"),
        ("displayName,givenName,surname,mail", [",Ada,,a@example.com"], ",first_name,last_name,email"),
        ("Name,First name,Last name,Email", ["x,Ada,B,a@example.com"], ",first_name,last_name,email"),
        ("Name,Full name,Email", ["Ada,Ada B,a@example.com"], ",full_name,email"),
        ("First name,,Email", ["Anna,Anna Berg,anna.berg@example.com"], "first_name,,email"),
        ("Full name,Last name,Email", ["Ada B,B,a@example.com"], "full_name,,email"),
        ("First name,Email", ["Ada,a@example.com"], "first_name,email"),
        ("Last name,Email", ["Byron,a@example.com"], "last_name,email"),
        ("姓,名,メールアドレス,部署", ["田中,花子,a@example.com,営業"], "last_name,first_name,email,description"),
        ("姓名,邮箱", ["王小明,a@example.com"], "full_name,email"),
        ("成,이름,이메일", ["김,민준,a@example.com"], ",full_name,email"),
        ("Имя,Фамилия,Почта", ["Анна,Иванова,a@example.com"], "first_name,last_name,email"),
        ("Име,Презиме,Фамилия,Имейл", ["А,Б,В,a@example.com"], "first_name,,last_name,email"),
        ("Phone,Room", ["1,2"], ","),
    ],
)
def test_suggests_by_name(names: str, rows: list[str], keys: str) -> None:
    assert suggested(names, *rows) == keys


@for_each(
    "names, rows, keys",
    [
        # Work goes before private, a known name before others, and what has addresses before what has none.
        ("Home Email,Work Email", ["a@example.org,a@example.com"], ",email"),
        ("Email,Work email", ["a@example.org,a@example.com"], ",email"),
        ("Personal email,Email", ["a@example.org,a@example.com"], ",email"),
        ("Supervisor,Email", ["b@example.com,a@example.com"], ",email"),
        ("Email,Email", ["a@example.com,b@example.com"], "email,"),
        ("Email,Work email", ["a@example.com,", "b@example.com,"], "email,"),
        ("Email,Contact person", ["see right,a@example.com"], ",email"),
        ("UPN,Mail", ["a@example.com,b@example.com"], ",email"),
        ("userPrincipalName", ["a@example.com"], "email"),
        ("Username,Full name", ["anna,Anna Berg"], ",full_name"),
        ("Username", [], "email"),
        ("Address", ["Main Street 1"], ""),
        ("Email", ["anna at example.com"], "email"),
        ("Name,Email", ["a@example.com,b@example.com"], ",email"),
        ("First name,Email", ["a@example.com,Ada", "b@example.com,Bob"], "email,"),
    ],
)
def test_suggests_one_column_of_addresses(names: str, rows: list[str], keys: str) -> None:
    assert suggested(names, *rows) == keys


@for_each(
    "rows, keys",
    [
        (["Ada,Byron,ada@example.com"], ",,email"),
        (["anna.berg@example.com,Anna Berg", "p.nagy@example.com,Nagy Péter"], "email,full_name"),
        (["hegedus@example.com,Péter Hegedűs"], "email,full_name"),
        (["anna.berg@example.com,Project Manager"], "email,"),
        (["anna.berg@example.com,anna berg"], "email,"),
        (["anna.berg@example.com,Anna berg"], "email,"),
        (["anna.berg@example.com,anna Berg"], "email,"),
        (["anna.berg@example.com,Anna Berg2"], "email,"),
        (["anna.berg@example.com,Anna"], "email,"),
        (["anna.berg@example.com,Anna Maria van Berg"], "email,full_name"),
        (["anna.berg@example.com,Anna Maria Eva van Berg"], "email,"),
        (["al.wu@example.com,Al Wu"], "email,"),
        (["eva@example.com,Eva Wu"], "email,full_name"),
        (["eva@example.com,Eva Wu", "x@example.com,Bob Ray"], "email,full_name"),
        (["eva@example.com,Eva Wu", "x@example.com,Bob Ray", "y@example.com,Jo Ray"], "email,"),
        (["eva@example.com,Eva Wu", "x@example.com,?"], "email,"),
        (["eva@example.com,Eva Wu"] * 4 + ["x@example.com,?"], "email,full_name"),
        (["anna.berg@example.com,Anna Berg,Anna Berg"], "email,,"),
        (["a@example.com", "b@example.com,Bob"], "email,"),
        (["a@example.com,x", ",y", ",z"], "email,"),
        (["x,a@example.com", "y,b@example.com", "z,none", "u,", "v,?"], ",email"),
        (["x,a@example.com", "y,none", "z,unknown"], ","),
        (["Anna Berg <anna@example.com>"], "email"),
        (["a@example.com; b@example.com"], "email"),
    ],
)
def test_suggests_by_content_without_names(rows: list[str], keys: str) -> None:
    assert suggested("", *rows) == keys


def test_a_description_may_have_addresses() -> None:
    assert suggested("Email,Description", "a@example.com,see b@example.com") == "email,description"


def test_an_account_can_be_a_full_name() -> None:
    assert suggested("User name,email", "Anna Berg,anna@example.com") == "full_name,email"


def test_says_why() -> None:
    found = suggest_columns(["Name", "", "Phone"], [["Ada Byron", "ada@example.com", "1"]])

    assert found == [("full_name", "name"), ("email", "content"), ("", "")]


def test_suggests_one_description() -> None:
    assert suggested("Email,Notes,Department,Job title") == "email,,,description"


def test_a_column_without_cells_comes_last() -> None:
    assert suggested("Email,Job title,Notes", "a@example.com,,hi") == "email,,description"


def test_nothing_is_suggested_for_nothing() -> None:
    assert suggest_columns([], []) == []


@for_each(
    "cell, has_one",
    [("a@example.com", True), ("<a@example.com>", True), ("Ada <a@example.com>", True), ("a@localhost", True),
     ("@ada", False), ("ada@", False), ("a@b@c", False), ("3 @ 5", False), ("", False)],
)  # fmt: skip
def test_sees_addresses(cell: str, has_one: bool) -> None:
    assert holds_address(cell) is has_one


CELLS = st.sampled_from(["", "Email", "Work email", "First name", "Name", "Név", "Full name", "a@example.com", "Ada B"])


@given(st.lists(CELLS, max_size=8), st.lists(st.lists(CELLS, max_size=8), max_size=5))
def test_never_two_columns_for_one_key(names: list[str], rows: list[list[str]]) -> None:
    found = suggest_columns(names, rows)

    keys = [each.key for each in found if each.key]
    assert len(keys) == len(set(keys))
    assert len(found) == max([len(names), *map(len, rows)])
    assert not ("full_name" in keys and {"first_name", "last_name"} & set(keys))
    assert all(bool(each.key) == bool(each.reason) for each in found)

"""Text that a conversion damaged before the file was made, and good text that looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invites.checking import ANY_DOMAIN, COLUMNS, Cells, check_cells, message_of
from invites.checking.cells.damage import fix_damage
from invites.checking.row import doubt_notices
from invites.checking.screening import Screen
from tests.cases import for_each
from tests.checking import check_bytes, check_person, read_rows

NAMES = [
    "Jürgen Müller", "José", "Đặng Nguyễn", "Śniadek", "Şule", "İbrahim", "Dvořák", "Wątor", "Krawczyński", "Hegedűs",
    "Ștefan", "Søren", "Weiß", "Åsa", "Óscar", "O’Brien", "Мария", "Ελένη", "郑伟", "김민수", "さくら",
]  # fmt: skip
DAMAGED = {
    "JÃƒÂ¼rgen": "Jürgen",
    "O&#39;Brien": "O'Brien",
    "O&#x27;Brien": "O'Brien",
    "Jos&eacute;": "José",
    "Jos&amp;eacute;": "José",
    "Ann&nbsp;Lee": "Ann Lee",
    "J√ºrgen": "Jürgen",
    "J├╝rgen": "Jürgen",
    "&quot;Bob&quot;": "Bob",
    "Ann&#10;Lee": "Ann Lee",
    "O\\'Brien": "O'Brien",
    "M\\u00fcller": "Müller",
    "M%C3%BCller": "Müller",
    "M=C3=BCller": "Müller",
    "=C3=89lodie": "Élodie",
    "Ma³gorzata": "Małgorzata",
    "£ukasz Jab³oñski": "Łukasz Jabłoński",
    "Krá¾ová": "Kráľová",
    "M+APw-ller": "Müller",
    "Ond+AVk-ej": "Ondřej",
    "+BBgEMgQwBD0-": "Иван",
    "O+IBk-Brien": "O’Brien",
    "~{UEN0~}": "张伟",
}
GOOD = [
    "JOÃO", "IRMÃ", "Ãgata", "Åsa", "Ängel", "ƒé", "Éƒe", "AT&T", "Ann & Bob", "Ann&Bob;", "&notit;", "√", "Ω≈ç√∫",
    "Å²", "Ä…", "É»", "D’Œuvre", "Spaß“", "JOSÉ’S", "A ?", "PŘÍŽA", "Ðunđa",
    "Íris", "50%", "a\\b", "Ñusta", "Ï",
    "Müller¹", "Anna³", "Müller¹ von Berg", "£5", "¿quién", "½a", "Ka¼mierczak", "Ann+Bob", "Ann+Maria-Luise", "+Ann-",
    "A+AAA-", "A+AC0-", "~", "~{}~", "~{~}",
]  # fmt: skip
GOOD_DESCRIPTIONS = [
    "Is it Anna?Yes",
    "l’été »,",
    "café…”",
    "«Ya está»…",
    "https://x.example/?a=1&copy=2",
    "„Gruppe Ä“",
    "R&D",
]


def as_cp1252(text: str) -> str:
    """UTF-8, read as Windows-1252 by a program that keeps the bytes it has no character for."""
    return "".join(bytes([byte]).decode("cp1252", "replace").replace("\ufffd", chr(byte)) for byte in text.encode())


@for_each("name", NAMES)
def test_fixes_what_was_read_in_another_encoding(name: str) -> None:
    damaged = as_cp1252(name)
    assert damaged != name
    row = check_person(first_name=damaged)
    suggestions = [problem.suggestion for problem in row.problems] + [doubt.suggestion for doubt in doubt_notices(row)]
    assert suggestions == [name]


@for_each("damaged, name", DAMAGED.items())
def test_fixes_entities_and_other_damage(damaged: str, name: str) -> None:
    row = check_person(last_name=damaged)
    assert row.values.last_name == damaged, "invited as written"
    (doubt,) = doubt_notices(row)
    assert (doubt.code, doubt.column, doubt.value, doubt.suggestion) == ("damaged_text", "last_name", damaged, name)
    assert name in message_of(doubt)


@pytest.mark.parametrize("name", ["M?ller", "Jos?", "?ngel", "?", "????", "MartÃ", "Renï¿½e"])
def test_a_lost_letter_cannot_be_fixed(name: str) -> None:
    (doubt,) = doubt_notices(check_person(first_name=name))
    assert (doubt.code, doubt.suggestion) == ("lost_letter", None)


@pytest.mark.parametrize("name", ["=B2", '=PROPER("ann")', "2026-05-01", "1.2E+10", "45 000,5", "12:30", "١٢"])
def test_a_number_a_date_or_a_formula_is_doubted_as_a_name(name: str) -> None:
    row = check_person(first_name=name, description=name)
    assert row.values.first_name == name, "invited as written"
    (doubt,) = doubt_notices(row)
    assert (doubt.code, doubt.column, doubt.suggestion) == ("unlikely_name", "first_name", None)


@pytest.mark.parametrize("name", ["2nd", "R2-D2", "X Æ A-12", "-", ".", "Te", "7 of 9"])
def test_a_name_with_digits_is_not_doubted(name: str) -> None:
    assert list(doubt_notices(check_person(first_name=name))) == []


@pytest.mark.parametrize("name", ["Ð¡ÐµÑ€Ð³ÐµÐ¹ Ð¡Ñ‚Ñ€Ð°Ñ", "ÑÐµÑ€", "Î‘Î½Î½Î± Î"])
def test_a_name_that_cannot_be_fixed_in_full_gets_no_fix(name: str) -> None:
    """A program has dropped the bytes that Windows-1252 has no character for."""
    (doubt,) = doubt_notices(check_person(first_name=name))
    assert (doubt.code, doubt.suggestion) == ("lost_letter", None)


@for_each("name", [*GOOD, *NAMES])
def test_a_good_name_is_not_doubted(name: str) -> None:
    row = check_person(first_name=name, description=name)
    assert row.problems == ()
    assert list(doubt_notices(row)) == []


@pytest.mark.parametrize("description", GOOD_DESCRIPTIONS)
def test_a_good_description_is_not_doubted(description: str) -> None:
    assert list(doubt_notices(check_person(description=description))) == []


def test_a_fix_that_would_be_a_problem_is_not_suggested() -> None:
    assert list(doubt_notices(check_person(first_name="Ann&#46;evil&#46;com"))) == []


def test_every_damaged_cell_of_a_row_is_named() -> None:
    report = check_bytes("Email,First name,Last name,Description\na@company.com,JÃ¼rgen,M?ller,BÃ¶hm\n".encode())
    assert report.verdict == "ok"
    assert [(each.row, each.column, each.suggestion) for each in report.warnings] == [
        (2, "first_name", "Jürgen"),
        (2, "last_name", None),
        (2, "description", "Böhm"),
    ]


def test_rows_that_are_not_invited_are_not_doubted() -> None:
    rows = "a@company.com,Jo,Lee,\na@company.com,Jo,Lee,JÃ¼rgen\nb@@company.com,JÃ¼rgen,Ray,\n"
    report = check_bytes(f"Email,First name,Last name,Description\n{rows}".encode())
    assert (report.skipped, report.problem_rows, report.warnings) == (1, 1, [])


@given(st.text(max_size=30))
def test_a_fixed_text_is_not_fixed_again(text: str) -> None:
    fixed = fix_damage(as_cp1252(text)) or text
    assert fix_damage(fixed) is None or fix_damage(fixed) != fixed


cells = st.one_of(
    st.text(max_size=20), st.sampled_from([*NAMES, *GOOD, *DAMAGED, *map(as_cp1252, NAMES), "#N/A", '="x"'])
)


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8))
def test_what_is_not_flagged_is_good_and_in_its_normal_form(rows: list[tuple[str, str, str]]) -> None:
    columns = list(zip(*[("anna@company.com", *row) for row in rows], strict=True))
    flagged = Screen().flag(columns)
    for position, row in enumerate(rows):
        if position not in flagged:
            checked = check_cells(Cells("anna@company.com", *row), row=2, line=2, allowed=ANY_DOMAIN)
            assert checked.problems == ()
            assert checked.values[1:] == row
            assert list(doubt_notices(checked)) == []


@given(st.tuples(cells, cells, cells))
def test_no_cell_of_a_good_row_is_changed(row: tuple[str, str, str]) -> None:
    """A normal form is kept as it is, doubts or not: only what surrounds a cell is removed."""
    checked = check_cells(Cells("anna@company.com", *row), row=2, line=2, allowed=ANY_DOMAIN)
    if checked.problems == ():
        again = check_cells(checked.values, row=2, line=2, allowed=ANY_DOMAIN)
        assert (again.problems, again.values) == ((), checked.values)
        for before, after in zip(row[:2], checked.values[1:3], strict=True):
            assert after in before
        kept = "".join(checked.values.description.split())
        assert kept in "".join(row[2].split())


def test_a_file_of_good_people_is_read_as_written() -> None:
    people = [f"p{number}@company.com,{name},{name}," for number, name in enumerate([*NAMES, *GOOD])]
    report, rows = read_rows("\n".join(["Email,First name,Last name,Description", *people, ""]).encode("utf-8-sig"))
    assert (report.verdict, report.warnings) == ("ok", [])
    assert [",".join(row.values) for row in rows] == people


def test_every_column_has_a_doubt() -> None:
    for column in COLUMNS:
        assert column.doubt("anna@company.com") is None

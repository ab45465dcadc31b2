"""What a spreadsheet writes instead of a value: errors, and formulas that only hold a text."""

from __future__ import annotations

import pytest

from invites.checking import fix_of, hint_of
from invites.checking.cells.spreadsheet_text import is_spreadsheet_error, text_of_formula
from tests.cases import for_each
from tests.checking import check_person

ERRORS = [
    "#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#NV", "#BEZUG!", "#WERT!",
    "#VALEUR!", "#VALEUR !", "#NOM\xa0?", "#N/D", "#¡REF!", "#¿NOMBRE?", "#¡VALOR!", "###", "########", "Err:502",
    "#n/a", "#Ref!", "#wert!", "#Error", "#CALCUL!", "#OBTENIENDO_DATOS",
]  # fmt: skip
NO_ERRORS = ["#", "##", "#1", "#team", "#WOW!", "N/A", "A#N/A", "Err:5", "Err:abc", "Erik", "# # #", "#n/a is fine"]

FORMULAS = {
    '="Bob"': "Bob",
    '= "Bob" ': "Bob",
    '=""Bob""': "Bob",
    '=\\"Bob\\"': "Bob",
    "='Bob'": "Bob",
    '=T("Bob")': "Bob",
    '=t( "Bob" )': "Bob",
    "=“Bob”": "Bob",
    "=„Bob“": "Bob",
    '="Bob ""Ray"" Lee"': 'Bob "Ray" Lee',
    '=""': "",
}
NO_FORMULAS = [
    "",
    "=",
    "=1+1",
    "=A1",
    '="',
    '="a"&"b"',
    '="a" "b"',
    "Bob",
    '"Bob"',
    "=T(",
    "='",
    '=SUM("a")',
    "='a' 'b'",
]


@for_each("text", ERRORS)
def test_recognizes_errors(text: str) -> None:
    assert is_spreadsheet_error(text)


@for_each("text", NO_ERRORS)
def test_other_texts_are_no_errors(text: str) -> None:
    assert not is_spreadsheet_error(text)


@for_each("cell, text", FORMULAS.items())
def test_finds_the_text_of_a_formula(cell: str, text: str) -> None:
    assert text_of_formula(cell) == text


@for_each("cell", NO_FORMULAS)
def test_other_cells_have_no_text_in_a_formula(cell: str) -> None:
    assert text_of_formula(cell) is None


@pytest.mark.parametrize("column", ["email", "first_name", "last_name"])
def test_an_error_in_a_required_cell_is_a_problem(column: str) -> None:
    (problem,) = check_person(**{column: "#N/A"}).problems
    assert (problem.code, problem.column, problem.suggestion) == ("spreadsheet_error", column, None)
    assert hint_of(problem).endswith(".")


def test_the_names_in_the_address_are_suggested_instead_of_errors() -> None:
    problems = check_person(email="ann.ek@company.com", first_name="#N/A", last_name="").problems
    assert [(problem.code, problem.suggestion) for problem in problems] == [
        ("spreadsheet_error", "Ann"),
        ("last_name_needed", "Ek"),
    ]
    (problem,) = check_person(email="ann.ek@company.com", first_name="#NV", last_name="Berg").problems
    assert problem.suggestion is None


@pytest.mark.parametrize("text", ["#NAME?", '=""'])
def test_a_description_without_a_value_can_be_cleared(text: str) -> None:
    (problem,) = check_person(description=text).problems
    assert (problem.suggestion, fix_of(problem)) == ("", "Clear the cell")


@pytest.mark.parametrize(
    ("column", "text"), {"email": "bob@company.com", "first_name": "Bob", "description": "Night shift"}.items()
)
def test_the_text_of_a_formula_is_suggested(column: str, text: str) -> None:
    (problem,) = check_person(**{column: f'="{text}"'}).problems
    assert (problem.code, problem.suggestion) == ("text_formula", text)
    assert fix_of(problem) == "Keep only the text"


@pytest.mark.parametrize(("column", "text"), {"email": "bob", "first_name": "evil.com", "last_name": ""}.items())
def test_a_text_that_is_wrong_itself_is_not_suggested(column: str, text: str) -> None:
    (problem,) = check_person(**{column: f'="{text}"'}).problems
    assert (problem.code, problem.suggestion, problem.fix) == ("text_formula", None, None)

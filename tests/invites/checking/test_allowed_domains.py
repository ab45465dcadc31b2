"""The email domains of an organization in the check: errors, warnings, and everything that passes."""

from __future__ import annotations

import io

import pytest

from invites.checking import AllowedDomains, Check, Problem, Row, hint_of, message_of, normalize_domain
from invites.checking.problem import Notice
from tests.files import csv_of

ACME = AllowedDomains(("acme.example.com", "büro.example.com"))
WARNED = ACME._replace(only_warns=True)
INSIDE = ["ann@acme.example.com,Ann,Ek,", "Bo@ACME.example.com,Bo,Ray,", "kim@büro.example.com,Kim,Neil,"]
OUTSIDE = "eve@mail.acme.example.com,Eve,Moe,"


def check(allowed: AllowedDomains, *people: str) -> tuple[Check, list[Row]]:
    made = Check(io.BytesIO(csv_of(*people)), allowed=allowed)
    return made, [row for block in made.blocks() for row in block]


def only(problem: Problem | Notice | None) -> str:
    assert problem
    return message_of(problem)


def test_another_domain_is_a_problem_of_its_row() -> None:
    made, rows = check(ACME, *INSIDE, OUTSIDE)

    assert (made.report.valid, made.report.problem_rows) == (3, 1)
    (problem,) = rows[3].problems
    assert (problem.code, problem.column, problem.row) == ("email_domain_not_allowed", "email", 5)
    assert message_of(problem) == "Your organization doesn’t invite addresses at mail.acme.example.com"
    assert hint_of(problem) == "Enter an address that ends in @acme.example.com or @büro.example.com."


def test_the_hint_names_some_of_many_domains() -> None:
    _made, (row,) = check(AllowedDomains(tuple(f"d{number}.com" for number in range(1, 6))), "ann@x.com,Ann,Ek,")

    assert hint_of(row.problems[0]) == (
        "Enter an address that ends in @d1.com, @d2.com or @d3.com, or in one of 2 other allowed domains."
    )


def test_with_a_warning_the_row_is_valid_and_the_import_waits() -> None:
    made, rows = check(WARNED, *INSIDE, OUTSIDE)

    assert (made.report.verdict, made.report.valid, made.report.doubtful_cells) == ("ok", 4, 1)
    assert not rows[3].problems
    (warning,) = made.report.warnings
    assert (warning.code, warning.row, warning.column) == ("other_domain", 5, "email")
    assert only(warning) == "“eve@mail.acme.example.com” isn’t at one of your organization’s email domains"


@pytest.mark.parametrize("allowed", [ACME, WARNED])
def test_addresses_at_the_domains_pass(allowed: AllowedDomains) -> None:
    made, _rows = check(allowed, *INSIDE)

    assert (made.report.verdict, made.report.valid, made.report.warnings) == ("ok", 3, [])


def test_without_domains_every_address_passes() -> None:
    made, _rows = check(AllowedDomains(), *INSIDE, OUTSIDE)

    assert (made.report.verdict, made.report.valid, made.report.warnings) == ("ok", 4, [])


@pytest.mark.parametrize("row", [1, 300, 900])
def test_each_row_of_a_large_file_is_compared(row: int) -> None:
    people = [f"p{number}@acme.example.com,Ann,Ek," for number in range(1, 901)]
    people[row - 1] = "p@gmail.com,Ann,Ek,"

    made, _rows = check(ACME, *people)

    assert [(problem.row, problem.code) for problem in made.report.problems] == [(row + 1, "email_domain_not_allowed")]


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("company.com", "company.com"),
        (" @Company.COM ", "company.com"),
        ("BÜRO.example.com", "büro.example.com"),
        ("xn--bro-hoa.example.com", "büro.example.com"),
        ("company", None),
        ("*.company.com", None),
        ("ann@company.com", None),
        ("company..com", None),
        ("", None),
    ],
)
def test_a_domain_has_one_normal_form(typed: str, normal: str | None) -> None:
    assert normalize_domain(typed) == normal

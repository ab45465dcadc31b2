"""An address with a typo of the domain that most people in the file have."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import correction_jobs, corrections
from invites.imports.upload import start_batch
from invites.models import Batch, Row
from invites.problems import fix_of, stored_problem
from tests.files import csv_of
from tests.invites.imports.test_corrections import EMAIL, edit

TEAM = tuple(f"p{number}@northwind.example.com" for number in range(20))


def suggestions(batch: Batch, number: int) -> list[tuple[str, str]]:
    problems = batch.rows.get(number=number).problems
    return [(each["suggestion"], fix_of(stored_problem(each))) for each in problems if each["suggestion"]]


def test_an_unreadable_domain_is_fixed_with_one_click(start: Callable[..., Batch], by: Membership) -> None:
    batch = start(csv_of(*TEAM, "anna@northwind", "ben@@nortwind.example.com", "cat@southwind"))

    assert suggestions(batch, 22) == [("anna@northwind.example.com", "Use northwind.example.com")]
    assert suggestions(batch, 23) == [("ben@northwind.example.com", "Use northwind.example.com")]
    assert suggestions(batch, 24) == []

    corrections.apply_suggestion(batch, 22, EMAIL, by=by)
    correction_jobs.apply_to_all(batch, "email_two_at", by=by)
    people = batch.rows.filter(number__in=(22, 23), outcome=Row.Outcome.WAITING).order_by("number")
    assert [row.email for row in people] == ["anna@northwind.example.com", "ben@northwind.example.com"]


def test_an_address_typed_in_the_grid_gets_the_same_suggestion(start: Callable[..., Batch], by: Membership) -> None:
    batch = start(csv_of(*TEAM, "anna"))
    edit(batch, 22, EMAIL, "anna@nortwind", by=by)
    assert suggestions(batch, 22) == [("anna@northwind.example.com", "Use northwind.example.com")]


def test_a_valid_address_with_a_likely_typo_is_only_a_warning(start: Callable[..., Batch]) -> None:
    batch = start(csv_of(*TEAM, "anna@nortwind.example.com"))

    assert batch.state == Batch.State.INVITING
    row = batch.rows.get(doubts__isnull=False)
    assert (row.number, row.doubts) == (
        22,
        [
            {
                "code": "likely_typo",
                "column": "email",
                "value": "anna@nortwind.example.com",
                "suggestion": "anna@northwind.example.com",
            }
        ],
    )


def test_suggestions_for_many_problems_are_saved_in_chunks(
    admin_membership: Membership, read_only: AccessSelection
) -> None:
    content = csv_of(*TEAM, *(f"q{number}@northwind" for number in range(1_100)), "q@nortwind.example.com")
    batch = start_batch(admin_membership, file_name="team.csv", content=[content], selection=read_only)
    with CaptureQueriesContext(connection) as captured:
        tasks.check_batch(batch.pk)

    suggested = batch.rows.filter(suggested_codes__contains=" email_no_ending ")
    assert suggested.count() == 1_100
    assert {fix_of(stored_problem(row.problems[0])) for row in suggested} == {"Use northwind.example.com"}
    assert len(captured) < 50, "One query per chunk, and none per row."

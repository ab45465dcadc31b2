"""Two admins edit the same import: they take turns, nothing is half done, and nobody is invited twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.errors import DomainError
from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import correction_jobs, corrections
from invites.imports.corrections import Edit, EditResult
from invites.imports.upload import correct_batch, invite_valid_rows
from invites.models import Batch, Invitation
from tests.concurrency import at_once, unexpected
from tests.files import csv_of
from tests.invites.imports.grid import counts, outcome, row

pytestmark = pytest.mark.django_db(transaction=True)

Run = Callable[..., Batch]


def test_one_of_two_concurrent_edits_is_saved_and_the_other_is_a_conflict(team: Batch, by: Membership) -> None:
    names = ("Cole", "Kohl", "Coll")

    results = at_once(*(lambda name=name: corrections.edit_cells(team, [Edit(4, 2, name, 0)], by=by) for name in names))

    assert unexpected(results) == []
    assert sorted(len(result.changed) for result in results) == [0, 0, 1]
    assert sorted(len(result.overtaken) for result in results) == [0, 1, 1]
    assert row(team, 4).last_name == next(
        name for name, result in zip(names, results, strict=True) if result == EditResult(changed={4})
    )


def test_two_concurrent_corrections_to_the_same_address_invite_it_once(team: Batch, by: Membership) -> None:
    kim = ("kim@example.com", "Kim", "Lee")
    results = at_once(
        *(
            lambda number=number: corrections.edit_cells(
                team, [Edit(number, place, value, 0) for place, value in enumerate(kim)], by=by
            )
            for number in (3, 5, 7)
        )
    )

    assert unexpected(results) == []
    assert [outcome(team, number) for number in (3, 5, 7)] == ["waiting", "skipped duplicate", "skipped duplicate"]
    assert counts(team) == (2, 1, 2, 0)


def test_correcting_and_inviting_take_turns(team: Batch, by: Membership, work: Run) -> None:
    results = at_once(
        lambda: corrections.apply_suggestion(team, 3, 0, by=by),
        lambda: invite_valid_rows(Batch.objects.get(pk=team.pk), by=by),
        lambda: correction_jobs.apply_to_all(team, "email_two_at", by=by),
    )

    assert unexpected(results) == []
    assert not isinstance(results[1], DomainError)
    work(team)
    # Rows that were corrected before are invited, and the others stay as they are.
    invited = set(Invitation.objects.values_list("email", flat=True))
    for number, email in ((3, "ben@example.com"), (7, "fay@example.com")):
        assert outcome(team, number) == ("invited" if email in invited else "problem")
    assert {"ann@example.com", "eve@example.com"} <= invited


def test_correcting_and_replacing_the_file_take_turns(team: Batch, by: Membership, read_only: AccessSelection) -> None:
    whole = csv_of("kim@example.com,Kim,Lee,")
    results = at_once(
        lambda: correction_jobs.apply_to_all(team, "email_two_at", by=by),
        lambda: correct_batch(
            Batch.objects.get(pk=team.pk), file_name="b.csv", content=[whole], selection=read_only, by=by
        ),
    )

    assert unexpected(results) == []
    assert not isinstance(results[1], DomainError)
    tasks.check_batch(team.pk)
    team.refresh_from_db()
    assert (team.file_name, [row.email for row in team.rows.all()]) == ("b.csv", ["kim@example.com"])

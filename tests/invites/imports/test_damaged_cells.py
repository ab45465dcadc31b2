"""An import with names or addresses that look damaged stops before anyone is invited, so that they can be fixed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import confirm
from invites.imports.corrections import Edit, edit_cells
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import correct_batch, start_batch
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.imports.grid import grid_url, outcome, row
from tests.pages import HTMX, submit_import, text, text_of, url_of, words_of

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]
State = Batch.State

MOJIBAKE, LOST = "ju@example.com,JÃ¼rgen,Moser,", "mu@example.com,Max,M?ller,"
ENTITY, CURLY = "sh@example.com,Shane,O&#39;Brien,", "o’neil@example.com,Kim,Neil,"
TYPO, GOOD = "cat@gmial.com,Cat,Moe,", "ann@example.com,Ann,Lee,"


@pytest.fixture
def damaged(start: Run) -> Batch:
    """Four people whose cells look damaged, in rows 3 to 6; three of them can be fixed."""
    return start(csv_of(GOOD, MOJIBAKE, LOST, ENTITY, CURLY))


def press(client: Client, batch: Batch, do: str, **headers: Any) -> Any:
    return client.post(grid_url(batch), {"do": do}, **headers)


# --- What stops an import --------------------------------------------------------------------------------


@pytest.mark.parametrize("person", [MOJIBAKE, LOST, ENTITY, CURLY, "ann@example.com,Ann,Lee,Tom &amp; Jerry"], ids=str)
def test_it_waits_and_nobody_is_invited(start: Run, work: Run, person: str) -> None:
    batch = work(start(csv_of("bob@example.com", person)))

    assert batch.state == State.NEEDS_CORRECTION
    assert (Invitation.objects.count(), mail.outbox) == (0, [])
    assert (summary_of(batch).waiting, summary_of(batch).problems) == (2, 0)


@pytest.mark.parametrize("person", [GOOD, TYPO, "x@example.com,Zoë,D’Arcy,Why?"], ids=str)
def test_other_files_go_straight_on(start: Run, person: str) -> None:
    """Likely typos in domains, too: they are shown, but people with a new domain must not be asked each time."""
    assert start(csv_of(person)).state == State.INVITING


def test_a_skipped_duplicate_stops_nothing(start: Run) -> None:
    batch = start(csv_of("ju@example.com,Jürgen,Moser,", "ju@example.com,Jürgen,Moser,Tom &amp; Jerry"))

    assert (batch.state, summary_of(batch).skips["duplicate"]) == (State.INVITING, 1)


def test_only_valid_stops_too(start: Run) -> None:
    assert start(csv_of(GOOD, MOJIBAKE, "ben@@example.com"), only_valid=True).state == State.NEEDS_CORRECTION


def test_a_command_can_invite_as_written(admin_membership: Membership, read_only: AccessSelection, work: Run) -> None:
    batch = start_batch(
        admin_membership, file_name="team.csv", content=[csv_of(MOJIBAKE)], selection=read_only, as_written=True
    )
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()

    assert work(batch).state == State.DONE
    assert Invitation.objects.get().first_name == "JÃ¼rgen"


def test_a_corrected_file_stops_as_well(
    start: Run, admin_membership: Membership, read_only: AccessSelection, work: Run
) -> None:
    batch = start(csv_of("ben@@example.com"))

    correct_batch(batch, file_name="b.csv", content=[csv_of(LOST)], selection=read_only, by=admin_membership)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == State.NEEDS_CORRECTION
    correct_batch(batch, file_name="c.csv", content=[csv_of(GOOD)], selection=read_only, by=admin_membership)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == State.INVITING


# --- What people see and do ------------------------------------------------------------------------------


def test_the_grid_shows_the_cells_and_no_table(ines: Client, damaged: Batch) -> None:
    page = ines.get(grid_url(damaged))

    words = words_of(page)
    for sentence in (
        "4 cells may have mistakes",
        "Nobody has been invited yet. Fix what’s wrong, or invite everyone as written.",
        "Possible mistakes",
        "Row 3 JÃ¼rgen Use Jürgen in row 3",
        "Row 4 M?ller A letter may have been lost.",
        "Row 5 O&#39;Brien Use O'Brien in row 5",
        "Use all 3 suggestions",
        "5 people Invite 5 people",
        "Upload a corrected file",
    ):
        assert sentence in words, sentence
    for sentence in ("need fixing", "left to fix", "Download these rows", "Check again", "All 0"):
        assert sentence not in words, sentence
    assert "data-grid" not in text(page)


def test_fixed_cells_are_invited(ines: Client, damaged: Batch, work: Run) -> None:
    press(ines, damaged, "meant-all")

    assert row(damaged, 3).first_name == "Jürgen"
    assert row(damaged, 6).email == "o'neil@example.com"
    assert "1 cell may have a mistake" in words_of(ines.get(grid_url(damaged)))
    answer = press(ines, damaged, "whole")
    damaged.refresh_from_db()
    assert (answer.headers["Location"], damaged.state) == (url_of(damaged), State.INVITING)
    assert summary_of(work(damaged)).invited == 5
    assert set(Invitation.objects.values_list("first_name", "last_name")) == {
        ("Ann", "Lee"),
        ("Jürgen", "Moser"),
        ("Max", "M?ller"),
        ("Shane", "O'Brien"),
        ("Kim", "Neil"),
    }


def type_into(client: Client, batch: Batch, value: str, do: str = "save:4") -> Any:
    """Type the last name of row 4, and press a button."""
    version = row(batch, 4).version
    return client.post(grid_url(batch), {"do": do, "cell-4-2": value, "seen-4": str(version)})


def test_a_lost_letter_can_be_typed(ines: Client, damaged: Batch, work: Run) -> None:
    page = text(ines.get(grid_url(damaged)))
    assert 'name="cell-4-2"\n      value="M?ller"\n      aria-label="Last name, row 4"' in page
    assert 'name="cell-3-1"' not in page, "this one has a suggestion"

    type_into(ines, damaged, " Müller ")

    assert (outcome(damaged, 4), row(damaged, 4).last_name, row(damaged, 4).edited_by) == (
        "waiting",
        "Müller",
        damaged.inviter,
    )
    assert "Müller instead of M?ller . Undo row 4" in words_of(ines.get(grid_url(damaged)))
    press(ines, damaged, "undo:4")
    assert row(damaged, 4).last_name == "M?ller"


def test_what_is_typed_is_saved_before_everyone_is_invited(ines: Client, damaged: Batch, work: Run) -> None:
    type_into(ines, damaged, "Müller", do="whole")

    damaged.refresh_from_db()
    assert summary_of(work(damaged)).invited == 5
    assert Invitation.objects.get(email="mu@example.com").last_name == "Müller"


@pytest.mark.parametrize(("typed", "said"), [("", "last name"), ("#N/A", "The formula in this cell failed")])
def test_what_is_wrong_is_not_saved_and_invites_nobody(ines: Client, damaged: Batch, typed: str, said: str) -> None:
    response = type_into(ines, damaged, typed, do="whole")

    assert response.headers["Location"] == grid_url(damaged)
    damaged.refresh_from_db()
    assert (damaged.state, outcome(damaged, 4)) == (State.NEEDS_CORRECTION, "waiting")
    assert (row(damaged, 4).last_name, row(damaged, 4).edit) == ("M?ller", None)
    assert said in words_of(ines.get(grid_url(damaged)))


def test_two_admins_do_not_overwrite_each_other(ines: Client, damaged: Batch, colleague: Membership) -> None:
    edit_cells(damaged, [Edit(4, 2, "Möller", seen=0)], by=colleague)

    response = ines.post(grid_url(damaged), {"do": "whole", "cell-4-2": "Müller", "seen-4": "0"}, follow=True)

    assert "Someone else changed row 4 in the meantime." in words_of(response)
    damaged.refresh_from_db()
    assert (damaged.state, row(damaged, 4).last_name) == (State.NEEDS_CORRECTION, "Möller")


def test_when_all_is_fixed_nothing_is_left(ines: Client, start: Run) -> None:
    batch = start(csv_of(MOJIBAKE))

    press(ines, batch, "meant:3:1")
    press(ines, batch, "meant:2:1")

    words = words_of(ines.get(grid_url(batch)))
    assert "Nothing is left to fix" in words
    assert "as written, or" not in words
    assert "Invite 1 person" in words
    press(ines, batch, "undo:2")
    assert row(batch, 2).first_name == "JÃ¼rgen"
    assert "1 cell may have a mistake" in words_of(ines.get(grid_url(batch)))


@pytest.mark.parametrize("place", ["grid", "page", "dialog"])
def test_one_button_invites_as_written(ines: Client, damaged: Batch, work: Run, place: str) -> None:
    if place == "grid":
        press(ines, damaged, "whole")
    else:
        headers = HTMX if place == "dialog" else {}
        ines.post(url_of(damaged, "imports:batch_invite_valid"), headers=headers)

    damaged.refresh_from_db()
    assert summary_of(work(damaged)).invited == 5
    assert Invitation.objects.filter(first_name="JÃ¼rgen").exists()


@pytest.mark.parametrize("name", ["imports:batch", "imports:batch_dialog"])
def test_the_dialog_and_the_page_say_why_it_waits(ines: Client, damaged: Batch, name: str) -> None:
    words = words_of(ines.get(url_of(damaged, name), headers=HTMX if "dialog" in name else {}))

    if "dialog" in name:
        assert words.startswith("4 cells may have mistakes")
    for sentence in (
        "5 rows, no problems",
        "Nobody has been invited yet. Fix what’s wrong, upload a corrected file, or invite everyone as written. "
        "4 cells may have mistakes.",
        "Invite 5 people",
        "Review",
    ):
        assert sentence in words, sentence
    assert "Fix the rows" not in words
    assert "valid user" not in words


def test_the_upload_leads_to_the_cells(ines: Client, grant: dict[str, Any]) -> None:
    response = submit_import(ines, csv_of(MOJIBAKE), **grant)

    assert response.headers["Location"] == grid_url(Batch.objects.get())


def test_the_banner_names_the_number_of_cells(ines: Client, damaged: Batch) -> None:
    page = text_of(text(ines.get(reverse("directory:users", args=["acme"]))))

    assert "4 cells in team.csv may have mistakes. Nobody has been invited yet. Review" in page


def test_without_the_permission_to_change_it_the_page_only_shows_the_cells(
    client_of: ClientOf, ines: Client, acme: Organization, lesser: Membership, admin_membership: Membership
) -> None:
    selection = AccessSelection.of(acme.roles.filter(name="Org Admin"), all_sites=True)
    batch = start_batch(admin_membership, file_name="team.csv", content=[csv_of(MOJIBAKE)], selection=selection)
    tasks.check_batch(batch.pk)

    page = client_of(lesser.user).get(grid_url(batch))

    assert "Did you mean Jürgen" in words_of(page)
    assert 'name="do"' not in text(page)
    assert "Invite 1 person" not in words_of(page)


def test_before_people_become_admins_both_questions_come_in_turn(
    ines: Client, acme: Organization, admin_membership: Membership
) -> None:
    selection = AccessSelection.of(acme.roles.filter(name="Org Admin"), all_sites=True)
    batch = start_batch(admin_membership, file_name="team.csv", content=[csv_of(MOJIBAKE, GOOD)], selection=selection)
    tasks.check_batch(batch.pk)

    response = press(ines, batch, "whole")

    assert response.headers["Location"] == url_of(batch, "imports:batch_confirm")
    assert "Invite 2 people who can invite and manage users?" in words_of(ines.get(response.headers["Location"]))
    ines.post(url_of(batch, "imports:batch_confirm"), {"do": "back"})
    batch.refresh_from_db()
    assert batch.state == State.NEEDS_CORRECTION
    press(ines, batch, "meant:2:1")
    press(ines, batch, "whole")
    batch.refresh_from_db()
    confirm.confirm_access(batch, confirm.question_about(batch), by=admin_membership)
    assert (batch.state, outcome(batch, 2)) == (State.INVITING, "waiting")

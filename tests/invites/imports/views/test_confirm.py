"""The question before everyone in a file may invite or manage users, and the sentence beside the roles."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, User
from invites.imports.selectors.summary import summary_of
from invites.models import Batch, BatchChunk, Invitation
from tests.files import PROBLEMS, csv_of, many
from tests.pages import HTMX, fields_of, submit_import, text, triggers, url_of, words_of

ClientOf = Callable[[User | None], Client]
State = Batch.State
ABLE = "Everyone you import will be able to invite and manage users."
TITLE = "Invite 3 people who can invite and manage users?"


@pytest.fixture
def as_admins(acme: Organization) -> dict[str, Any]:
    """The fields of the form for Org Admin on all sites."""
    return {"roles": [acme.roles.get(name="Org Admin").pk], "sites": ["all"]}


@pytest.fixture
def unconfirmed(ines: Client, as_admins: dict[str, Any]) -> Batch:
    submit_import(ines, many(3), **as_admins)
    batch = Batch.objects.get()
    assert batch.state == State.NEEDS_CONFIRMATION
    return batch


def confirm_url(batch: Batch) -> str:
    return url_of(batch, "imports:batch_confirm")


def press(client: Client, batch: Batch, button: str = "invite", **changed: str) -> Any:
    """Send the form as the page has it, with some values changed."""
    fields = {**fields_of(client.get(confirm_url(batch))), **changed}
    return client.post(confirm_url(batch), {**fields, "do": button})


# --- Beside the roles ------------------------------------------------------------------------------------


def test_the_form_says_what_each_role_lets_people_do(ines: Client, acme: Organization) -> None:
    Role.objects.create(organization=acme, name="Inviter", permissions=["users.view", "users.invite"])
    html = text(ines.get(reverse("imports:import", args=["acme"])))

    powers = {
        role.name: re.findall(rf'name="roles"\s+value="{role.pk}"[^>]*?data-powers="([^"]*)"', html)
        for role in acme.roles.all()
    }
    assert powers == {
        "Org Admin": ["users.invite users.manage"],
        "Project manager": [],
        "ReadOnly": [],
        "Inviter": ["users.invite"],
    }
    for sentence in (
        ABLE,
        "Everyone you import will be able to invite users.",
        "Everyone you import will be able to manage users.",
    ):
        assert sentence in html


# --- The question ----------------------------------------------------------------------------------------


def test_the_file_leads_to_the_question(ines: Client, as_admins: dict[str, Any]) -> None:
    response = submit_import(ines, many(3), **as_admins)

    batch = Batch.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, confirm_url(batch))
    words = words_of(ines.get(confirm_url(batch)))
    for sentence in (TITLE, "Nobody has been invited yet.", ABLE, "team.csv", "Org Admin", "All sites"):
        assert sentence in words
    for button in ("Back", "Cancel import", "Invite 3 people"):
        assert button in words
    assert not Invitation.objects.exists()


def test_the_dialog_turns_into_the_question(dialog: Client, as_admins: dict[str, Any]) -> None:
    response = submit_import(dialog, many(3), **as_admins)

    assert TITLE in words_of(response)
    assert "<html" not in text(response)
    assert "shell:changed" in triggers(response)


def test_a_file_for_others_goes_straight_on(ines: Client, grant: dict[str, Any]) -> None:
    response = submit_import(ines, many(3), **grant)

    batch = Batch.objects.get()
    assert (batch.state, response.headers["Location"]) == (State.INVITING, url_of(batch))
    assert "needs your confirmation" not in words_of(ines.get(reverse("imports:batches", args=["acme"])))


def test_one_person_is_asked_about_in_the_singular(ines: Client, as_admins: dict[str, Any]) -> None:
    submit_import(ines, csv_of("ann@example.com"), **as_admins)

    words = words_of(ines.get(confirm_url(Batch.objects.get())))
    assert "Invite 1 person who can invite and manage users?" in words
    assert "Invite 1 person" in words


def test_confirming_invites_everyone(ines: Client, unconfirmed: Batch, work: Callable[[Batch], Batch]) -> None:
    response = press(ines, unconfirmed)

    assert (response.status_code, response.headers["Location"]) == (302, url_of(unconfirmed))
    unconfirmed.refresh_from_db()
    assert unconfirmed.state == State.INVITING
    work(unconfirmed)
    assert (summary_of(unconfirmed).invited, len(mail.outbox)) == (3, 3)


def test_the_dialog_continues_with_the_progress(dialog: Client, as_admins: dict[str, Any]) -> None:
    submit_import(dialog, many(3), **as_admins)
    batch = Batch.objects.get()

    response = press(dialog, batch)

    assert "Inviting from team.csv" in words_of(response)
    assert url_of(batch, "shell:batch_dialog_events") in text(response)
    assert "shell:changed" in triggers(response)


def test_another_question_than_the_current_one_is_asked_again(ines: Client, unconfirmed: Batch) -> None:
    wrong = {
        "count": ("2", "x", "", "9" * 30),
        "powers": ("users.invite",),
        "asked_at": ("yesterday", "2026-99-99T00:00:00"),
    }
    for changed in [{name: value} for name, values in wrong.items() for value in values]:
        response = press(ines, unconfirmed, **changed)

        assert response.status_code == 422, changed
        words = words_of(response)
        assert "The people or their access have changed. Review them before you confirm." in words, changed
        assert TITLE in words, changed
        assert not BatchChunk.objects.exists(), changed
    assert press(ines, unconfirmed).status_code == 302


def test_over_the_quota_the_page_says_why(ines: Client, unconfirmed: Batch, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 2

    response = press(ines, unconfirmed)

    assert response.status_code == 422
    assert "Acme can invite 2 people a day." in words_of(response)
    unconfirmed.refresh_from_db()
    assert unconfirmed.state == State.NEEDS_CONFIRMATION


def test_a_second_click_shows_the_progress(ines: Client, unconfirmed: Batch) -> None:
    fields = fields_of(ines.get(confirm_url(unconfirmed)))
    first = ines.post(confirm_url(unconfirmed), fields)

    second = ines.post(confirm_url(unconfirmed), fields)

    assert first.headers["Location"] == second.headers["Location"] == url_of(unconfirmed)
    assert "Inviting from" in words_of(ines.post(confirm_url(unconfirmed), fields, headers=HTMX))
    assert BatchChunk.objects.count() == 1


def test_an_import_that_does_not_wait_has_no_question(ines: Client, grant: dict[str, Any]) -> None:
    submit_import(ines, many(1), **grant)
    batch = Batch.objects.get()

    assert ines.get(confirm_url(batch)).headers["Location"] == url_of(batch)


# --- Left alone ------------------------------------------------------------------------------------------


def test_every_page_has_a_banner_and_imports_a_pill(ines: Client, unconfirmed: Batch) -> None:
    page = ines.get(reverse("directory:users", args=["acme"]))

    assert "team.csv needs your confirmation. Nobody has been invited yet. Review" in words_of(page)
    assert f'href="{confirm_url(unconfirmed)}"' in text(page)
    imports = ines.get(reverse("imports:batches", args=["acme"]))
    assert "Needs confirmation" in words_of(imports)
    assert f'class="rc-name" href="{confirm_url(unconfirmed)}"' in text(imports)
    assert "needs your confirmation" not in words_of(ines.get(confirm_url(unconfirmed)))


def test_the_page_of_the_import_leads_to_the_question(ines: Client, unconfirmed: Batch) -> None:
    page = ines.get(url_of(unconfirmed))

    words = words_of(page)
    assert "Checked 3 rows, no problems" in words
    assert f"{ABLE} Someone has to confirm before 3 people are invited. Nobody has been invited yet." in words
    assert f'href="{confirm_url(unconfirmed)}"' in text(page)


def test_the_dialog_of_the_import_turns_into_the_question(dialog: Client, unconfirmed: Batch) -> None:
    """Also at the end of an event stream, which sends the same fragment."""
    html = text(dialog.get(url_of(unconfirmed, "imports:batch_dialog")))

    assert "team.csv needs your confirmation" in html
    assert f'hx-get="{confirm_url(unconfirmed)}"\n  hx-trigger="load"' in html


def test_only_admins_who_can_grant_the_access_may_confirm(
    client_of: ClientOf, unconfirmed: Batch, lesser: Membership, colleague: Membership
) -> None:
    theirs = client_of(lesser.user)
    page = theirs.get(confirm_url(unconfirmed))
    assert "You can’t change this import because it grants access you don’t have: Org Admin." in words_of(page)
    assert 'name="do"' not in text(page)
    assert url_of(unconfirmed, "imports:batch_stop") not in text(page)
    assert theirs.post(confirm_url(unconfirmed), {"do": "invite"}).status_code == 403
    assert "hx-trigger" not in text(theirs.get(url_of(unconfirmed, "imports:batch_dialog"), headers=HTMX))

    assert press(client_of(colleague.user), unconfirmed).status_code == 302
    assert Batch.objects.get().inviter == colleague.user


# --- Instead of confirming -------------------------------------------------------------------------------


def test_cancelling_asks_first_and_invites_nobody(ines: Client, unconfirmed: Batch) -> None:
    stop = url_of(unconfirmed, "imports:batch_stop")
    words = words_of(ines.get(stop))
    for sentence in (
        "Cancel this import?",
        "Nobody has been invited yet, and nobody will be.",
        "Keep it",
        "Cancel import",
    ):
        assert sentence in words

    ines.post(stop)

    unconfirmed.refresh_from_db()
    assert (unconfirmed.state, Invitation.objects.count()) == (State.STOPPED, 0)
    assert "Stopped. Nobody was invited to Acme" in words_of(ines.get(reverse("directory:users", args=["acme"])))


def test_back_leads_to_the_dialog_with_the_same_access(ines: Client, unconfirmed: Batch, as_admins: Any) -> None:
    again = f"{reverse('imports:import', args=['acme'])}?again={unconfirmed.pk}"
    assert f'href="{again}"' in text(ines.get(confirm_url(unconfirmed)))
    assert fields_of(ines.get(again))["roles"] == [str(as_admins["roles"][0])]
    assert Batch.objects.get().state == State.NEEDS_CONFIRMATION


def test_another_file_replaces_the_one_that_waits(
    ines: Client, unconfirmed: Batch, grant: dict[str, Any], as_admins: dict[str, Any]
) -> None:
    submit_import(ines, csv_of("ann@example.com"), query=f"?again={unconfirmed.pk}", **grant)

    unconfirmed.refresh_from_db()
    assert unconfirmed.state == State.STOPPED
    assert "team.csv needs your confirmation" not in words_of(ines.get(reverse("directory:users", args=["acme"])))
    assert "Stopped" not in words_of(ines.get(reverse("directory:users", args=["acme"])))


# --- From the rows with problems -------------------------------------------------------------------------


@pytest.fixture
def with_problems(ines: Client, as_admins: dict[str, Any]) -> Batch:
    submit_import(ines, PROBLEMS, **as_admins)
    return Batch.objects.get()


@pytest.mark.parametrize("place", ["grid", "page", "dialog"])
def test_inviting_the_valid_rows_asks_first(ines: Client, with_problems: Batch, place: str) -> None:
    if place == "grid":
        response = ines.post(url_of(with_problems, "imports:batch_problems"), {"do": "others"})
    else:
        headers = HTMX if place == "dialog" else {}
        response = ines.post(url_of(with_problems, "imports:batch_invite_valid"), headers=headers)

    if place == "dialog":
        assert "Invite 2 people who can invite and manage users?" in words_of(response)
    else:
        assert response.headers["Location"] == confirm_url(with_problems)
    page = words_of(ines.get(confirm_url(with_problems)))
    assert "2 rows with problems won’t be invited." in page
    assert not Invitation.objects.exists()


def test_the_grid_leads_to_the_question_from_its_script(ines: Client, with_problems: Batch) -> None:
    response = ines.post(url_of(with_problems, "imports:batch_problems"), {"do": "others"}, headers=HTMX)

    assert response.headers["HX-Redirect"] == confirm_url(with_problems)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "in the dialog"])
def test_back_leads_to_the_rows(ines: Client, with_problems: Batch, headers: dict[str, str]) -> None:
    ines.post(url_of(with_problems, "imports:batch_invite_valid"))

    response = ines.post(confirm_url(with_problems), {"do": "back"}, headers=headers)

    assert url_of(with_problems, "imports:batch_problems") in (
        response.headers.get("HX-Redirect"),
        response.headers.get("Location"),
    )
    with_problems.refresh_from_db()
    assert with_problems.state == State.NEEDS_CORRECTION


def test_likely_mistakes_are_named_before_the_invitation(ines: Client, as_admins: dict[str, Any]) -> None:
    submit_import(ines, csv_of("ann@gmial.com", "ben@example.com"), **as_admins)
    batch = Batch.objects.get()

    assert "1 cell may have a mistake." in words_of(ines.get(confirm_url(batch)))
    assert "Everyone will be invited as written." in words_of(ines.get(url_of(batch)))


def test_pasted_people_are_confirmed_too(ines: Client, as_admins: dict[str, Any]) -> None:
    rows = "Email\tFirst name\tLast name\nann@example.com\tAnn\tLee\nbo@example.com\tBo\tFox"
    submit_import(ines, None, source="paste", pasted=rows, **as_admins)

    batch = Batch.objects.get()
    words = words_of(ines.get(confirm_url(batch)))
    assert "Invite 2 people who can invite and manage users?" in words
    assert "Pasted" in words
    press(ines, batch)
    batch.refresh_from_db()
    assert batch.state == State.INVITING

"""If you can't grant it, you can't touch it: every action on an import, by an admin who can grant less.

The import gives Org Admin. `lesser` may invite and see users, on all sites, and nothing else. An action or an address
that is new has to be entered here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import invites
from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, User
from accounts.organizations.access import views_of
from accounts.organizations.grants import AccessSelection
from config.urls import urlpatterns
from invites import tasks
from invites.checking import ReadingOptions
from invites.imports import (
    confirm,
    corrected_file,
    correction_jobs,
    corrections,
    declined,
    invite_waiting,
    not_people,
    reading,
    schedule,
    stop,
    undo,
    upload,
    use_corrected_file,
)
from invites.imports.corrections import Edit
from invites.invitations.change import change_invitation
from invites.invitations.invite import invite_person
from invites.models import AccessGrant, Batch, BatchChunk, BulkAction, CorrectionJob, Invitation, Row, UploadPart
from invites.reasons import as_reason
from tests.databases import undone
from tests.files import PROBLEMS, csv_of
from tests.modules import public_functions
from tests.pages import HTMX, submit_import, text, url_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
Work = Callable[[Batch], Batch]
Then = CorrectionJob.Then

CHANGE = "You can’t change this import because it grants access you don’t have: Org Admin."

# What each address of an import is for. `own` is for the person who started it, and only says that they have read it.
ADDRESSES = {
    "imports:batch": "see",
    "imports:batch_problems": "see, and act by POST",
    "imports:batch_problems_file": "act",
    "imports:batch_reading": "see, and act by POST",
    "imports:batch_delete": "act",
    "imports:batch_confirm": "see, and act by POST",
    "imports:batch_invite_valid": "act",
    "imports:batch_stop": "act",
    "imports:batch_resend": "act",
    "imports:batch_undo": "act",
    "imports:batch_schedule": "act",
    "imports:batch_send_now": "act",
    "imports:batch_invite_declined": "act",
    "imports:batch_reactivate": "see",
    "imports:batch_download": "act",
    "imports:batch_close_banner": "own",
    "imports:batch_dialog": "see",
    "shell:batch_dialog_events": "see",
    "imports:batch_progress": "see",
    "shell:batch_progress_events": "see",
}
PAGES = (("imports:batch_problems", "GET"), ("imports:batch_reading", "GET"), ("imports:batch_confirm", "GET"))
ACTING = [name for name, purpose in ADDRESSES.items() if "act" in purpose]

# The buttons of the grid, as it sends them.
BUTTONS = ["save", "take:3:0", "meant:3", "keep:3", "skip:3", "restore:3", "undo:3", "all:email_two_at", "check"]
BUTTONS += ["others", "whole"]

# Every service that is given an import and somebody who acts on it.
ACTIONS: dict[str, Callable[[Batch, Membership], object]] = {
    "confirm.cancel_unconfirmed": lambda batch, by: confirm.cancel_unconfirmed(batch, by=by),
    "confirm.confirm_access": lambda batch, by: confirm.confirm_access(batch, confirm.question_about(batch), by=by),
    "confirm.go_back_to_rows": lambda batch, by: confirm.go_back_to_rows(batch, by=by),
    "reading.answer": lambda batch, by: reading.answer(batch, ReadingOptions(), by=by),
    "reading.delete_undecided": lambda batch, by: reading.delete_undecided(batch, by=by),
    "upload.correct_batch": lambda batch, by: upload.correct_batch(
        batch, file_name="new.csv", content=[PROBLEMS], selection=nothing_much(by), by=by
    ),
    "upload.invite_valid_rows": lambda batch, by: upload.invite_valid_rows(batch, by=by),
    "correction_jobs.apply_to_all": lambda batch, by: correction_jobs.apply_to_all(batch, "email_two_at", by=by),
    "correction_jobs.use_all_suggestions": lambda batch, by: correction_jobs.use_all_suggestions(batch, by=by),
    "correction_jobs.check_all_again": lambda batch, by: correction_jobs.check_all_again(batch, by=by),
    "invite_waiting.invite_waiting": lambda batch, by: invite_waiting.invite_waiting(batch, by=by),
    "correction_jobs.stop_job": lambda batch, by: correction_jobs.stop_job(by, batch),
    "corrections.lock_batch": transaction.atomic(corrections.lock_batch),
    "corrections.edit_cells": lambda batch, by: corrections.edit_cells(batch, [stranger_in(3)], by=by),
    "corrections.apply_suggestion": lambda batch, by: corrections.apply_suggestion(batch, 3, 0, by=by),
    "corrections.use_intended_cell": lambda batch, by: corrections.use_intended_cell(batch, 3, 0, by=by),
    "corrections.keep_person": lambda batch, by: corrections.keep_person(batch, 3, 2, is_this=True, by=by),
    "corrections.keep_as_shown": lambda batch, by: corrections.keep_as_shown(batch, 3, by=by),
    "corrections.skip_row": lambda batch, by: corrections.skip_row(batch, 3, by=by),
    "corrections.restore_row": lambda batch, by: corrections.restore_row(batch, 3, by=by),
    "corrections.undo": lambda batch, by: corrections.undo(batch, 3, by=by),
    "declined.invite_declined": lambda batch, by: declined.invite_declined(by, batch),
    "not_people.import_anyway": lambda batch, by: not_people.import_anyway(batch, 3, by=by),
    "not_people.skip_again": lambda batch, by: not_people.skip_again(batch, 3, by=by),
    "schedule.reschedule_import": lambda batch, by: schedule.reschedule_import(
        by, batch, timezone.now() + timedelta(days=1)
    ),
    "schedule.send_import_now": lambda batch, by: schedule.send_import_now(by, batch),
    "stop.stop_import": lambda batch, by: stop.stop_import(by, batch),
    "undo.undo_import": lambda batch, by: undo.undo_import(by, batch),
}
# These are the rule, or are called by an action that has asked already.
INSIDE = {
    "activity.record_edit_of_all",
    "activity.record_edits",
    "authorization.check_can_change",
    "authorization.lock_to_change",
    "authorization.why_not_change",
    "confirm.ask_to_confirm",
    "confirm.start_inviting",
    "correction_jobs.go_on",
    "correction_jobs.start_job",
    # Closes nothing but the member's own banners.
    "stop.check_all_are_manageable",
}


def stranger_in(number: int) -> Edit:
    return Edit(number, 0, "stranger@evil.example.com", seen=0)


def nothing_much(by: Membership) -> AccessSelection:
    """The access that the lesser admin can grant."""
    return AccessSelection.of(by.organization.roles.filter(name="Inviter"), all_sites=True)


@pytest.fixture
def of_admins(acme: Organization) -> AccessSelection:
    return AccessSelection.of([acme.roles.get(name="Org Admin")], all_sites=True)


@pytest.fixture
def waiting(admin_membership: Membership, of_admins: AccessSelection) -> Batch:
    """An import of admins, two of whose rows have problems: 3 and 4."""
    batch = upload.start_batch(admin_membership, file_name="admins.csv", content=[PROBLEMS], selection=of_admins)
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CORRECTION
    return batch


@pytest.fixture
def invited(admin_membership: Membership, of_admins: AccessSelection, work: Work) -> Batch:
    """An import of admins that has ended."""
    file = [csv_of("ann@example.com", "ben@example.com")]
    batch = upload.start_batch(
        admin_membership, file_name="admins.csv", content=file, selection=of_admins, confirm_access=True
    )
    tasks.check_batch(batch.pk)
    return work(batch)


def everything() -> list[Any]:
    """Everything that an action on an import could change."""
    kept = (Batch, BulkAction, CorrectionJob, AccessGrant, Invitation, Row, BatchChunk, UploadPart)
    found = []
    with connection.cursor() as cursor:
        # Models would take ten times as long.
        for model in kept:
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY 1")
            found += cursor.fetchall()
    return found


# --- Nothing is forgotten ------------------------------------------------------------------------------


def found_actions(thing: str) -> Iterator[str]:
    """The services with a parameter for such an object and one for the member who acts."""
    for name, function in public_functions(invites):
        kinds = {str(each.annotation) for each in inspect.signature(function).parameters.values()}
        if {thing, "Membership"} <= kinds:
            yield name


def test_every_action_on_an_import_is_listed() -> None:
    assert set(found_actions("Batch")) == ACTIONS.keys() | INSIDE


def test_every_address_of_an_import_is_listed() -> None:
    found = {each.name for each in views_of(urlpatterns) if "batches/<int:pk>/" in each.route}
    assert found == set(ADDRESSES)


def test_no_view_loads_an_import_in_another_way() -> None:
    paths = [path for path in Path(invites.__path__[0]).rglob("*.py") if "views" in path.parts]
    found = {path.name: path.read_text().count("visible_batches(") for path in paths}
    # The two functions that find one. The list of all imports is in selectors/search.py.
    assert {name: count for name, count in found.items() if count} == {"lookup.py": 1}


# --- Each action ---------------------------------------------------------------------------------------


def answers(batch: Batch, by: Membership) -> dict[str, str]:
    """The code of the error of each service, which changes nothing."""
    found, before = {}, everything()
    for action, act in ACTIONS.items():
        found[action] = ""
        with undone():
            try:
                act(Batch.objects.get(pk=batch.pk), by)
            except ServiceError as error:
                found[action] = error.code
            assert everything() == before, action
    return found


def test_a_service_refuses_an_admin_who_cannot_grant_the_access_of_the_import(
    waiting: Batch, lesser: Membership
) -> None:
    assert answers(waiting, lesser) == dict.fromkeys(ACTIONS, "beyond_permissions")


def test_a_service_checks_the_current_permissions(waiting: Batch, admin_membership: Membership) -> None:
    assert admin_membership.permissions()
    Membership.objects.get(pk=admin_membership.pk).roles.set(Role.objects.filter(name="Project manager"))

    assert answers(waiting, admin_membership) == dict.fromkeys(ACTIONS, "not_allowed")


def test_a_service_refuses_an_admin_with_fewer_sites(waiting: Batch, limited: Membership) -> None:
    assert answers(waiting, limited) == dict.fromkeys(ACTIONS, "beyond_permissions")


def test_a_service_refuses_an_admin_of_another_organization(waiting: Batch, outsider: User) -> None:
    AccessGrant.objects.get(pk=waiting.grant_id).roles.clear()

    assert answers(waiting, outsider.memberships.get()) == dict.fromkeys(ACTIONS, "not_allowed")


@pytest.mark.parametrize("state", ["waiting", "invited"])
def test_a_page_refuses_an_admin_who_cannot_grant_the_access_of_the_import(
    request: pytest.FixtureRequest, client_of: ClientOf, lesser: Membership, state: str
) -> None:
    batch: Batch = request.getfixturevalue(state)
    client, before = client_of(lesser.user), everything()

    for name, method in set(product(ACTING, ("GET", "POST"))) - set(PAGES):
        answer = client.generic(method, url_of(batch, name))

        if answer.status_code != 405:
            assert answer.status_code == 403, (name, method)
            assert CHANGE in text(answer), (name, method)
            assert "Nothing was changed." in text(answer), (name, method)
        assert everything() == before, (name, method)


def test_the_grid_refuses_every_button(client_of: ClientOf, waiting: Batch, lesser: Membership) -> None:
    client, before = client_of(lesser.user), everything()

    for button in BUTTONS:
        typed = {"cell-3-0": "stranger@evil.example.com", "seen-3": "0", "do": button}
        answer = client.post(url_of(waiting, "imports:batch_problems"), typed, headers=HTMX)

        assert (answer.status_code, text(answer)) == (403, CHANGE), button
        assert answer.headers["Content-Type"].startswith("text/plain"), button
        assert everything() == before, button


@pytest.mark.parametrize(
    "name", ["imports:batch_problems", "imports:batch_invite_valid", "imports:batch_stop", "imports:batch_undo"]
)
def test_a_permission_lost_between_page_and_service_is_noticed(
    client_of: ClientOf, waiting: Batch, lesser: Membership, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invites.imports.views.lookup.check_can_change", lambda by, batch: by)
    before = everything()

    answer = client_of(lesser.user).post(url_of(waiting, name), {"do": "skip:3"})

    assert answer.status_code == 403
    assert CHANGE in text(answer)
    assert everything() == before


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_admin_with_less_access_cannot_replace_a_waiting_file(
    client_of: ClientOf, waiting: Batch, lesser: Membership, method: str
) -> None:
    client, before = client_of(lesser.user), everything()
    query = f"?correct={waiting.pk}"
    if method == "GET":
        answer = client.get(reverse("imports:import", args=["acme"]) + query)
    else:
        inviter = Role.objects.get(name="Inviter")
        answer = submit_import(client, csv_of("evil@example.com"), query=query, roles=[inviter.pk], sites=["all"])

    assert answer.status_code == 403
    assert CHANGE in text(answer)
    assert everything() == before


def test_an_admin_with_less_access_cannot_add_an_address_to_an_import_of_admins(
    client_of: ClientOf, ines: Client, waiting: Batch, lesser: Membership, work: Work
) -> None:
    """The attack: an address edited in the grid, which the admin then invites without another look."""
    form = {"cell-3-0": "stranger@evil.example.com", "seen-3": "0", "do": "save"}
    client_of(lesser.user).post(url_of(waiting, "imports:batch_problems"), form)
    ines.post(url_of(waiting, "imports:batch_problems"), {"do": "skip:4"})
    ines.post(url_of(waiting, "imports:batch_problems"), {"do": "others"})
    waiting.refresh_from_db()
    work(waiting)

    assert not Invitation.objects.filter(email__contains="stranger").exists()


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["a page", "in the dialog"])
def test_an_admin_who_can_grant_its_access_can_act_on_an_import_of_others(
    client_of: ClientOf, waiting: Batch, colleague: Membership, headers: dict[str, str]
) -> None:
    client_of(colleague.user).post(url_of(waiting, "imports:batch_problems"), {"do": "skip:3"}, headers=headers)

    assert waiting.rows.get(number=3).reason == Row.Reason.SKIPPED_BY_ADMIN


# --- What pages show -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["waiting", "invited"])
def test_the_page_of_an_import_says_why_it_has_no_buttons(
    request: pytest.FixtureRequest, client_of: ClientOf, ines: Client, lesser: Membership, state: str
) -> None:
    batch: Batch = request.getfixturevalue(state)
    mine, theirs = text(ines.get(url_of(batch))), text(client_of(lesser.user).get(url_of(batch)))

    assert CHANGE not in mine
    assert CHANGE in theirs
    assert ("Fix the rows" in mine, "Fix the rows" in theirs) == (state == "waiting", False)
    for name in ACTING:
        if name != "imports:batch_problems":
            assert f'href="{url_of(batch, name)}' not in theirs
            assert f'action="{url_of(batch, name)}' not in theirs
    assert any(f'"{url_of(batch, name)}' in mine for name in ("imports:batch_invite_valid", "imports:batch_undo"))


def test_the_dialog_of_a_running_import_has_no_stop_button_for_members_who_cannot_stop_it(
    client_of: ClientOf, ines: Client, waiting: Batch, lesser: Membership
) -> None:
    Batch.objects.filter(pk=waiting.pk).update(state=Batch.State.INVITING)

    assert url_of(waiting, "imports:batch_stop") in text(
        ines.get(url_of(waiting, "imports:batch_dialog"), headers=HTMX)
    )
    theirs = text(client_of(lesser.user).get(url_of(waiting, "imports:batch_dialog"), headers=HTMX))
    assert url_of(waiting, "imports:batch_stop") not in theirs
    assert CHANGE in theirs


def test_the_grid_is_read_only_for_members_who_cannot_change_the_import(
    client_of: ClientOf, waiting: Batch, lesser: Membership, colleague: Membership
) -> None:
    corrections.apply_suggestion(waiting, 3, 0, by=colleague)
    page = text(client_of(lesser.user).get(url_of(waiting, "imports:batch_problems")))

    assert CHANGE in page
    assert "ben@example.com" in page
    assert "Edited by <bdi>second@example.com</bdi>" in page
    for control in (
        "data-grid",
        'name="do"',
        "cell-4-2",
        "Upload a corrected file",
        url_of(waiting, "imports:batch_problems_file"),
    ):
        assert control not in page


def test_the_report_needs_the_permission_to_view_users(
    client_of: ClientOf, invited: Batch, admin_membership: Membership
) -> None:
    every = set(admin_membership.permissions())
    blind = Role.objects.create(
        organization=invited.organization, name="Blind", permissions=sorted(every - {"users.view"})
    )
    AccessGrant.objects.get(pk=invited.grant_id).roles.clear()
    admin_membership.roles.set([blind])
    client = client_of(admin_membership.user)

    assert client.get(url_of(invited, "imports:batch_download")).status_code == 403
    page = client.get(url_of(invited))
    assert page.status_code == 200
    assert url_of(invited, "imports:batch_download") not in text(page)
    assert url_of(invited, "imports:batch_undo") in text(page)


# --- What the import's own grant doesn't tell ------------------------------------------------------------


def test_an_import_with_an_invitation_that_grants_more_cannot_be_undone(
    admin_membership: Membership, lesser: Membership, of_admins: AccessSelection, work: Work
) -> None:
    file, selection = [csv_of("ann@example.com")], nothing_much(lesser)
    batch = upload.start_batch(lesser, file_name="team.csv", content=file, selection=selection, confirm_access=True)
    tasks.check_batch(batch.pk)
    work(batch)
    change_invitation(admin_membership, batch.invitations.get(), of_admins)

    with domain_error("beyond_permissions"):
        undo.undo_import(lesser, batch)

    assert batch.invitations.get().state == Invitation.State.PENDING
    assert undo.undo_import(admin_membership, batch) == 1


def test_an_import_does_not_replace_an_expired_invitation_that_grants_more(
    admin_membership: Membership, lesser: Membership, of_admins: AccessSelection, work: Work
) -> None:
    person = {"email": "ann@example.com", "first_name": "Ann", "last_name": "Lee", "description": ""}
    offered = invite_person(admin_membership, selection=of_admins, **person)
    Invitation.objects.filter(pk=offered.pk).update(expires_at=offered.created_at)

    file, selection = [csv_of("ann@example.com")], nothing_much(lesser)
    batch = upload.start_batch(lesser, file_name="team.csv", content=file, selection=selection, confirm_access=True)
    tasks.check_batch(batch.pk)
    work(batch)

    offered.refresh_from_db()
    assert offered.state == Invitation.State.PENDING
    assert batch.rows.get().reason == Row.Reason.ALREADY_INVITED


# --- Workers ask again ---------------------------------------------------------------------------------


def demote(by: Membership, acme: Organization) -> None:
    role, _ = Role.objects.get_or_create(
        organization=acme, name="Clerk", defaults={"permissions": ["users.view", "users.invite"]}
    )
    by.roles.set([role])


def test_a_worker_applies_nothing_after_the_permission_is_lost(
    acme: Organization, waiting: Batch, colleague: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 0)
    correction_jobs.apply_to_all(waiting, "email_two_at", by=colleague)
    demote(colleague, acme)

    tasks.check_batch(waiting.pk)

    waiting.refresh_from_db()
    assert waiting.state == Batch.State.NEEDS_CORRECTION
    assert waiting.notice[0] == as_reason("not_allowed")
    assert not waiting.rows.filter(edit__isnull=False).exists()


@pytest.mark.parametrize("when", ["before", "while the file is checked"])
def test_a_worker_does_not_use_a_corrected_file_after_the_permission_is_lost(
    acme: Organization, waiting: Batch, colleague: Membership, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    selection = AccessSelection.of(acme.roles.filter(name="Org Admin"), all_sites=True)
    file = csv_of("evil@example.com")
    upload.correct_batch(waiting, file_name="new.csv", content=[file], selection=selection, by=colleague)
    if when == "before":
        demote(colleague, acme)
    else:
        merge = corrected_file.merge_corrected

        def merge_slowly(*args: Any, **kwargs: Any) -> Any:
            demote(colleague, acme)
            return merge(*args, **kwargs)

        monkeypatch.setattr(use_corrected_file, "merge_corrected", merge_slowly)

    tasks.check_batch(waiting.pk)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.file_name) == (Batch.State.NEEDS_CORRECTION, "admins.csv")
    assert waiting.notice[:2] == [as_reason("file_not_used", file_name="new.csv"), as_reason("not_allowed")]
    assert not waiting.rows.filter(email="evil@example.com").exists()

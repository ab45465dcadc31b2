"""The pages of bulk actions: choose, review, start, results, undo."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Role, User
from invites.activity.wording import line_of
from invites.directory.bulk import start as starting
from invites.directory.bulk import undo_plan, work
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.start import start_undo
from invites.models import BulkAction, Invitation
from tests.invites.directory.bulk.conftest import People
from tests.invites.directory.bulk.helpers import (
    HTMX,
    SELECTED,
    USERS,
    finish,
    review,
    roles_change,
    sites_change,
    start_for,
    submit,
)
from tests.pages import downloaded, text_of

ClientOf = Callable[[User | None], Client]


@pytest.fixture
def add_auditor(people: People) -> dict[str, Any]:
    return {"action": "roles", "mode": "add", "roles": [people.roles["Auditor"].pk]}


def keys_of(*found: Membership | Invitation) -> list[str]:
    return [f"{'m' if isinstance(each, Membership) else 'i'}{each.pk}" for each in found]


# --- Choose and review ------------------------------------------------------------------------------


def test_only_what_the_admin_may_grant_is_offered(client_of: ClientOf, people: People, limited: Membership) -> None:
    sites = client_of(limited.user).post(SELECTED, {"action": "sites", "all": "1"}, headers=HTMX).content.decode()

    assert "Change sites for 14 users" in text_of(sites)
    assert "Lyon depot" in sites
    assert "Turin" not in sites
    assert "All sites" not in sites


def test_a_role_must_be_chosen(ines: Client, people: People) -> None:
    answer = ines.post(SELECTED, {"action": "roles", "all": "1", "mode": "add", "step": "review"}, headers=HTMX)

    assert answer.status_code == 422
    assert "Choose at least one role." in text_of(answer.content.decode())


def test_all_sites_cannot_be_removed(ines: Client, people: People) -> None:
    form = {"action": "sites", "all": "1", "mode": "remove", "sites": "all", "step": "review"}

    assert "Choose the sites to remove." in text_of(ines.post(SELECTED, form, headers=HTMX).content.decode())


def test_the_review_adds_up(ines: Client, people: People, add_auditor: dict[str, Any]) -> None:
    page = text_of(review(ines, add_auditor | {"all": "1"}))

    assert "Add Auditor to 8 users?" in page
    assert "Auditor allows: See users, Export data. Other roles and sites stay as they are." in page
    assert (
        "Auditor is added 8 active users, right away 5 pending invitations, when they accept 2 "
        "expired invitations, if you resend them 1 No change · already have Auditor 4 "
        "Skipped · declined the invitation 1 Selected 13"
    ) in page
    assert "No email is sent. You can undo this from the results." in page


def test_one_user_is_named(ines: Client, people: People, add_auditor: dict[str, Any]) -> None:
    reader = people.member("reader@example.com")

    assert "Add Auditor to Gustav Berg?" in text_of(review(ines, add_auditor | {"selected": keys_of(reader)}))


def test_nothing_to_change(ines: Client, people: People, add_auditor: dict[str, Any]) -> None:
    auditor = people.member("auditor@example.com")

    dialog = review(ines, add_auditor | {"selected": keys_of(auditor)})

    assert "Nothing to change No change for 1 user: already have Auditor." in text_of(dialog)
    assert 'value="start"' not in dialog


def test_more_power_is_a_warning(ines: Client, people: People) -> None:
    form = {"action": "roles", "mode": "add", "roles": [people.roles["Clerk"].pk], "all": "1"}

    assert "These 12 users will be able to invite and manage users." in text_of(review(ines, form))


@pytest.mark.parametrize("action", ["revoke", "deactivate", "remove"])
def test_what_takes_something_away_is_red(ines: Client, people: People, action: str) -> None:
    dialog = review(ines, {"action": action, "all": "1"})

    assert "rc-danger-filled" in dialog
    assert ("You can’t undo this." in text_of(dialog)) == (action != "deactivate")


def test_different_numbers_are_shown_before_anything_is_done(
    ines: Client, people: People, add_auditor: dict[str, Any]
) -> None:
    form = add_auditor | {"all": "1"}
    found = re.search(r'name="seen" value="([^"]*)"', review(ines, form))
    assert found is not None
    people.member("reader@example.com").roles.add(people.roles["Auditor"])

    again = ines.post(SELECTED, form | {"step": "start", "seen": found[1]}, headers=HTMX)

    assert "The numbers have changed since you looked." in text_of(again.content.decode())
    assert "Add Auditor to 7 users?" in text_of(again.content.decode())
    assert not BulkAction.objects.exists()


def test_as_many_other_people_are_reviewed_again(ines: Client, people: People) -> None:
    form, deactivated = {"action": "remove", "all": "1"}, f"{SELECTED}?status=deactivated"
    one, other = people.member("reader@example.com"), people.member("bare@example.com")
    Membership.objects.filter(pk=one.pk).update(deactivated_at=timezone.now())
    found = re.search(r'name="seen" value="([^"]*)"', review(ines, form, deactivated))
    assert found is not None
    Membership.objects.filter(pk=one.pk).update(deactivated_at=None)
    Membership.objects.filter(pk=other.pk).update(deactivated_at=timezone.now())

    again = ines.post(deactivated, form | {"step": "start", "seen": found[1]}, headers=HTMX)

    assert "The numbers have changed since you looked." in text_of(again.content.decode())
    assert not BulkAction.objects.exists()


def test_sites_must_be_chosen_even_if_there_are_none(ines: Client, people: People, acme: Organization) -> None:
    form = {"action": "sites", "all": "1", "mode": "add", "step": "review"}

    assert "Choose at least one site" in text_of(ines.post(SELECTED, form, headers=HTMX).content.decode())


def test_back_keeps_what_was_chosen(ines: Client, people: People, add_auditor: dict[str, Any]) -> None:
    form = add_auditor | {"mode": "replace", "all": "1", "step": "choose"}

    dialog = ines.post(SELECTED, form, headers=HTMX).content.decode()

    assert re.search(r'value="replace"\s+checked', dialog)
    assert re.search(rf'name="roles"\s+value="{people.roles["Auditor"].pk}"[^>]*\bchecked', dialog)


def test_members_without_a_permission_for_it_are_refused(client_of: ClientOf, people: People, member: User) -> None:
    assert client_of(member).post(SELECTED, {"action": "deactivate", "all": "1"}).status_code == 403


def test_an_inviter_cannot_deactivate(client_of: ClientOf, people: People, lesser: Membership) -> None:
    answer = client_of(lesser.user).post(SELECTED, {"action": "deactivate", "all": "1", "step": "start"}, headers=HTMX)

    assert (answer.status_code, answer.content.decode()) == (403, "You don’t have permission to manage users.")


def test_without_javascript_a_page_selects_everybody(ines: Client, people: People) -> None:
    answer = ines.post(f"{SELECTED}?q=example", {"action": "all"})

    assert answer.headers["Location"] == f"{USERS}?q=example&select=all"
    page = ines.get(answer.headers["Location"]).content.decode()
    assert 'name="all" value="1"' in page
    assert "All 13 that match are selected" in text_of(page)


# --- Results ----------------------------------------------------------------------------------------


def test_the_result_is_in_the_banner_and_on_a_page(ines: Client, people: People, add_auditor: dict[str, Any]) -> None:
    submit(ines, add_auditor | {"all": "1"})

    action = BulkAction.objects.get()
    banner = text_of(ines.get(USERS).content.decode())
    told = "4 already had it. 1 was skipped because they declined the invitation. See the results"
    assert f"Auditor was added to 8 users. {told}" in banner
    results = f"{SELECTED}{action.pk}/results/"
    page = ines.get(results).content.decode()
    assert "Gustav Berg reader@example.com Changed Auditor and ReadOnly Before: ReadOnly" in text_of(page)
    assert f"{SELECTED}{action.pk}/undo/" in page
    some = text_of(ines.get(f"{results}?outcome=declined").content.decode())
    assert "no@people.example.com" in some
    assert "reader@example.com" not in some


def test_the_results_are_a_csv_file(ines: Client, people: People) -> None:
    action = finish(start_for(people.by, sites_change("add", people.sites[2]), members=people.members))

    lines = downloaded(ines.get(f"{SELECTED}{action.pk}/results.csv")).splitlines()
    entry = ActivityEntry.objects.get(action="users_exported")
    assert (entry.affected_count, entry.details["values"]["bulk_action"]) == (action.done, action.pk)

    header = "Name,Email,Outcome,Before,After,Formulas start with an apostrophe"
    assert lines[0].removeprefix("\ufeff") == header
    assert any(
        line.startswith("Gustav Berg,reader@example.com,Changed,Lyon depot,Lyon depot and Turin") for line in lines
    )
    assert len(lines) == 1 + len(people.members)


def test_a_large_action_shows_how_far_it_is(
    ines: Client, people: People, add_auditor: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "IN_REQUEST", 2)
    submit(ines, add_auditor | {"all": "1"})

    assert "Adding Auditor to 8 users. 0 done. Show progress" in text_of(ines.get(USERS).content.decode())
    assert "No results yet." in text_of(ines.get(f"{SELECTED}{BulkAction.objects.get().pk}/results/").content.decode())


def test_the_page_undoes_it_once(ines: Client, people: People) -> None:
    action = finish(start_for(people.by, roles_change("add", people.roles["Auditor"]), members=people.members))
    undo = f"{SELECTED}{action.pk}/undo/"
    assert "Undo the change for 5 users?" in text_of(ines.get(undo, headers=HTMX).content.decode())

    assert ines.post(undo, headers=HTMX).status_code == 204

    assert set(people.member("reader@example.com").roles.values_list("name", flat=True)) == {"ReadOnly"}
    assert "The change was undone for 5 users." in text_of(ines.get(USERS).content.decode())
    assert "can’t be undone anymore" in text_of(ines.post(undo, headers=HTMX).content.decode())
    assert undo not in ines.get(f"{SELECTED}{action.pk}/results/").content.decode()


def test_the_undo_says_whom_it_skips_and_why(ines: Client, people: People) -> None:
    action = finish(start_for(people.by, roles_change("add", people.roles["Auditor"]), members=people.members))
    undo = f"{SELECTED}{action.pk}/undo/"
    people.member("reader@example.com").roles.clear()
    people.member("everywhere@example.com").delete()

    asked = text_of(ines.get(undo, headers=HTMX).content.decode())
    assert "Undo the change for 3 users?" in asked
    assert "Undone 3" in asked
    assert "Skipped · have changed since then 1" in asked
    assert "Skipped · no longer in the list 1" in asked

    undone = finish(start_undo(people.by, action))
    assert undone.counts == {"changed": 3, "changed_since": 1, "gone": 1}, "As the dialog said"


def test_an_undo_that_would_change_nobody_is_not_offered(ines: Client, people: People) -> None:
    reader = people.member("reader@example.com")
    action = finish(start_for(people.by, roles_change("add", people.roles["Auditor"]), members=[reader]))
    reader.roles.clear()

    asked = ines.get(f"{SELECTED}{action.pk}/undo/", headers=HTMX).content.decode()
    assert "Nothing to undo" in text_of(asked)
    assert 'type="submit"' not in asked


def test_the_undo_of_very_many_is_asked_without_numbers(
    ines: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = finish(start_for(people.by, roles_change("add", people.roles["Auditor"]), members=people.members))
    monkeypatch.setattr(undo_plan, "MOST", 4)

    asked = text_of(ines.get(f"{SELECTED}{action.pk}/undo/", headers=HTMX).content.decode())
    assert "Undo the change for 5 users?" in asked
    assert "Users who have changed since then are skipped." in asked


def test_results_name_the_starter_to_everyone_else(
    ines: Client, client_of: ClientOf, people: People, limited: Membership
) -> None:
    boss = people.member("colleague@example.com")
    action = finish(start_for(limited, BulkChange(Kind.DEACTIVATE), members=[boss, limited]))
    results = f"{SELECTED}{action.pk}/results/"

    own, others = (text_of(client.get(results).content.decode()) for client in (client_of(limited.user), ines))

    name = limited.get_full_name()
    assert "1 was skipped because they have access you don’t have." in own
    assert "You were skipped" in own
    assert f"1 was skipped because they have access {name} doesn’t have." in others
    assert f"{name} was skipped because they would lose their own permissions." in others


def test_a_large_action_is_in_the_log_when_it_starts(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "IN_REQUEST", 2)
    action = start_for(people.by, roles_change("add", people.roles["Auditor"]), members=people.members)

    started = ActivityEntry.objects.get(affected="users")
    assert (started.action, started.affected_count) == ("started_many", len(people.members))
    assert line_of(started, "acme").affected.url == f"{SELECTED}{action.pk}/results/"
    finish(action)
    assert ActivityEntry.objects.filter(affected="users").count() == 2


def test_activity_has_one_entry_that_leads_to_the_results(
    acme: Organization, people: People, add_auditor: dict[str, Any], ines: Client
) -> None:
    submit(ines, add_auditor | {"all": "1"})
    action = BulkAction.objects.get()
    start_undo(people.by, action)
    finish(BulkAction.objects.latest("pk"))

    done, undone = ActivityEntry.objects.filter(affected="users").order_by("pk")

    line = line_of(done, "acme")
    assert (line.what.title, line.what.text) == ("Changed roles", "Added Auditor, 1 skipped")
    assert (line.affected.title, line.affected.url) == ("8 users", f"{SELECTED}{action.pk}/results/")
    assert (done.channel, done.actor_email) == ("page", "admin@example.com")
    assert line_of(undone, "acme").what.title == "Undid a change to users"


def test_who_lost_see_users_sees_no_members_in_old_results(
    client_of: ClientOf, people: People, acme: Organization, join: Callable[..., User]
) -> None:
    role = Role.objects.create(
        organization=acme, name="Lead", permissions=["users.view", "users.manage", "users.invite"]
    )
    lead = join(acme, "lead@example.com", "Lead", "ReadOnly").memberships.get()
    reader, new = people.member("reader@example.com"), Invitation.objects.get(email="new@people.example.com")
    action = finish(
        start_for(lead, roles_change("remove", people.roles["ReadOnly"]), members=[reader], invitations=[new])
    )
    results = f"{SELECTED}{action.pk}/results/"
    before = client_of(lead.user).get(results).content.decode()
    assert "reader@example.com" in before
    assert "Download CSV" not in before
    assert client_of(lead.user).get(f"{SELECTED}{action.pk}/results.csv").status_code == 403

    Role.objects.filter(pk=role.pk).update(permissions=["users.manage", "users.invite"])
    after = client_of(lead.user).get(results).content.decode()

    assert "reader@example.com" not in after
    assert "new@people.example.com" not in after


def test_a_manager_who_cannot_invite_sees_progress_and_result(
    client_of: ClientOf, people: People, acme: Organization, join: Callable[..., User]
) -> None:
    Role.objects.create(organization=acme, name="Manager", permissions=["users.view", "users.manage"])
    manages = join(acme, "manages@example.com", "Manager", "ReadOnly").memberships.get()
    action = start_for(manages, BulkChange(Kind.DEACTIVATE), members=[people.member("reader@example.com")])
    client = client_of(manages.user)

    page = client.get(USERS).content.decode()
    assert "Deactivating 1 user. 0 done." in text_of(page)
    assert "Resend" not in text_of(page)
    assert client.get(f"{SELECTED}{action.pk}/", headers=HTMX).status_code == 200
    assert client.get("/o/acme/indicator/").status_code == 200

    finish(action)
    assert "1 user was deactivated." in text_of(client.get(USERS).content.decode())

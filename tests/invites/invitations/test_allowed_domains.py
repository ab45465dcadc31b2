"""Email domains: their settings, and what an organization with them invites."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.activity.actions import Action
from accounts.activity.log import ORGANIZATION, Change, record
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from invites.activity.wording import facts_of
from invites.imports.corrections import Edit, edit_cells
from invites.imports.selectors.summary import summary_of
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.allowed_domains import change_allowed_domains
from invites.invitations.invite import invite_person
from invites.models import Batch, FailureReason, Invitation, Row
from tests.files import csv_of
from tests.invites.imports.grid import grid_url
from tests.pages import words_of
from tests.rules import domain_error

Run = Callable[..., Batch]
ClientOf = Callable[[User | None], Client]
SETTINGS = "/o/acme/settings/email-domains/"
REJECTED, WARNED = Organization.OtherDomains.REJECTED, Organization.OtherDomains.WARNED
ANN, EVE = "ann@acme.example.com,Ann,Ek,", "eve@gmail.com,Eve,Moe,"


@pytest.fixture
def restrict(admin_membership: Membership) -> Callable[..., None]:
    """Sets the domains of Acme to acme.example.com."""

    def restrict(other_domains: str = REJECTED) -> None:
        change_allowed_domains(admin_membership, ["acme.example.com"], other_domains)

    return restrict


# --- Settings --------------------------------------------------------------------------------------------


def test_domains_are_saved_in_their_normal_form_once(ines: Client, acme: Organization) -> None:
    sent = {"domains": " Acme.example.com, @BÜRO.example.com\r\nacme.example.com;", "other_domains": "warned"}

    answer = ines.post(SETTINGS, sent, follow=True)

    assert "Email domains saved. Invitations already sent don’t change." in words_of(answer)
    acme.refresh_from_db()
    assert (acme.email_domains, acme.other_domains) == (["acme.example.com", "büro.example.com"], "warned")
    entry = ActivityEntry.objects.get(action="settings_changed")
    assert entry.details == {
        "added": {"domains": ["acme.example.com", "büro.example.com"]},
        "before": {"other_domains": "rejected"},
        "after": {"other_domains": "warned"},
    }
    page = words_of(ines.get(reverse("activity:activity", args=["acme"])))
    assert "Added acme.example.com and büro.example.com" in page
    assert "Other addresses: Can be invited after a warning" in page


def test_another_member_cannot_change_them(
    acme: Organization, join: Callable[..., User], admin_membership: Membership
) -> None:
    member = join(acme, "mara@example.com", "ReadOnly").memberships.get()

    with domain_error("not_allowed"):
        change_allowed_domains(member, ["evil.example.com"], REJECTED)


def test_a_value_that_is_called_like_a_setting_stays_itself(acme: Organization, admin_membership: Membership) -> None:
    change = Change(before={"last_name": "Ek"}, after={"last_name": "warned"})
    with transaction.atomic():
        record(acme.pk, Action.USER_CHANGED, ORGANIZATION, by=admin_membership, change=change)

    assert facts_of(ActivityEntry.objects.get(action="user_changed")) == ["Last name: warned"]


def test_saving_the_same_again_is_no_entry(ines: Client, restrict: Callable[..., None]) -> None:
    restrict()

    ines.post(SETTINGS, {"domains": "acme.example.com", "other_domains": "rejected"})

    assert ActivityEntry.objects.filter(action="settings_changed").count() == 1


@pytest.mark.parametrize(
    ("domains", "message"),
    [
        ("acme.example.com\n*.acme", "“*.acme” isn’t a domain. Enter domains such as company.com."),
        ("ann@company.com", "“ann@company.com” isn’t a domain."),
        ("\n".join(f"d{number}.com" for number in range(101)), "You entered 101 domains. Enter 100 or fewer."),
    ],
)
def test_a_wrong_domain_is_explained_and_nothing_is_lost(
    ines: Client, acme: Organization, domains: str, message: str
) -> None:
    answer = ines.post(SETTINGS, {"domains": domains, "other_domains": "rejected"})

    assert answer.status_code == 422
    assert message in words_of(answer)
    assert domains.splitlines()[0] in words_of(answer)
    acme.refresh_from_db()
    assert acme.email_domains == []


# --- One person ------------------------------------------------------------------------------------------


@pytest.fixture
def filled(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    roles = [Role.objects.get(organization=acme, name="ReadOnly").pk]
    return {"email": "eve@gmail.com", "first_name": "Eve", "last_name": "Moe", "roles": roles, "sites": [sites[0].pk]}


def test_a_person_with_another_domain_is_rejected(
    ines: Client, filled: dict[str, Any], restrict: Callable[..., None]
) -> None:
    restrict()

    answer = ines.post("/o/acme/invite/", filled)

    assert "Your organization doesn’t invite addresses at gmail.com" in words_of(answer)
    assert not Invitation.objects.exists()


def test_the_service_rejects_them_too(
    admin_membership: Membership, read_only: AccessSelection, restrict: Callable[..., None]
) -> None:
    restrict()

    with domain_error("bad_cell"):
        invite_person(admin_membership, selection=read_only, email="eve@gmail.com", first_name="Eve", last_name="Moe")


def test_with_a_warning_they_are_asked_about_once(
    ines: Client, filled: dict[str, Any], restrict: Callable[..., None]
) -> None:
    restrict(WARNED)

    answer = ines.post("/o/acme/invite/", filled)

    assert "gmail.com isn’t one of your organization’s email domains." in words_of(answer)
    assert not Invitation.objects.exists()

    ines.post("/o/acme/invite/", {**filled, "as_typed": "eve@gmail.com"})

    assert Invitation.objects.get().email == "eve@gmail.com"


def test_an_address_that_the_browser_calls_shown_is_compared_too(
    ines: Client, filled: dict[str, Any], restrict: Callable[..., None]
) -> None:
    ines.post("/o/acme/invite/", {**filled, "email": "ann@acme.example.com"})
    invitation = Invitation.objects.get()
    restrict()
    edit = reverse("directory:invitation_edit", args=["acme", invitation.pk])

    ines.post(edit, {**filled, "email": "eve@GMAIL.com", "shown_email": "eve@GMAIL.com"})

    invitation.refresh_from_db()
    assert invitation.email == "ann@acme.example.com"


# --- Imports ---------------------------------------------------------------------------------------------


def test_rows_with_other_domains_are_problems_that_can_be_corrected(
    start: Run, work: Run, restrict: Callable[..., None], admin_membership: Membership
) -> None:
    restrict()
    batch = start(csv_of(ANN, EVE))

    assert batch.state == Batch.State.NEEDS_CORRECTION
    still_wrong = edit_cells(batch, [Edit(3, 0, "eve@yahoo.com", seen=0)], by=admin_membership)
    assert still_wrong.changed == {3}
    assert batch.rows.get(number=3).outcome == Row.Outcome.PROBLEM
    edit_cells(batch, [Edit(3, 0, "eve@acme.example.com", seen=1)], by=admin_membership)
    assert batch.rows.get(number=3).outcome == Row.Outcome.WAITING


def test_a_typo_of_an_allowed_domain_has_a_suggestion(start: Run, admin_membership: Membership) -> None:
    change_allowed_domains(admin_membership, ["northwind.example.com"], REJECTED)
    people = [f"p{number}@northwind.example.com,Ann,Ek," for number in range(20)]

    batch = start(csv_of(*people, "eve@nortwind.example.com,Eve,Moe,"))

    (problem,) = batch.rows.get(outcome=Row.Outcome.PROBLEM).problems
    assert (problem["code"], problem["suggestion"]) == ("email_domain_not_allowed", "eve@northwind.example.com")


def test_with_a_warning_the_import_waits_and_can_go_on(
    ines: Client, start: Run, work: Run, restrict: Callable[..., None]
) -> None:
    restrict(WARNED)
    batch = start(csv_of(ANN, EVE))

    assert batch.state == Batch.State.NEEDS_CORRECTION
    page = words_of(ines.get(grid_url(batch)))
    assert "eve@gmail.com This isn’t one of your organization’s email domains." in page
    ines.post(grid_url(batch), {"do": "whole"})
    assert work(batch).state == Batch.State.DONE
    assert set(Invitation.objects.values_list("email", flat=True)) == {"ann@acme.example.com", "eve@gmail.com"}


def test_pasted_rows_are_compared_at_once(ines: Client, restrict: Callable[..., None]) -> None:
    restrict()

    answer = ines.post(
        reverse("imports:understand_pasted", args=["acme"]), {"pasted": "ann@acme.example.com\neve@gmail.com"}
    )

    assert "Your organization doesn’t invite addresses at gmail.com" in words_of(answer)


@pytest.mark.servers
def test_domains_that_are_restricted_after_the_check_hold(start: Run, work: Run, restrict: Callable[..., None]) -> None:
    batch = start(csv_of(ANN, EVE))
    restrict()

    work(batch)

    assert [each.email for each in Invitation.objects.all()] == ["ann@acme.example.com"]
    failed = batch.rows.get(number=3)
    assert (failed.outcome, failed.detail) == (Row.Outcome.FAILED, FailureReason.DOMAIN_NOT_ALLOWED)
    found = summary_of(Batch.objects.get(pk=batch.pk))
    assert (found.invited, found.failed) == (1, 1)


def test_who_was_invited_may_still_join(
    start: Run, work: Run, restrict: Callable[..., None], acme: Organization
) -> None:
    work(start(csv_of(EVE)))
    restrict()

    accept_with_new_account(Invitation.objects.get().token_hash, NewAccount("Eve", "Moe", "seven quiet harbors"))

    assert acme.memberships.filter(user__email="eve@gmail.com").exists()

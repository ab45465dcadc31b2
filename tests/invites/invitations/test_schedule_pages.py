"""The dialogs that send an invitation or an import later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Role, Site
from invites.imports.schedule import send_import_now
from invites.invitations.change import change_invitation
from invites.invitations.schedule import start_due
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import deliver, selection_of
from tests.pages import HTMX, submit_import, text_of, url_of, words_of
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
PAST_NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = {"send": "later", "send_date": "2027-03-10", "send_time": "09:00"}


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    # Sessions must not expire, so time doesn't go back.
    with time_machine.travel(PAST_NOON):
        yield


@pytest.fixture(autouse=True)
def paris(acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(time_zone="Europe/Paris")


@pytest.fixture
def form(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    role = Role.objects.get(organization=acme, name="ReadOnly")
    names = {"email": "ann@people.example.com", "first_name": "Ann", "last_name": "Lee"}
    return {**names, "roles": [role.pk], "sites": ["all"]}


def test_the_dialog_names_the_zone_and_suggests_tomorrow(ines: Client) -> None:
    page = ines.get("/o/acme/invite/").content.decode()
    assert "Time zone of Acme : Paris (UTC+01:00)." in text_of(page)
    assert 'value="2027-03-02"' in page
    assert 'value="09:00"' in page
    assert 'min="2027-03-01" max="2027-05-30"' in page


def test_one_person_is_scheduled(ines: Client, form: dict[str, Any]) -> None:
    answer = ines.post("/o/acme/invite/", form | LATER, follow=True)

    words = words_of(answer)
    assert "The invitation to ann@people.example.com will be sent Mar 10, 9:00 AM, Paris time." in words
    assert "Invite scheduled" in words
    assert Invitation.objects.get().scheduled_at == datetime(2027, 3, 10, 8, tzinfo=UTC)


def test_its_message_is_changed_until_it_is_sent(
    ines: Client, form: dict[str, Any], by: Membership, acme: Organization
) -> None:
    ines.post("/o/acme/invite/", form | LATER | {"message": "Welcome"})
    ann = Invitation.objects.get()
    page = f"/o/acme/invitations/{ann.pk}/edit/"
    assert ">Welcome</textarea>" in "".join(ines.get(page).text.split("\n"))

    linked = ines.post(page, form | {"message": "See evil.com"})
    assert linked.status_code == 422
    assert "Remove “evil.com”." in words_of(linked)
    ines.post(page, form | {"message": "Welcome aboard, Ann"})

    ann.refresh_from_db()
    assert (ann.message, ann.message_by_id) == ("Welcome aboard, Ann", by.user_id)
    assert ActivityEntry.objects.filter(action="invitation_changed", affected_id=ann.pk).count() == 1
    # A form that was shown before it was sent.
    Invitation.objects.update(mail_due_at=timezone.now())
    start_due()
    (message,) = deliver(acme)
    assert "Welcome aboard, Ann" in message.body
    assert 'name="message"' not in ines.get(page).text
    with domain_error("sent_already"):
        change_invitation(by, ann, selection_of(acme, "ReadOnly"), message="Too late")


def test_the_message_of_an_import_is_changed_for_one_person(
    ines: Client, form: dict[str, Any], start: Any, work: Any, by: Membership
) -> None:
    at = datetime(2027, 3, 10, 8, tzinfo=UTC)
    batch = work(start(csv_of("ann@people.example.com,Ann,Lee,", "ben@people.example.com"), message="Ahoy", send_at=at))
    ann = batch.invitations.get(email="ann@people.example.com")
    page = f"/o/acme/invitations/{ann.pk}/edit/"
    assert "Ahoy</textarea>" in ines.get(page).text
    # Nothing else is changed, and the message of the import stays that of the others.
    ines.post(page, form | {"message": ""})

    ann.refresh_from_db()
    assert (ann.message, ann.message_by_id, ann.message_source) == ("", by.user_id, ann)
    send_import_now(by, batch)
    work(batch)
    said = {message.to[0]: "Ahoy" in message.body for message in mail.outbox}
    assert said == {"ann@people.example.com": False, "ben@people.example.com": True}


def test_hidden_fields_do_not_count(ines: Client, form: dict[str, Any]) -> None:
    ines.post("/o/acme/invite/", form | LATER | {"send": "now"})
    assert not Invitation.objects.get().is_scheduled


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"send_date": ""}, "Choose a date."),
        ({"send_time": ""}, "Choose a time."),
        ({"send_date": "soon"}, "Enter a date such as 2026-12-01."),
        ({"send_time": "9 o’clock"}, "Enter a time such as 09:00."),
        ({"send_date": "2027-03-01", "send_time": "13:00"}, "This time has passed. In Paris it’s 1:00 PM now."),
        ({"send_date": "2027-06-30"}, "Choose a time within the next 90 days."),
        (
            {"send_date": "2027-03-28", "send_time": "02:30"},
            "In Paris, clocks are set forward on Mar 28, 2027, so there is no 2:30 AM.",
        ),
        ({"send_date": "9999-12-31", "send_time": "23:59"}, "Choose a time within the next 90 days."),
        ({"send_date": "0001-01-01", "send_time": "00:00"}, "This time has passed."),
    ],
)
def test_says_what_is_wrong_with_the_time(
    ines: Client, form: dict[str, Any], typed: dict[str, str], error: str
) -> None:
    for path, extra in (("/o/acme/invite/", {}), ("/o/acme/import/", {"source": "paste", "pasted": "b@example.com"})):
        answer = ines.post(path, form | LATER | typed | extra, headers=HTMX)
        assert answer.status_code == 422
        assert error in words_of(answer)
        assert 'value="later" checked' in answer.content.decode()
    assert not Invitation.objects.exists()
    assert not Batch.objects.exists()


def test_an_import_is_scheduled_and_changed(ines: Client, form: dict[str, Any]) -> None:
    submit_import(ines, csv_of("ann@people.example.com"), roles=form["roles"], sites=["all"], **LATER)
    batch = Batch.objects.get()
    assert batch.send_at == datetime(2027, 3, 10, 8, tzinfo=UTC)

    Batch.objects.update(state=Batch.State.SCHEDULED)
    url = url_of(batch, "imports:batch_schedule")
    page = ines.get(url).content.decode()
    assert 'value="2027-03-10"' in page
    words = words_of(ines.post(url, {"send_date": "2027-04-01", "send_time": "10:00"}, follow=True))

    assert "The emails will be sent Apr 1, 10:00 AM, Paris time." in words
    batch.refresh_from_db()
    assert batch.send_at == datetime(2027, 4, 1, 8, tzinfo=UTC), "in summer time"


def test_pasted_rows_are_scheduled(ines: Client, form: dict[str, Any]) -> None:
    typed = {"source": "paste", "pasted": "Ann Lee <ann@people.example.com>"}
    ines.post("/o/acme/import/", {name: form[name] for name in ("roles", "sites")} | LATER | typed)
    assert Batch.objects.get().send_at == datetime(2027, 3, 10, 8, tzinfo=UTC)


def test_a_scheduled_person_is_changed_sent_and_canceled(ines: Client, form: dict[str, Any]) -> None:
    ines.post("/o/acme/invite/", form | LATER)
    invitation = Invitation.objects.get()
    address = f"/o/acme/invitations/{invitation.pk}/"
    page = words_of(ines.get(address))
    assert "The invitation will be sent Mar 10, 9:00 AM, Paris time" in page
    assert "Link works until" not in page
    assert "Resend" not in page
    assert "To be sent: Mar 10, 9:00 AM" in words_of(ines.get("/o/acme/activity/?period=all"))

    edit = words_of(ines.get(f"{address}edit/"))
    assert "Will be sent Mar 10, 9:00 AM, Paris time" in edit
    assert "saving resends" not in edit

    ines.post(f"{address}schedule/", {"send_date": "2027-03-11", "send_time": "08:15"})
    invitation.refresh_from_db()
    assert invitation.scheduled_at == datetime(2027, 3, 11, 7, 15, tzinfo=UTC)
    assert "Ines Martin changed when the invitation is sent" in words_of(ines.get(address))

    assert "right away instead of at the scheduled time, Mar 11, 8:15 AM, Paris time." in words_of(
        ines.get(f"{address}send-now/")
    )
    ines.post(f"{address}send-now/")
    invitation.refresh_from_db()
    assert invitation.mail_state == Invitation.Mail.QUEUED
    assert "Something has changed in the meantime" in words_of(ines.get(f"{address}send-now/"))


def test_canceling_says_that_nothing_was_sent(ines: Client, form: dict[str, Any]) -> None:
    ines.post("/o/acme/invite/", form | LATER)
    url = f"/o/acme/invitations/{Invitation.objects.get().pk}/revoke/"
    asked = words_of(ines.get(url))
    assert "Nothing has been sent to ann@people.example.com , and nothing will be." in asked
    # "Cancel" beside it could mean either.
    assert "Keep it Cancel invitation" in asked
    ines.post(url)
    assert Invitation.objects.get().state == Invitation.State.REVOKED


def test_users_are_selected_and_exported_by_the_status(ines: Client, form: dict[str, Any]) -> None:
    ines.post("/o/acme/invite/", form | LATER)
    answer = ines.get("/o/acme/users/export/?status=scheduled&format=csv")
    assert "scheduled" in words_of(answer).lower()
    selected = {"selected": [f"i{Invitation.objects.get().pk}"], "action": "resend"}
    review = words_of(ines.post("/o/acme/users/selected/", selected))
    assert "will be sent later" in review
    assert "Nothing to change" in review or "Skipped · will be sent later 1" in review

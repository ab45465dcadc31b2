"""Personal messages: typed in the dialogs, stored, and shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from invites.imports.upload import start_batch
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, deliver
from tests.pages import words_of
from tests.rules import domain_error

INVITE, IMPORT = "/o/acme/invite/", "/o/acme/import/"


@pytest.fixture
def access(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    return {"roles": [Role.objects.get(organization=acme, name="ReadOnly").pk], "sites": [sites[0].pk]}


PERSON = {"email": "chiara@people.example.com", "first_name": "Chiara", "last_name": "Rossi"}


def test_a_person_gets_what_was_typed(ines: Client, admin: User, access: dict[str, Any]) -> None:
    ines.post(INVITE, access | PERSON | {"message": " Hi Chiara,\r\nsee you. "})

    invitation = Invitation.objects.get()
    assert (invitation.message, invitation.message_by) == ("Hi Chiara,\nsee you.", admin)


def test_without_a_message_nobody_wrote_it(ines: Client, access: dict[str, Any]) -> None:
    ines.post(INVITE, access | PERSON)

    invitation = Invitation.objects.get()
    assert (invitation.message, invitation.message_by) == ("", None)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("Look at evil.com", "Remove “evil.com”. Messages can’t contain links."),
        ("a" * 501, "Shorten the message to 500 characters."),
    ],
)
def test_an_error_keeps_what_was_typed(ines: Client, access: dict[str, Any], message: str, error: str) -> None:
    for path, more in ((INVITE, PERSON), (IMPORT, {"source": "paste", "pasted": "ann@people.example.com,Ann,Lee"})):
        answer = ines.post(path, access | more | {"message": message})
        assert answer.status_code == 422
        assert error in answer.content.decode()
        assert message in answer.content.decode()
    assert not Invitation.objects.exists()
    assert not Batch.objects.exists()


@pytest.mark.parametrize("how", ["file", "paste"])
def test_the_message_of_an_import_is_on_its_page(ines: Client, admin: User, access: dict[str, Any], how: str) -> None:
    file = SimpleUploadedFile("team.csv", csv_of("ann@people.example.com"))
    users = (
        {"file": file}
        if how == "file"
        else {"pasted": "Email\tFirst name\tLast name\nann@people.example.com\tAnn\tLee"}
    )
    ines.post(IMPORT, access | users | {"source": how, "message": "Welcome <b>\r\nto the team."})

    batch = Batch.objects.get()
    assert (batch.message, batch.message_by) == ("Welcome <b>\nto the team.", admin)
    page = ines.get(reverse("imports:batch", args=["acme", batch.pk]))
    assert "Personal message in the email Welcome <b> to the team." in words_of(page)


def test_another_file_for_a_waiting_import_keeps_the_message(
    ines: Client, by: Membership, read_only: AccessSelection
) -> None:
    batch = start_batch(by, file_name="a.csv", content=[b"x"], selection=read_only, message="Welcome.")

    assert ">\nWelcome.</textarea>" in ines.get(f"{IMPORT}?again={batch.pk}").content.decode()


def test_a_corrected_file_keeps_it_and_cannot_change_it(ines: Client, access: dict[str, Any]) -> None:
    file = SimpleUploadedFile("team.csv", csv_of("ann@people.example.com", "bad@@people.example.com"))
    ines.post(IMPORT, access | {"file": file, "source": "file", "message": "Welcome."})
    batch = Batch.objects.get()

    assert 'name="message"' not in ines.get(f"{IMPORT}?correct={batch.pk}").content.decode()
    fixed = SimpleUploadedFile("team.csv", csv_of("ann@people.example.com"))
    ines.post(f"{IMPORT}?correct={batch.pk}", access | {"file": fixed, "message": "Changed."})

    batch.refresh_from_db()
    assert batch.message == "Welcome."


@pytest.mark.parametrize(
    ("typed", "expected"), [("Welcome.", "  Welcome."), ("Sorry, Ben.", "  Sorry, Ben."), ("", None)]
)
def test_a_row_that_is_fixed_later_starts_with_the_message_of_its_import(
    ines: Client, access: dict[str, Any], imported: Any, acme: Organization, typed: str, expected: str | None
) -> None:
    batch = imported(csv_of("ann@example.com", "ben@@example.com"), message="Welcome.")
    dialog = f"{INVITE}?import={batch.pk}&row=3"
    assert ">\nWelcome.</textarea>" in ines.get(dialog).content.decode()

    ines.post(dialog, access | PERSON | {"message": typed})

    (message,) = deliver(acme)
    assert message.to == [PERSON["email"]]
    quoted = [line for line in str(message.body).splitlines() if line.startswith("  ")]
    assert quoted == ([expected] if expected else [])


def test_who_resends_an_invitation_sees_its_message(ines: Client, invite: Invite, run: Any) -> None:
    one = invite(message="See you <b>\non Tuesday.")
    run(csv_of("ann@people.example.com"), message="Welcome.")
    imported = Invitation.objects.get(email="ann@people.example.com")

    for invitation, message in ((one, "See you <b> on Tuesday."), (imported, "Welcome.")):
        assert message in words_of(ines.get(reverse("directory:invitation_resend", args=["acme", invitation.pk])))
        page = ines.get(reverse("directory:invitation", args=["acme", invitation.pk]))
        assert f"Personal message {message}" in words_of(page)
    plain = invite("plain@people.example.com")
    assert "Personal message" not in words_of(ines.get(reverse("directory:invitation", args=["acme", plain.pk])))


def test_services_refuse_what_the_forms_refuse(by: Membership, invite: Invite, read_only: AccessSelection) -> None:
    with domain_error("bad_message"):
        invite(message="Look at evil.com", by_service=True)
    with domain_error("bad_message"):
        start_batch(by, file_name="a.csv", content=[b"x"], selection=read_only, message="a" * 501)

    assert not Invitation.objects.exists()
    assert not Batch.objects.exists()

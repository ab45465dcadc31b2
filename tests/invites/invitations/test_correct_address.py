"""The address, the names and the description of a pending invitation can be changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, Role, User
from invites.checking import Cells
from invites.invitations.change import change_invitation
from invites.models import Batch, DailyInviteCount, EarlierLink, Invitation
from tests.concurrency import at_once, unexpected
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of
from tests.pages import HTMX, text_of
from tests.rules import domain_error

ClientOf = Callable[[User | None], Client]
NEW = "chiara@new.example.com"


def cells_of(invitation: Invitation, **changed: str) -> Cells:
    held = Cells(invitation.email, invitation.first_name, invitation.last_name, invitation.description)
    return held._replace(**changed)


def correct(by: Membership, invitation: Invitation, email: str = NEW) -> bool:
    """Nothing else is changed."""
    selection = selection_of(by.organization, "ReadOnly", sites=list(invitation.grant.sites.all()))
    return change_invitation(by, invitation, selection, cells=cells_of(invitation, email=email))


def form_of(invitation: Invitation, **changed: Any) -> dict[str, Any]:
    grant = invitation.grant
    held = {"roles": [role.pk for role in grant.roles.all()], "sites": [site.pk for site in grant.sites.all()]}
    return {**cells_of(invitation)._asdict(), **held, **changed}


def test_the_old_link_stops_working_and_the_new_address_gets_an_email(
    client: Client, ines: Client, acme: Organization, invite: Invite
) -> None:
    invitation = invite()
    old = link_of(invitation)

    answer = ines.post(f"/o/acme/invitations/{invitation.pk}/edit/", form_of(invitation, email=NEW), headers=HTMX)

    assert answer.status_code == 204
    invitation.refresh_from_db()
    assert (invitation.email, invitation.email_key, invitation.mail_state) == (NEW, NEW, "queued")
    assert NEW in invitation.person_key
    assert client.get(old, follow=True).status_code == 404
    assert client.get(link_of(invitation), follow=True).status_code == 200
    # In tests, the task that sends it has run or is enqueued; either way there is one email, to the new address.
    deliver(acme)
    invitation.refresh_from_db()
    assert invitation.mail_state == "sent"


def test_counts_as_a_resend_and_as_an_invitation(by: Membership, invite: Invite) -> None:
    invitation = invite()
    before = DailyInviteCount.objects.get().invitations

    assert correct(by, invitation)

    invitation.refresh_from_db()
    assert invitation.times_resent == 1
    assert DailyInviteCount.objects.get().invitations == before + 1
    assert EarlierLink.objects.get().email == "chiara.rossi@people.example.com"


def test_is_recorded(by: Membership, invite: Invite) -> None:
    invitation = invite()
    correct(by, invitation)

    entry = ActivityEntry.objects.get(action=Action.ADDRESS_CORRECTED)
    assert entry.details == {"before": {"email": "chiara.rossi@people.example.com"}, "after": {"email": NEW}}
    assert (entry.affected_id, entry.affected_email, entry.actor_id) == (invitation.pk, NEW, by.user_id)


def test_names_and_description_keep_the_link(by: Membership, invite: Invite) -> None:
    invitation = invite()
    selection = selection_of(by.organization, "ReadOnly", sites=list(invitation.grant.sites.all()))

    changed = cells_of(invitation, first_name="Clara", description="Night shift")
    assert not change_invitation(by, invitation, selection, cells=changed)

    now = Invitation.objects.get(pk=invitation.pk)
    assert (now.first_name, now.description, now.token_hash) == ("Clara", "Night shift", invitation.token_hash)
    assert now.person_key.startswith("clara rossi")
    assert now.grant_id == invitation.grant_id
    entry = ActivityEntry.objects.get(action=Action.INVITATION_CHANGED)
    assert entry.details["after"] == {"first_name": "Clara", "description": "Night shift"}
    assert not EarlierLink.objects.exists()


def test_a_correction_by_somebody_else_survives_a_form_that_was_opened_before(
    by: Membership, ines: Client, invite: Invite
) -> None:
    invitation = invite()
    url = f"/o/acme/invitations/{invitation.pk}/edit/"
    opened = ines.get(url).content.decode()
    shown = dict(re.findall(r'name="(shown_\w+)" value="(.*?)"', opened))
    assert shown["shown_email"] == invitation.email
    correct(by, invitation)
    Invitation.objects.update(first_name="Clara")

    # The first answer is an error, and the form is sent again.
    again = ines.post(url, {**form_of(invitation, description="Night shift", last_name=""), **shown})
    assert again.status_code == 422
    shown = dict(re.findall(r'name="(shown_\w+)" value="(.*?)"', again.content.decode()))
    ines.post(url, {**form_of(invitation, description="Night shift"), **shown}, headers=HTMX)

    now = Invitation.objects.get()
    assert (now.email, now.first_name, now.description) == (NEW, "Clara", "Night shift")
    assert now.times_resent == 1


def test_nothing_changed_is_not_recorded(by: Membership, invite: Invite) -> None:
    invitation = invite()

    assert not correct(by, invitation, invitation.email)

    assert not ActivityEntry.objects.filter(action=Action.INVITATION_CHANGED).exists()


def test_an_unsent_email_of_an_import_goes_to_the_new_address(
    by: Membership, start: Callable[..., Batch], work: Callable[[Batch], Batch], acme: Organization
) -> None:
    work(start(csv_of("bo@example.com,Bo,Ek")))
    Invitation.objects.update(mail_state="queued", mail_finished_at=None)

    assert correct(by, Invitation.objects.get())

    assert [message.to for message in deliver(acme)] == [[NEW]]


@pytest.mark.parametrize("address", ["not an address", "a@b", ""])
def test_an_address_that_is_wrong_is_refused(ines: Client, invite: Invite, address: str) -> None:
    invitation = invite()

    answer = ines.post(f"/o/acme/invitations/{invitation.pk}/edit/", form_of(invitation, email=address), headers=HTMX)

    assert answer.status_code == 422
    assert answer.context["form"].errors["email"]
    assert Invitation.objects.get().email == invitation.email


def test_asks_about_a_typo_once(ines: Client, invite: Invite) -> None:
    invitation = invite()
    url, form = f"/o/acme/invitations/{invitation.pk}/edit/", form_of(invitation, email="chiara@gmial.com")

    asked = ines.post(url, form, headers=HTMX)
    assert asked.status_code == 422
    assert "If chiara@gmial.com is correct, choose Save changes to use it." in text_of(asked.content.decode())
    used = ines.post(url, form | {"use": "chiara@gmail.com"}, headers=HTMX)
    assert used.context["form"]["email"].value() == "chiara@gmail.com"
    assert ines.post(url, form | {"as_typed": "chiara@gmial.com"}, headers=HTMX).status_code == 204
    assert Invitation.objects.get().email == "chiara@gmial.com"
    # It isn't asked again when something else is changed.
    assert ines.post(url, form | {"description": "Crew"}, headers=HTMX).status_code == 204


@pytest.mark.usefixtures("member")
def test_people_who_are_in_already_are_refused(ines: Client, by: Membership, invite: Invite) -> None:
    invitation = invite()
    invite("other@people.example.com")
    url = f"/o/acme/invitations/{invitation.pk}/edit/"

    for email, error in (
        ("member@example.com", "member@example.com is already a member of Acme."),
        ("Other@people.example.com", "Other@people.example.com is already invited to Acme."),
    ):
        answer = ines.post(url, form_of(invitation, email=email), headers=HTMX)
        assert answer.status_code == 422
        assert error in answer.context["form"].errors["email"][0]
    invitation.refresh_from_db()
    assert (invitation.times_resent, invitation.email) == (0, "chiara.rossi@people.example.com")
    assert DailyInviteCount.objects.get().invitations == 2


def test_an_expired_invitation_for_the_new_address_is_replaced(by: Membership, invite: Invite) -> None:
    old = invite(NEW, expired=True)
    invitation = invite()

    assert correct(by, invitation)

    old.refresh_from_db()
    assert old.state == "replaced"


def test_another_spelling_is_the_same_person(by: Membership, invite: Invite) -> None:
    invitation = invite()

    assert correct(by, invitation, "Chiara.Rossi@people.example.com")

    assert Invitation.objects.get().email_key == "chiara.rossi@people.example.com"


def test_limits_hold(by: Membership, invite: Invite, settings: Any) -> None:
    invitation = invite()
    settings.RESEND_LIMIT = 0
    with domain_error("too_often"):
        correct(by, invitation)
    settings.RESEND_LIMIT = 10
    settings.INVITATIONS_PER_DAY = 1
    with domain_error("over_quota"):
        correct(by, invitation)
    assert Invitation.objects.get().token_hash == invitation.token_hash
    assert not EarlierLink.objects.exists()


def test_after_it_was_accepted_or_revoked_it_cannot_be_changed(by: Membership, invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).close(Invitation.State.REVOKED)

    with domain_error("not_pending"):
        correct(by, invitation)


def test_who_cannot_grant_it_cannot_correct_it(
    client_of: ClientOf, lesser: Membership, invite: Invite, acme: Organization
) -> None:
    invitation = invite(roles=["Org Admin"])
    form = form_of(invitation, email=NEW, roles=[Role.objects.get(name="Inviter").pk])

    answer = client_of(lesser.user).post(f"/o/acme/invitations/{invitation.pk}/edit/", form, headers=HTMX)

    assert answer.status_code == 403
    assert Invitation.objects.get().email == invitation.email


@pytest.mark.django_db(transaction=True)
def test_two_invitations_cannot_get_the_same_address(by: Membership, invite: Invite) -> None:
    invitations = [invite("one@people.example.com"), invite("two@people.example.com")]

    results = at_once(*[lambda each=each: correct(by, each) for each in invitations])

    assert results.count(True) == 1
    assert unexpected(results) == []
    assert Invitation.objects.filter(email=NEW).count() == 1

"""A page in an old tab offers what is no longer possible. A sentence says why, and nothing is sent or changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.actions import invite_again, resend, revoke, unlist
from invites.invitations.declining import decline
from invites.invitations.requests import ask_for_invitation, dismiss_request
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite, deliver
from tests.pages import HTMX, triggers, url_of, words_of

Start = Callable[..., Batch]
Work = Callable[[Batch], Batch]
Says = Callable[..., None]
LATER = {"send_date": "2030-01-01", "send_time": "08:00"}
CHIARA = "chiara.rossi@people.example.com"


def everything() -> list[Any]:
    """What nobody may change: invitations, imports, and the activity log."""
    log = ActivityEntry.objects.exclude(action="signed_in")
    return [list(each.order_by("pk").values()) for each in (Invitation.objects.all(), Batch.objects.all(), log)]


@pytest.fixture
def says(ines: Client, acme: Organization) -> Says:
    """Opens the address and presses its button, as a page and as a dialog. Each time the admin reads the sentence.

    Nothing may change.
    """

    def answer_of(method: str, address: str, fields: dict[str, str], headers: dict[str, str]) -> str:
        answer = getattr(ines, method)(address, fields, headers=headers)
        assert answer.status_code in (200, 204, 302, 409)
        if answer.status_code == 204:
            assert "dialog:close" in triggers(answer)
            # The message is among the banners, which are then loaded.
            answer = ines.get("/o/acme/banners/", headers=HTMX)
        elif answer.status_code == 302:
            answer = ines.get(answer.headers["Location"])
        return words_of(answer)

    def says(address: str, sentence: str, *, opens: bool = True, **fields: str) -> None:
        # They would be on every page, and aren't what the sentence is about.
        Batch.objects.update(banner_closed_at=timezone.now())
        before, sent = everything(), len(mail.outbox)
        for headers, method in product(({}, HTMX), ("get", "post") if opens else ("post",)):
            assert sentence in answer_of(method, address, fields, headers), (address, method)
        assert everything() == before
        assert deliver(acme) == []
        assert len(mail.outbox) == sent

    return says


# --- One invitation --------------------------------------------------------------------------------------


def accepted(invitation: Invitation, by: Membership) -> str:
    accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))
    return f"{CHIARA} has already accepted the invitation, so nothing was changed."


def declined(invitation: Invitation, by: Membership) -> str:
    decline(opt_out_token(invitation.pk, invitation.email_key))
    return f"{CHIARA} has already declined the invitation, so nothing was changed."


def revoked(invitation: Invitation, by: Membership) -> str:
    revoke(by, invitation)
    return f"The invitation to {CHIARA} was already revoked, so nothing was changed."


def replaced(invitation: Invitation, by: Membership) -> str:
    Invitation.objects.filter(pk=invitation.pk).close(Invitation.State.REPLACED)
    return f"The invitation to {CHIARA} was replaced by a newer one, so nothing was changed."


@pytest.mark.parametrize("close", [accepted, declined, revoked, replaced])
def test_an_action_on_a_closed_invitation_says_what_became_of_it(
    invite: Invite,
    by: Membership,
    says: Says,
    close: Callable[[Invitation, Membership], str],
) -> None:
    invitation = invite()
    sentence = close(invitation, by)

    for action in ("resend", "revoke", "edit"):
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence)


def test_an_action_on_an_invitation_of_an_undone_import_says_so(imported: Start, by: Membership, says: Says) -> None:
    batch = imported(csv_of(CHIARA))
    invitation = batch.invitations.get()
    undo_import(by, batch)

    for action in ("resend", "revoke", "edit"):
        sentence = f"The invitation to {CHIARA} was already revoked, so nothing was changed."
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence)


@pytest.mark.servers
def test_an_invitation_that_was_sent_or_revoked_is_not_sent_at_another_time(
    invite: Invite, by: Membership, says: Says
) -> None:
    sent, gone = invite(), invite("dora@people.example.com")
    Invitation.objects.filter(pk=gone.pk).update(mail_state=Invitation.Mail.SCHEDULED)
    revoke(by, gone)

    for invitation, action in product((sent, gone), ("schedule", "send-now")):
        sentence = f"The invitation to {invitation.email} isn’t scheduled anymore."
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence, **LATER)


@pytest.mark.servers
@pytest.mark.parametrize("change", [invite_again, unlist])
def test_a_declined_invitation_that_is_no_longer_listed(
    invite: Invite,
    by: Membership,
    acme: Organization,
    says: Says,
    change: Callable[[Membership, Invitation], None],
) -> None:
    invitation = invite()
    declined(invitation, by)
    change(by, Invitation.objects.get())
    deliver(acme)

    for action in ("invite-again", "unlist"):
        sentence = f"The invitation to {CHIARA} is no longer listed as declined, so nothing was changed."
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence)


@pytest.mark.parametrize("answer", [resend, dismiss_request])
def test_a_request_that_was_answered(
    invite: Invite,
    by: Membership,
    acme: Organization,
    says: Says,
    answer: Callable[[Membership, Invitation], None],
) -> None:
    invitation = invite(expired=True)
    ask_for_invitation(invitation.token_hash)
    answer(by, invitation)
    deliver(acme)
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))

    for action in ("grant", "dismiss"):
        sentence = f"Someone has already answered the request from {CHIARA}, so nothing was changed."
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence, opens=False)


@pytest.mark.servers
def test_a_request_for_an_invitation_that_was_revoked(invite: Invite, by: Membership, says: Says) -> None:
    invitation = invite(expired=True)
    ask_for_invitation(invitation.token_hash)
    revoke(by, invitation)

    for action in ("grant", "dismiss"):
        sentence = f"The invitation to {CHIARA} was already revoked, so nothing was changed."
        says(f"/o/acme/invitations/{invitation.pk}/{action}/", sentence, opens=False)


def test_a_selection_that_is_no_longer_listed(invite: Invite, by: Membership, says: Says) -> None:
    invitation = invite()
    revoke(by, invitation)

    for action in ("resend", "revoke"):
        sentence = "The users you selected are no longer listed, so nothing was changed."
        says("/o/acme/users/selected/", sentence, opens=False, selected=f"i{invitation.pk}", action=action)


# --- A whole import --------------------------------------------------------------------------------------


def test_an_action_on_an_undone_import(imported: Start, by: Membership, says: Says) -> None:
    batch = imported(csv_of(CHIARA))
    undo_import(by, batch)

    for action, sentence in {
        "resend": "This import was undone, so nothing was resent.",
        "undo": "This import was already undone.",
        "schedule": "This import isn’t scheduled anymore.",
        "send-now": "This import isn’t scheduled anymore.",
    }.items():
        says(f"{url_of(batch)}{action}/", sentence, step="start", **LATER)


@pytest.mark.parametrize("being_undone", [False, True])
def test_nobody_is_emailed_while_an_import_is_being_undone(imported: Start, says: Says, being_undone: bool) -> None:
    batch = imported(csv_of(CHIARA))
    Batch.objects.filter(pk=batch.pk).update(undone_at=timezone.now(), is_being_undone=being_undone)
    if not being_undone:
        batch.invitations.close(Invitation.State.REVOKED)

    for action, sentence in {"resend": "so nothing was resent.", "undo": "was already undone."}.items():
        says(f"{url_of(batch)}{action}/", sentence)


def test_everyone_has_responded_since(imported: Start, by: Membership, says: Says) -> None:
    batch = imported(csv_of(CHIARA))
    accepted(batch.invitations.get(), by)

    says(
        f"{url_of(batch)}resend/",
        "No invitation of this import is waiting for a response, so nothing was resent.",
        step="start",
    )


def test_the_emails_of_a_scheduled_import_are_not_resent(start: Start, work: Work, says: Says) -> None:
    batch = work(start(csv_of(CHIARA), send_at=timezone.now() + timedelta(days=1)))

    says(
        f"{url_of(batch)}resend/",
        "The emails of this import haven’t been sent yet, so nothing was resent.",
        step="start",
    )


@pytest.mark.parametrize("how", ["stopped", "done"])
def test_stopping_twice_says_that_it_had_ended(
    start: Start, work: Work, by: Membership, ines: Client, how: str
) -> None:
    batch = start(csv_of(CHIARA))
    if how == "stopped":
        stop_import(by, batch)
    work(batch)
    before = everything()

    for fields in ({}, {"job": "1"}):
        ines.post(url_of(batch, "imports:batch_stop"), fields)
        assert "Nothing was stopped, because that had already ended." in words_of(ines.get(url_of(batch)))
    assert everything() == before


def test_a_scheduled_import_that_was_canceled_is_not_sent(start: Start, work: Work, by: Membership, says: Says) -> None:
    batch = work(start(csv_of(CHIARA), send_at=timezone.now() + timedelta(days=1)))
    stop_import(by, batch)

    for action in ("schedule", "send-now"):
        says(f"{url_of(batch)}{action}/", "This import isn’t scheduled anymore.", **LATER)

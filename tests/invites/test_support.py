"""Messages about errors say whom to write to, and the address is a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from accounts.templatetags.support import support_link
from invites.directory.bulk.change import Kind
from invites.imports.result_email import send_result_email
from invites.invitations.tokens import fingerprint, opt_out_token
from invites.models import Batch, BulkAction, FailureReason, Invitation, Row
from invites.reasons import support_reasons
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite
from tests.pages import url_of, words_of

ADDRESS = "o'help&more@example.org"
LINK = '<a href="mailto:o&#x27;help&amp;more@example.org">o&#x27;help&amp;more@example.org</a>'
REFERENCE = "K3QF-7ZPD"
WITH = f"If this happens again, write to {ADDRESS} and mention reference {REFERENCE}."
WITHOUT = f"If this happens again, tell the person who runs this site, and mention reference {REFERENCE}."


@pytest.fixture
def pages(ines: Client, start: Callable[..., Batch], by: Membership) -> Callable[[], list[str]]:
    """The pages with an error of ours: an import that failed, its row, and a bulk action that stopped."""
    failed = start(csv_of("ann@example.com"))
    reasons = support_reasons(REFERENCE)
    Batch.objects.filter(pk=failed.pk).update(
        state=Batch.State.FAILED, state_reasons=reasons, ended_at=timezone.now(), error_reference=REFERENCE
    )
    done = start(csv_of("bob@example.com"))
    done.rows.update(outcome=Row.Outcome.FAILED, detail=FailureReason.NOT_INVITED)
    Batch.objects.filter(pk=done.pk).update(
        state=Batch.State.DONE, ended_at=timezone.now(), error_reference=REFERENCE, banner_closed_at=timezone.now()
    )
    waits = start(csv_of("c@@example.com"))
    Batch.objects.filter(pk=waits.pk).update(notice=reasons, banner_closed_at=timezone.now())
    action = BulkAction.objects.create(
        organization=by.organization,
        started_by=by.user,
        kind=Kind.RESEND,
        state=BulkAction.State.STOPPED,
        total=1,
        expected=1,
        done=1,
        stop_reason=FailureReason.UNEXPECTED,
        error_reference=REFERENCE,
    )
    addresses = [
        url_of(failed),
        "/o/acme/roles/",
        url_of(done),
        url_of(waits, "imports:batch_problems"),
        reverse("directory:bulk_results", args=["acme", action.pk]),
    ]

    def pages() -> list[str]:
        answers = [ines.get(address) for address in addresses]
        assert [answer.status_code for answer in answers] == [200] * len(answers)
        return [re.sub(r"\s+", " ", answer.text) for answer in answers]

    return pages


def test_pages_link_to_the_address_of_the_support(pages: Callable[[], list[str]], settings: Any) -> None:
    settings.SUPPORT_EMAIL = ADDRESS

    for page in pages():
        assert f"If this happens again, write to {LINK} and mention reference {REFERENCE}." in page


def test_pages_name_the_person_who_runs_the_site_without_an_address(pages: Callable[[], list[str]]) -> None:
    for page in pages():
        assert WITHOUT in page
        assert "mailto:" not in page


def test_an_undo_that_takes_longer_names_the_address(
    ines: Client, start: Callable[..., Batch], work: Callable[[Batch], Batch], settings: Any
) -> None:
    batch = work(start(csv_of("ann@example.com")))
    Batch.objects.filter(pk=batch.pk).update(undone_at=timezone.now(), is_being_undone=True, error_reference=REFERENCE)

    assert f"If you ask the person who runs this site, mention reference {REFERENCE}." in words_of(
        ines.get(url_of(batch))
    )
    settings.SUPPORT_EMAIL = ADDRESS
    page = ines.get(url_of(batch)).text
    assert f"If you write to {LINK}, mention reference {REFERENCE}." in page


def test_the_email_about_a_failed_import_names_the_address(start: Callable[..., Batch], settings: Any) -> None:
    settings.SUPPORT_EMAIL = ADDRESS
    batch = start(csv_of("ann@example.com"))
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.FAILED,
        state_reasons=support_reasons(REFERENCE),
        created_at=timezone.now() - timedelta(hours=1),
        checked_at=timezone.now(),
        ended_at=timezone.now(),
    )

    send_result_email(batch.pk)

    [message] = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert WITH in " ".join(str(message.body).split())
    assert LINK in str(message.alternatives[0][0])


def report(client: Client, invitation: Invitation) -> str:
    """Reports abuse with the link of the email. Returns the page that answers."""
    secret = opt_out_token(invitation.pk, invitation.email_key)
    client.get(f"/i/report/{secret}/")
    return str(client.post("/invitation/report/", {"shown_for": fingerprint(secret)}).text)


def test_who_reported_abuse_learns_whom_to_ask(client: Client, invite: Invite, settings: Any) -> None:
    said = report(client, invite())
    assert "To get invitations again, ask the person who runs this site." in said
    settings.SUPPORT_EMAIL = ADDRESS
    said = report(client, invite("dora@people.example.com"))
    assert f"To get invitations again, write to {LINK}." in said


def test_the_page_and_the_message_of_a_server_error_say_whom_to_ask(ines: Client, settings: Any) -> None:
    def sentences() -> list[str]:
        with_link = render_to_string("500.html")
        message = re.search(r'data-status="500">(.*?)</p>', ines.get("/o/acme/users/").text, re.DOTALL)
        assert message
        return [" ".join(text.split()) for text in (with_link, message[1])]

    for text in sentences():
        assert "Try again in a moment. If this happens again, tell the person who runs this site." in text
    settings.SUPPORT_EMAIL = ADDRESS
    page, message = sentences()
    assert f"Try again in a moment. If this happens again, write to {LINK}." in page
    assert "If this happens again, write to o&#x27;help&amp;more@example.org." in message


def test_only_the_address_becomes_a_link(settings: Any) -> None:
    settings.SUPPORT_EMAIL = "help@example.org"
    assert support_link("<b>help@example.org") == '&lt;b&gt;<a href="mailto:help@example.org">help@example.org</a>'
    settings.SUPPORT_EMAIL = ""
    assert support_link("<b> of help@example.org") == "&lt;b&gt; of help@example.org"

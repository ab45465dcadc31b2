"""Sends through a provider's API: in batches where it takes them, with a result for each recipient."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email.utils import parseaddr
from typing import Any

import pytest

from config.harness.running import LONG_KEY, run_manage
from invites.imports.selectors.summary import summary_of
from invites.invitations.tokens import derive_token, link_for
from invites.models import Batch, FailureReason, Invitation, Row
from tests.files import csv_of, many
from tests.invites.mailing.mail import let_time_pass
from tests.invites.mailing.mail_provider import Call, MailProvider

Run = Callable[..., Batch]
Use = Callable[..., MailProvider]


@pytest.fixture
def use(settings: Any) -> Iterator[Use]:
    """Sends by that provider from now on, which is played by a server that answers as it is told."""
    running: list[MailProvider] = []

    def use(name: str, answer: Callable[[Call], tuple[int, object]]) -> MailProvider:
        provider = MailProvider(answer).__enter__()
        running.append(provider)
        settings.EMAIL_BACKEND = f"anymail.backends.{name}.EmailBackend"
        key = name.upper()
        settings.ANYMAIL = {
            **settings.ANYMAIL,
            f"{key}_API_URL": f"{provider.url}/",
            f"{key}_API_KEY": "key",
            f"{key}_SERVER_TOKEN": "key",
        }
        return provider

    yield use
    for provider in running:
        provider.__exit__()


def queued(call: Call) -> tuple[int, object]:
    return 200, {"id": "<1@example.com>", "message": "Queued. Thank you."}


def recipients(call: Call) -> list[str]:
    return [parseaddr(each)[1] for field in call.fields["to"] for each in field.split(", ")]


def links() -> dict[str, str]:
    return {each.email: link_for(derive_token(each.token_seed)) for each in Invitation.objects.all()}


def test_sends_a_chunk_in_one_call_with_a_link_for_each_invitee(use: Use, run: Run) -> None:
    provider = use("mailgun", queued)

    batch = run(many(30))

    (call,) = provider.calls
    assert sorted(recipients(call)) == sorted(links())
    (variables,) = map(json.loads, call.fields["recipient-variables"])
    assert {email: values["text_link"] for email, values in variables.items()} == links()
    assert "%recipient.text_link%" in call.fields["text"][0]
    assert "%recipient.html_link%" in call.fields["html"][0]
    assert not any(link in call.fields["text"][0] + call.fields["html"][0] for link in links().values())
    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 30)
    assert set(Invitation.objects.values_list("mail_state", flat=True)) == {Invitation.Mail.SENT}


def test_escapes_merged_html_and_turns_tracking_off(use: Use, run: Run) -> None:
    provider = use("mailgun", queued)

    run(csv_of("ann@example.com,O'Hara & <b>Sons</b>,Lee,", "ben@example.com"))

    (call,) = provider.calls
    values = json.loads(call.fields["recipient-variables"][0])["ann@example.com"]
    assert values["text_first_name"] == "O'Hara & <b>Sons<\u2060/b>".replace("<\u2060/", "</\u2060")
    assert "<b>" not in values["html_first_name"]
    assert (call.fields["o:tracking-clicks"], call.fields["o:tracking-opens"]) == (["no"], ["no"])


def test_a_call_has_at_most_the_configured_number_of_messages(use: Use, run: Run, settings: Any) -> None:
    settings.EMAILS_PER_CALL = 12
    provider = use("mailgun", queued)

    run(many(30))

    assert [len(recipients(call)) for call in provider.calls] == [12, 12, 6]


def test_an_address_that_makes_a_call_fail_fails_alone(use: Use, run: Run) -> None:
    def refuse_ben(call: Call) -> tuple[int, object]:
        return (
            (400, {"message": "to parameter is not a valid address"})
            if "ben@example.com" in recipients(call)
            else queued(call)
        )

    provider = use("mailgun", refuse_ben)

    batch = run(csv_of("ann@example.com", "ben@example.com", "zoe@example.com"))

    assert [len(recipients(call)) for call in provider.calls] == [3, 1, 1, 1]
    assert summary_of(batch).invited == 2
    row = batch.rows.get(outcome=Row.Outcome.FAILED)
    assert (row.email, row.detail) == ("ben@example.com", FailureReason.MESSAGE_REFUSED)


def test_each_recipient_of_a_call_has_a_status_of_their_own(use: Use, run: Run) -> None:
    def by_recipient(call: Call) -> tuple[int, object]:
        status = {"ben@example.com": "rejected", "zoe@example.com": "queued"}
        emails = [each["email"] for each in call.fields["message"]["to"]]
        return 200, [{"email": email, "status": status.get(email, "sent"), "_id": email} for email in emails]

    provider = use("mandrill", by_recipient)

    batch = run(csv_of("ann@example.com", "ben@example.com", "zoe@example.com"))

    (call,) = provider.calls
    assert "*|text_link|*" in call.fields["message"]["text"]
    assert call.fields["message"]["preserve_recipients"] is False
    row = batch.rows.get(outcome=Row.Outcome.FAILED)
    assert (row.email, row.detail) == ("ben@example.com", FailureReason.ADDRESS_REFUSED)
    assert summary_of(batch).invited == 2


def test_nobody_counts_as_invited_if_all_of_a_call_are_refused(use: Use, run: Run) -> None:
    use(
        "mandrill",
        lambda call: (200, [{"email": each["email"], "status": "invalid"} for each in call.fields["message"]["to"]]),
    )

    assert summary_of(run(many(3))).mail_refused == 3


# Anymail says of SendGrid that nobody tries it against the service anymore.
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailNotSupportedWarning")
def test_sendgrid_merges_the_values_of_each_invitee(use: Use, run: Run) -> None:
    provider = use("sendgrid", lambda _: (202, {}))

    batch = run(many(30))

    (call,) = provider.calls
    text, html = (part["value"] for part in call.fields["content"])
    assert "-rollcall.text_link-" in text
    assert "-rollcall.html_link-" in html
    filled = {
        each["to"][0]["email"]: each["substitutions"]["-rollcall.text_link-"]
        for each in call.fields["personalizations"]
        if len(each["to"]) == 1
    }
    assert filled == links()
    assert call.fields["tracking_settings"]["click_tracking"]["enable"] is False
    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 30)


def test_calls_a_provider_without_batches_once_per_message(use: Use, run: Run) -> None:
    def taken(call: Call) -> tuple[int, object]:
        return 200, {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "To": call.fields["To"]}

    provider = use("postmark", taken)

    batch = run(many(3))

    assert len(provider.calls) == 3
    assert all(links()[call.fields["To"]] in call.fields["TextBody"] for call in provider.calls)
    assert summary_of(batch).invited == 3


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_loses_nothing_when_the_provider_fails(use: Use, start: Run, work: Run, status: int) -> None:
    provider = use("mailgun", lambda _: (status, {"message": "no"}))
    batch = work(start(many(250)))

    assert (batch.state, len(provider.calls)) == (Batch.State.INVITING, 1)
    assert batch.mail_retry_at is not None
    provider.answer = queued
    let_time_pass(batch)
    work(batch)
    assert (batch.state, summary_of(batch).invited) == (Batch.State.DONE, 250)


def test_sends_one_by_one_if_a_name_looks_like_a_placeholder(use: Use, run: Run, acme: Any) -> None:
    acme.name = "Acme %recipient.email%"
    acme.save()
    provider = use("mailgun", queued)

    batch = run(many(3))

    assert [len(recipients(call)) for call in provider.calls] == [1, 1, 1]
    assert summary_of(batch).invited == 3


SENT = """
from django.core.mail import EmailMessage
print(EmailMessage("Hello", "You", "a@example.com", ["b@example.com"]).send())
"""


def test_an_operator_chooses_a_provider_by_environment_variables() -> None:
    with MailProvider(queued) as provider:
        chosen = {"EMAIL_PROVIDER": "mailgun", "MAILGUN_API_KEY": "key", "MAILGUN_API_URL": provider.url}
        done = run_manage("shell", "--no-imports", "-c", SENT, **chosen, DATA_DIR="/nonexistent", SECRET_KEY=LONG_KEY)

    assert done.returncode == 0, done.stderr
    assert [call.path for call in provider.calls] == ["/example.com/messages"]


def test_refuses_both_a_mail_server_and_a_provider() -> None:
    both = {"EMAIL_PROVIDER": "mailgun", "EMAIL_URL": "smtp://127.0.0.1:25"}
    done = run_manage("check", **both, DATA_DIR="/nonexistent", SECRET_KEY=LONG_KEY)

    assert done.returncode != 0
    assert "EMAIL_URL or EMAIL_PROVIDER, not both" in done.stderr

"""Bounces that a provider reports."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, tracking
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts.models import Membership
from accounts.users import rate_limits
from invites.imports.presentation.banners import banner_of
from invites.imports.selectors.summary import summary_of
from invites.invitations.actions import resend, revoke
from invites.invitations.links import renew_links
from invites.mailing.delivery_log import save_as_sent
from invites.models import Batch, EarlierLink, Invitation
from tests.files import csv_of

Run = Callable[..., Batch]
ADDRESS = "/webhooks/mailgun/tracking/"
SECRET = str(settings.ANYMAIL["WEBHOOK_SECRET"])
KEY = str(settings.ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"])
PERMANENT = {
    "event": "failed",
    "severity": "permanent",
    "reason": "generic",
    "delivery-status": {"code": 550, "message": "5.1.1 No such user here", "description": ""},
}


def report(
    invitation: Invitation,
    event: dict[str, Any],
    *,
    secret: str = SECRET,
    key: str = KEY,
    age: timedelta = timedelta(0),
) -> int:
    """Posts what Mailgun posts of the mail of that invitation; the status of the answer."""
    happened = (timezone.now() - age).timestamp()
    payload = {
        "signature": signature_of(str(int(happened)), key=key),
        "event-data": {
            "timestamp": happened,
            "recipient": invitation.email,
            "user-variables": {"invitation": invitation.token_hash},
            "message": {"headers": {"message-id": "1@mg.example.com"}},
            **event,
        },
    }
    return post(json.dumps(payload), secret=secret)


def signature_of(moment: str, *, key: str = KEY) -> dict[str, str]:
    token = "4fe3b4d2"
    signature = hmac.new(key.encode(), f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": moment, "token": token, "signature": signature}


def post(body: str | bytes, *, secret: str = SECRET) -> int:
    basic = b64encode(secret.encode()).decode()
    return Client().post(ADDRESS, body, "application/json", headers={"Authorization": f"Basic {basic}"}).status_code


@pytest.fixture
def batch(imported: Run) -> Batch:
    return imported(csv_of("ann@example.com", "ben@example.com", "zoe@example.com"))


@pytest.fixture
def ben(batch: Batch) -> Invitation:
    return Invitation.objects.get(email="ben@example.com")


@pytest.mark.servers
def test_shows_a_bounce_with_its_reason(batch: Batch, ben: Invitation, ines: Client) -> None:
    assert report(ben, PERMANENT) == 200

    ben.refresh_from_db()
    assert (ben.mail_state, ben.mail_detail) == (Invitation.Mail.BOUNCED, "5.1.1 No such user here")
    summary = summary_of(batch)
    assert (summary.invited, summary.bounced, summary.waiting_answer) == (3, 1, 2)
    page = ines.get(f"/o/acme/batches/{batch.pk}/?outcome=bounced").content.decode()
    assert "5.1.1 No such user here" in page


@pytest.mark.parametrize(("age", "is_noted"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
def test_a_report_older_than_a_day_changes_nothing(ben: Invitation, age: timedelta, is_noted: bool) -> None:
    before = ben.mail_state

    report(ben, PERMANENT, age=age)

    ben.refresh_from_db()
    assert ben.mail_state == (Invitation.Mail.BOUNCED if is_noted else before)


def test_a_report_of_the_future_changes_nothing(ben: Invitation) -> None:
    assert report(ben, PERMANENT, age=-timedelta(minutes=61)) == 200
    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT

    report(ben, PERMANENT, age=-timedelta(minutes=59))
    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.BOUNCED, "clocks differ"


@pytest.mark.parametrize("when", [None, "", "soon", "nan", "1e999", [], {}, 10**400])
def test_a_report_that_does_not_say_when_changes_nothing(ben: Invitation, when: object) -> None:
    assert report(ben, {**PERMANENT, "timestamp": when}) in (200, 400)

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT


def test_a_time_without_a_zone_is_taken_for_utc(ben: Invitation) -> None:
    event = AnymailTrackingEvent(
        event_type="bounced",
        timestamp=timezone.now().replace(tzinfo=None),
        recipient=ben.email,
        metadata={"invitation": ben.token_hash},
    )
    tracking.send(sender=None, event=event, esp_name="Some")

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.BOUNCED


NO_EVENTS: list[Any] = [None, [], "x", 7, {"event": []}, {"event": {}}]
NO_REPORTS: list[Any] = [
    *([], [[]], "report", 7, None, True, {}, {"signature": []}, {"signature": "x"}, {"signature": {"token": "a"}}),
    {"signature": {"timestamp": [], "token": {}, "signature": 7}},
    {"signature": {"timestamp": "\u00e9", "token": "\ud800", "signature": "\u00e9"}},
    *({"signature": signature_of("1"), "event-data": data} for data in NO_EVENTS),
]


@pytest.mark.parametrize("payload", NO_REPORTS, ids=lambda payload: json.dumps(payload)[:60])
def test_refuses_json_that_is_no_report(db: None, payload: Any) -> None:
    assert post(json.dumps(payload)) == 400


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5_000, b"NaN"])
def test_refuses_what_is_not_json(db: None, body: bytes) -> None:
    assert post(body) == 400


@pytest.mark.parametrize(
    "odd",
    [
        {"recipient": ["ben@example.com"]},
        {"recipient": {"a": 1}},
        {"user-variables": "text"},
        {"user-variables": [1]},
        {"delivery-status": {"code": 550, "message": ["no"], "description": {}}},
        {"delivery-status": "refused"},
        {"message": "none"},
        {"message": {"headers": []}},
        {"reject": 7},
        {"severity": []},
        {"tags": 7},
    ],
    ids=str,
)
def test_a_value_of_another_type_does_not_crash(ben: Invitation, odd: dict[str, Any]) -> None:
    assert report(ben, PERMANENT | odd) in (200, 400)


@pytest.mark.servers
@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 100_000])
def test_stores_any_text_of_a_report(ben: Invitation, text: str) -> None:
    assert report(ben, {**PERMANENT, "recipient": text}) == 200
    assert report(ben, {**PERMANENT, "user-variables": {"invitation": text}}) == 200
    status = {"code": 550, "message": text, "description": ""}
    assert report(ben, {**PERMANENT, "delivery-status": status}) == 200

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.BOUNCED
    assert len(ben.mail_detail) <= 300


def test_the_provider_retries_a_report_after_our_error(ben: Invitation, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_more: object) -> None:
        raise OperationalError

    monkeypatch.setattr("invites.receivers.note_bounce", fail)

    with pytest.raises(OperationalError):
        report(ben, PERMANENT)


def test_a_client_that_reports_too_often_is_refused_before_its_secret_is_checked(
    ben: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits.REPORTS_OF_CLIENT, "amount", 3)
    wrong = [Client().post(ADDRESS, "{}", "application/json", REMOTE_ADDR="198.51.100.7") for _ in range(5)]

    assert [answer.status_code for answer in wrong] == [400, 400, 400, 429, 429]
    assert wrong[-1]["Retry-After"] == "60"
    assert report(ben, PERMANENT) == 200, "the provider has another address"
    with travel(timezone.now() + timedelta(seconds=61)):
        again = Client().post(ADDRESS, "{}", "application/json", REMOTE_ADDR="198.51.100.7")
    assert again.status_code == 400, "the next minute starts at nothing"


def test_the_banner_says_how_many_bounced(batch: Batch, ben: Invitation) -> None:
    assert "bounced" not in banner_of(batch).text

    report(ben, PERMANENT)

    assert banner_of(batch).text == "From team.csv: 1 email bounced."


@pytest.mark.parametrize(
    "event",
    [
        {"event": "rejected", "reject": {"reason": "Suppressed"}},
        PERMANENT,
    ],
    ids=["by the provider", "by the recipient's server"],
)
def test_a_permanent_failure_is_a_bounce(ben: Invitation, event: dict[str, Any]) -> None:
    report(ben, event)

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.BOUNCED
    assert ben.mail_detail


@pytest.mark.parametrize(
    "event",
    [{"event": "delivered"}, {"event": "opened"}, {**PERMANENT, "severity": "temporary"}, {"event": "complained"}],
    ids=["delivered", "opened", "put off", "complained"],
)
def test_other_events_change_nothing(ben: Invitation, event: dict[str, Any]) -> None:
    assert report(ben, event) == 200

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT


@pytest.mark.parametrize("wrong", [{"secret": "provider:guessed-by-somebody"}, {"key": "another"}])
def test_refuses_reports_without_the_secret(ben: Invitation, wrong: dict[str, Any]) -> None:
    assert report(ben, PERMANENT, **wrong) == 400

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT


def test_a_bounce_of_an_old_email_does_not_affect_the_resent_one(ben: Invitation, admin_membership: Membership) -> None:
    old = Invitation.objects.get(pk=ben.pk)
    Invitation.objects.filter(pk=ben.pk).update(mail_finished_at=timezone.now() - timedelta(hours=1))
    ben.refresh_from_db()
    resend(admin_membership, ben)

    assert report(old, PERMANENT) == 200

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.QUEUED
    earlier = EarlierLink.objects.get()
    assert (earlier.mail_state, earlier.mail_detail) == (Invitation.Mail.BOUNCED, "5.1.1 No such user here")
    assert earlier.bounced_at is not None


@pytest.mark.servers
def test_an_email_that_was_accepted_while_its_link_was_renewed_counts_as_sent(
    ben: Invitation, admin_membership: Membership
) -> None:
    old = ben.token_hash
    Invitation.objects.filter(pk=ben.pk).update(mail_state=Invitation.Mail.QUEUED, mail_finished_at=None)
    renew_links([ben.pk], by=admin_membership.user, now=timezone.now())

    save_as_sent([old])

    ben.refresh_from_db()
    earlier = EarlierLink.objects.get()
    assert (earlier.mail_state, ben.mail_state) == (Invitation.Mail.SENT, Invitation.Mail.QUEUED)
    assert earlier.mail_finished_at is not None


@pytest.mark.servers
@pytest.mark.parametrize("state", [Invitation.State.ACCEPTED, Invitation.State.REVOKED])
def test_a_closed_invitation_does_not_change(ben: Invitation, state: str) -> None:
    Invitation.objects.filter(pk=ben.pk).update(state=state)

    report(ben, PERMANENT)

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT


def test_a_bounce_from_a_forwarding_address_does_not_count(ben: Invitation) -> None:
    report(ben, {**PERMANENT, "recipient": "other@example.net"})

    ben.refresh_from_db()
    assert ben.mail_state == Invitation.Mail.SENT


def test_a_bounced_address_can_be_imported_again_after_it_was_revoked(
    ben: Invitation, admin_membership: Membership, run: Run
) -> None:
    report(ben, PERMANENT)
    revoke(admin_membership, ben)

    assert summary_of(run(csv_of("ben@example.com"))).invited == 1

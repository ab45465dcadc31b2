"""The settings of the invitation email, and the confirmation of a reply-to address."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization
from accounts.users import rate_limits
from invites.invitations.tokens import derive_token
from invites.mailing.content import EmailSettings
from invites.mailing.email_settings import (
    change_email_settings,
    confirm_reply_to,
    find_reply_to_request,
    renew_reply_to_request,
)
from invites.mailing.reply_to_email import send_reply_to_link
from invites.models import ReplyToRequest
from tests.rules import domain_error

CHOSEN = EmailSettings(sender_name="Acme Energy", message="Questions?\nCall 4100.", language="en")
HELP = "help@example.com"


def entries() -> list[dict[str, Any]]:
    return list(
        ActivityEntry.objects.filter(action=Action.SETTINGS_CHANGED).order_by("pk").values_list("details", flat=True)
    )


def token_of(request: ReplyToRequest | None) -> str:
    assert request is not None
    return derive_token(request.token_seed)


def test_saves_the_settings_and_records_what_has_changed(by: Membership, acme: Organization) -> None:
    change_email_settings(by, CHOSEN)
    change_email_settings(by, CHOSEN)

    acme.refresh_from_db()
    assert EmailSettings.of(acme) == CHOSEN
    assert entries() == [
        {
            "before": {"email_sender_name": "", "email_message": ""},
            "after": {"email_sender_name": "Acme Energy", "email_message": "Questions?\nCall 4100."},
        }
    ]


def test_the_name_of_the_organization_as_sender_name_follows_it(by: Membership, acme: Organization) -> None:
    change_email_settings(by, replace(CHOSEN, sender_name="Acme"))

    acme.refresh_from_db()
    assert acme.email_sender_name == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender_name": "a<b"},
        {"message": "see evil.com"},
        {"message": "a" * 501},
        {"reminder_days_after": 14},
        {"reminder_days_before": 0},
    ],
)
def test_refuses_what_the_form_would_refuse(by: Membership, acme: Organization, wrong: dict[str, Any]) -> None:
    with domain_error("bad_value"):
        change_email_settings(by, replace(CHOSEN, **wrong))

    acme.refresh_from_db()
    assert EmailSettings.of(acme).message == ""


def test_needs_the_permission_at_that_moment(by: Membership, acme: Organization) -> None:
    by.roles.set([acme.roles.get(name="ReadOnly")])

    with domain_error("not_allowed"):
        change_email_settings(by, CHOSEN)
    with domain_error("not_allowed"):
        renew_reply_to_request(by)


def test_an_address_is_used_once_its_owner_has_confirmed_it(by: Membership, acme: Organization) -> None:
    request = change_email_settings(by, replace(CHOSEN, reply_to=HELP))

    acme.refresh_from_db()
    assert acme.email_reply_to == ""
    token = token_of(request)
    assert token not in str(ReplyToRequest.objects.values())

    confirmed = confirm_reply_to(token)

    assert confirmed is not None
    acme.refresh_from_db()
    assert acme.email_reply_to == HELP
    assert confirm_reply_to(token) is None, "It works once."
    assert entries()[1:] == [
        {"after": {"reply_to_requested": HELP}},
        {"before": {"email_reply_to": ""}, "after": {"email_reply_to": HELP}},
    ]
    assert token not in str(entries())


def test_the_confirmed_address_stays_until_another_is_confirmed(by: Membership, acme: Organization) -> None:
    confirm_reply_to(token_of(change_email_settings(by, replace(CHOSEN, reply_to=HELP))))

    other = change_email_settings(by, replace(CHOSEN, reply_to="other@example.com"))

    acme.refresh_from_db()
    assert acme.email_reply_to == HELP
    assert change_email_settings(by, replace(CHOSEN, reply_to="other@example.com")) is None, "It was sent already."
    # Back to the confirmed one.
    assert change_email_settings(by, replace(CHOSEN, reply_to=HELP)) is None
    assert confirm_reply_to(token_of(other)) is None


def test_without_an_address_replies_go_to_the_inviter_at_once(by: Membership, acme: Organization) -> None:
    confirm_reply_to(token_of(change_email_settings(by, replace(CHOSEN, reply_to=HELP))))
    other = change_email_settings(by, replace(CHOSEN, reply_to="other@example.com"))

    change_email_settings(by, CHOSEN)

    acme.refresh_from_db()
    assert acme.email_reply_to == ""
    assert find_reply_to_request(token_of(other)) is None


def test_a_link_expires_and_can_be_resent(by: Membership, acme: Organization) -> None:
    token = token_of(change_email_settings(by, replace(CHOSEN, reply_to=HELP)))
    ReplyToRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert confirm_reply_to(token) is None

    assert token_of(renew_reply_to_request(by)) == token

    assert find_reply_to_request(token) is not None
    assert find_reply_to_request("another") is None


def test_the_email_has_the_link_and_says_who_asks(by: Membership, acme: Organization, settings: Any) -> None:
    Organization.objects.filter(pk=acme.pk).update(name="Acme (evil.com)")
    by.refresh_from_db()
    request = change_email_settings(by, replace(CHOSEN, reply_to=HELP))
    assert request is not None

    send_reply_to_link(request)

    (message,) = mail.outbox
    assert message.to == [HELP]
    (link,) = re.findall(r"http\S+", str(message.body))
    assert link == f"{settings.BASE_URL}/reply-to/{token_of(request)}/"
    assert "Ines Martin wants replies" in message.body
    assert "evil.com" not in f"{message.subject} {message.body} {message.alternatives[0].content}"  # type: ignore[attr-defined]


def test_nobody_gets_the_link_too_often(by: Membership) -> None:
    request = change_email_settings(by, replace(CHOSEN, reply_to=HELP))
    assert request is not None

    for _each in range(rate_limits.REPLY_TO_LINKS_OF_ORGANIZATION.amount):
        send_reply_to_link(request)
    with domain_error("too_many"):
        send_reply_to_link(request)

    assert len(mail.outbox) == rate_limits.REPLY_TO_LINKS_OF_ORGANIZATION.amount

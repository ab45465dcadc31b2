"""Previews and tests of what is typed in a form."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Organization, Role, Site
from invites.models import Invitation
from tests.pages import HTMX, words_of

SETTINGS = "/o/acme/settings/email/"
INVITE = "/o/acme/invite/"


@pytest.fixture
def typed(acme: Organization, sites: list[Site]) -> dict[str, Any]:
    role = Role.objects.get(organization=acme, name="ReadOnly").pk
    person = {"email": "chiara@people.example.com", "first_name": "Chiara", "last_name": "Rossi"}
    return {**person, "roles": [role], "sites": [sites[0].pk], "message": "See you on Tuesday."}


def test_a_preview_can_run_load_and_send_nothing(ines: Client) -> None:
    answer = ines.get(f"{SETTINGS}preview/")

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "'self'" not in policy.replace("frame-ancestors 'self'", "")
    assert "sandbox allow-same-origin" in policy
    assert "allow-scripts" not in policy
    assert "form-action 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_shows_the_saved_settings_and_then_what_is_typed(ines: Client, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(email_message="Saved.")

    assert "From Acme Saved." in words_of(ines.get(f"{SETTINGS}preview/"))
    words = words_of(ines.post(f"{SETTINGS}preview/", {"sender_name": "Energy", "message": "Typed <b>\r\nhere"}))

    assert "Energy via Rollcall" in words
    assert "Typed <b> here" in words
    acme.refresh_from_db()
    assert acme.email_message == "Saved."


def test_a_preview_never_complains(ines: Client) -> None:
    wrong = {"sender_name": "<\n>", "reply_to": "x", "message": "evil.com " * 5_000, "language": "xx", "roles": "x"}

    for path in (f"{SETTINGS}preview/", f"{INVITE}preview/"):
        for data in ({}, wrong, wrong | {"email": "<\n>", "first_name": "x" * 9_000}):
            answer = ines.post(path, data)
            assert answer.status_code == 200
            assert "evil.com" not in answer.content.decode(), "Nothing in it becomes a link."


def test_the_invitation_of_a_person_and_of_an_import(ines: Client, typed: dict[str, Any], sites: list[Site]) -> None:
    words = words_of(ines.post(f"{INVITE}preview/", typed))
    assert "Hi Chiara , Ines Martin has invited you" in words
    assert f"ReadOnly for {sites[0].name}" in words
    assert "From Ines Martin See you on Tuesday." in words

    of_import = {name: typed[name] for name in ("roles", "sites", "message")}
    assert "From Ines Martin See you on Tuesday." in words_of(ines.post(f"{INVITE}preview/", of_import))
    assert "first name" in words_of(ines.post(f"{INVITE}preview/", typed | {"first_name": " "}))


def test_the_link_expires_after_the_time_that_is_chosen(ines: Client, typed: dict[str, Any]) -> None:
    now = timezone.now()
    later = now + timedelta(days=30)
    chosen = {"send": "later", "send_date": later.date().isoformat(), "send_time": "12:00"}
    soon, late = (date_format(sent + timedelta(days=14)) for sent in (now, later))

    assert f"The link works until {soon}" in words_of(ines.post(f"{INVITE}preview/", typed))
    assert f"The link works until {soon}" in words_of(ines.post(f"{INVITE}preview/", typed | chosen | {"send": "now"}))
    assert f"The link works until {late}" in words_of(ines.post(f"{INVITE}preview/", typed | chosen))
    ines.post(f"{INVITE}test/", typed | chosen, headers=HTMX)
    assert f"The link works until {late}." in mail.outbox[0].body


def test_roles_of_another_organization_are_not_shown(ines: Client, typed: dict[str, Any], globex: Organization) -> None:
    secret = Role.objects.create(organization=globex, name="Secret role")
    hidden = Site.objects.create(organization=globex, name="Secret site")

    for name, value in (("roles", secret.pk), ("sites", hidden.pk)):
        answer = ines.post(f"{INVITE}preview/", typed | {name: [value]})
        assert "Secret" not in answer.content.decode()


def test_a_test_goes_to_oneself_and_invites_nobody(ines: Client, typed: dict[str, Any]) -> None:
    assert "Test sent. Check your inbox." in words_of(ines.post(f"{INVITE}test/", typed, headers=HTMX))
    page = words_of(ines.post(f"{SETTINGS}test/", {"sender_name": "Energy", "message": "Typed.", "language": "en"}))
    assert "Test sent" in page
    assert "Close this tab" in page

    assert [message.to for message in mail.outbox] == [["admin@example.com"]] * 2
    assert "See you on Tuesday." in mail.outbox[0].body
    assert "Typed." in mail.outbox[1].body
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(("path", "wrong"), [(SETTINGS, {"reply_to": "x"}), (INVITE, {}), (SETTINGS, {})])
def test_no_test_has_what_no_invitation_could_have(ines: Client, path: str, wrong: dict[str, str]) -> None:
    typed = {"sender_name": "Energy", "message": "See evil.com", "language": "en"}

    words = words_of(ines.post(f"{path}test/", typed | wrong, headers=HTMX))

    assert ("Enter an address such as help@company.com." if wrong else "Remove “evil.com”.") in words
    assert mail.outbox == []


def test_says_when_there_were_too_many(ines: Client, typed: dict[str, Any]) -> None:
    for _each in range(5):
        ines.post(f"{INVITE}test/", typed, headers=HTMX)

    assert "Too many tests. Try again in" in words_of(ines.post(f"{INVITE}test/", typed, headers=HTMX))
    settings = {"sender_name": "Energy", "language": "en"}
    assert "Too many tests. Try again in" in words_of(ines.post(f"{SETTINGS}test/", settings))

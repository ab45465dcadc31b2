"""Declining an invitation and reporting abuse: two links in every email, a page with a button, and what follows."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Site, User
from invites.invitations import actions
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.allowed_domains import change_allowed_domains
from invites.invitations.blocking import lift_block
from invites.invitations.declining import decline, report_abuse
from invites.invitations.invite import invite_person
from invites.invitations.may_be_invited import declined_text
from invites.invitations.tokens import fingerprint, hash_token, opt_out_token
from invites.models import Batch, BlockedAddress, Invitation
from tests.concurrency import at_once, unexpected
from tests.files import csv_of
from tests.invites.directory.bulk.helpers import resend_all, revoke_all
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of, token_of
from tests.pages import text_of
from tests.rules import domain_error

State = Invitation.State
DECLINE, REPORT = "/invitation/decline/", "/invitation/report/"
BLOCKED = "This address doesn’t accept invitations."


def opt_out_of(invitation: Invitation) -> str:
    return opt_out_token(invitation.pk, invitation.email_key)


def opened(invitation: Invitation, what: str, client: Client | None = None) -> Client:
    """A client that has followed a link at the foot of the email."""
    client = client or Client()
    page = client.get(f"/i/{what}/{opt_out_of(invitation)}/")
    assert (page.status_code, page["Location"]) == (302, f"/invitation/{what}/")
    return client


def pressed(invitation: Invitation, what: str) -> str:
    """The text of the page after its button was pressed."""
    page = opened(invitation, what).post(f"/invitation/{what}/", {"shown_for": fingerprint(opt_out_of(invitation))})
    assert page.status_code == 200
    return text_of(page.content.decode())


def state_of(invitation: Invitation) -> str:
    return Invitation.objects.values_list("state", flat=True).get(pk=invitation.pk)


# --- The links --------------------------------------------------------------------------------------


def test_every_email_has_both_links_as_text_and_html(invite: Invite, acme: Organization, by: Membership) -> None:
    invitation = invite(mailed=False)
    first = deliver(acme)
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    actions.resend(by, invitation)

    for message in (*first, *deliver(acme)):
        html = str(message.alternatives[0].content)  # type: ignore[attr-defined]
        for what in ("decline", "report"):
            link = f"/i/{what}/{opt_out_of(invitation)}/"
            assert message.body.count(link) == html.count(link) == 1
        assert "Decline this invitation" in message.body
        assert "Report abuse" in message.body
        assert "List-Unsubscribe" not in message.extra_headers


def test_the_links_say_nothing_about_the_link_that_accepts(invite: Invite) -> None:
    invitation = invite()
    opt_out = opt_out_of(invitation)

    for secret in (token_of(invitation), invitation.token_seed, invitation.token_hash):
        assert secret not in opt_out
    assert hash_token(opt_out) != invitation.token_hash
    Client().get(f"/i/{opt_out}/")
    assert Client().get("/invitation/").status_code == 404


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + "A" * (t[-1] != "A"), lambda t: "9" + t, lambda t: "", str.upper]
)
@pytest.mark.parametrize("what", ["decline", "report"])
def test_a_changed_token_leads_nowhere(invite: Invite, change: Callable[[str], str], what: str) -> None:
    invitation = invite()
    client = Client()
    token = change(opt_out_of(invitation)) or "1-x"
    if token == opt_out_of(invitation):
        token = token[:-1] + "B"
    client.get(f"/i/{what}/{token}/")

    page = client.post(f"/invitation/{what}/", {"shown_for": fingerprint(token)})

    assert page.status_code == 404
    assert invitation.organization.name not in page.content.decode()
    assert (state_of(invitation), BlockedAddress.objects.count()) == (State.PENDING, 0)


def test_a_link_to_an_address_that_was_corrected_since_leads_nowhere(invite: Invite) -> None:
    invitation = invite()
    client = opened(invitation, "decline")
    Invitation.objects.filter(pk=invitation.pk).update(email="right@example.com", email_key="right@example.com")

    assert client.get(DECLINE).status_code == 404
    assert client.get(REPORT).status_code == 404


@pytest.mark.parametrize("what", ["decline", "report"])
def test_links_work_with_a_former_secret_key_until_it_is_removed(invite: Invite, what: str, settings: Any) -> None:
    invitation = invite()
    token, former = opt_out_of(invitation), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new key", ["another one", former]

    def status() -> int:
        client = Client()
        client.get(f"/i/{what}/{token}/")
        return client.get(f"/invitation/{what}/").status_code

    assert token != opt_out_of(invitation)
    assert status() == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert status() == 404


@pytest.mark.parametrize("what", ["decline", "report"])
def test_opening_the_link_and_the_page_changes_nothing(invite: Invite, what: str) -> None:
    invitation = invite()
    before = Invitation.objects.values().get()
    client = opened(invitation, what)

    assert client.get(f"/invitation/{what}/").status_code == 200
    assert client.head(f"/invitation/{what}/").status_code == 200
    assert client.put(f"/invitation/{what}/").status_code == 405
    assert Invitation.objects.values().get() == before
    assert BlockedAddress.objects.count() == 0


@pytest.mark.parametrize("what", ["decline", "report"])
def test_the_token_stays_out_of_the_log_and_of_referrers(
    invite: Invite, what: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    invitation = invite()
    token = opt_out_of(invitation)
    with caplog.at_level(logging.DEBUG):
        page = Client().get(f"/i/{what}/{token}/")
        shown = opened(invitation, what).get(f"/invitation/{what}/")

    said = capsys.readouterr()
    assert token not in said.out + said.err
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in shown["Cache-Control"]
    assert token not in shown.content.decode()
    assert not re.findall(r'(?:src|href)="https?://', shown.content.decode())
    cookie = page.cookies["opt_out"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/invitation/", True, "Lax")


@pytest.mark.parametrize("what", ["decline", "report"])
def test_a_form_of_another_link_changes_nothing(invite: Invite, what: str) -> None:
    mine, other = invite(), invite("other@people.example.com")
    client = opened(mine, what)
    opened(other, what, client)

    page = client.post(f"/invitation/{what}/", {"shown_for": fingerprint(opt_out_of(mine))})

    assert page.status_code == 409
    assert "You opened another invitation in the meantime." in text_of(page.content.decode())
    assert {state_of(mine), state_of(other)} == {State.PENDING}
    assert BlockedAddress.objects.count() == 0


# --- Declining --------------------------------------------------------------------------------------


@pytest.mark.parametrize("expired", [False, True])
def test_declining_ends_the_invitation_and_is_recorded(invite: Invite, acme: Organization, expired: bool) -> None:
    invitation = invite(expired=expired)

    said = pressed(invitation, "decline")

    assert "You declined the invitation to Acme" in said
    invitation.refresh_from_db()
    assert invitation.state == State.DECLINED
    assert invitation.closed_at is not None
    entry = ActivityEntry.objects.get(action="declined")
    assert (entry.organization_id, entry.affected_email, entry.actor_id) == (acme.pk, invitation.email, None)
    dead = Client()
    dead.get(link_of(invitation))
    assert dead.get("/invitation/").status_code == 404


@pytest.mark.parametrize(("date", "told"), [((2025, 12, 30), "on Dec 30, 2025."), ((2026, 1, 2), "on Jan 2.")])
def test_says_in_which_year_it_was_declined(invite: Invite, date: tuple[int, int, int], told: str) -> None:
    invitation = invite()
    invitation.closed_at = datetime(*date, 12, tzinfo=UTC)

    with time_machine.travel(datetime(2026, 6, 1, tzinfo=UTC)):
        assert declined_text(invitation, "ann@example.com").endswith(told)


def test_declining_twice_says_the_same_and_is_recorded_once(invite: Invite) -> None:
    invitation = invite()

    assert pressed(invitation, "decline") == pressed(invitation, "decline")
    assert "You declined" in text_of(opened(invitation, "decline").get(DECLINE).content.decode())
    assert ActivityEntry.objects.filter(action="declined").count() == 1


def test_an_email_that_waits_is_not_sent_after_declining(invite: Invite, acme: Organization) -> None:
    invitation = invite(mailed=False)

    decline(opt_out_of(invitation))

    assert deliver(acme) == []


def test_the_link_of_an_earlier_email_declines_the_current_invitation(invite: Invite, acme: Organization) -> None:
    old = invite(expired=True)
    new = invite(by_service=True)
    assert state_of(old) == State.REPLACED

    assert "You declined" in pressed(old, "decline")
    assert state_of(new) == State.DECLINED
    assert "You declined" in pressed(old, "decline")


@pytest.mark.parametrize("state", [State.ACCEPTED, State.REVOKED])
def test_what_was_accepted_or_revoked_cannot_be_declined(invite: Invite, state: str) -> None:
    invitation = invite()
    Invitation.objects.update(state=state)

    page = opened(invitation, "decline").get(DECLINE)

    assert page.status_code == 404
    assert "There’s nothing to decline." in text_of(page.content.decode())
    assert "Acme" not in page.content.decode()
    with domain_error("dead_link"):
        decline(opt_out_of(invitation))
    assert state_of(invitation) == state


def test_a_declined_invitation_cannot_be_resent_or_revoked(invite: Invite, by: Membership) -> None:
    invitation = invite()
    decline(opt_out_of(invitation))

    for act in (actions.resend, actions.revoke):
        with domain_error("not_pending"):
            act(by, invitation)
    for outcomes in (resend_all(by, Invitation.objects.all()), revoke_all(by, Invitation.objects.all())):
        assert outcomes == {"declined": 1}
    assert state_of(invitation) == State.DECLINED


@pytest.mark.parametrize("kept", [[], ["Lyon depot"]], ids=["no site", "no role"])
def test_what_has_lost_its_roles_or_its_sites_is_not_offered_again(
    invite: Invite, by: Membership, kept: list[str]
) -> None:
    invitation = invite()
    decline(opt_out_of(invitation))
    grant = invitation.grant
    grant.sites.set(grant.sites.filter(name__in=kept))
    grant.roles.set(grant.roles.none() if kept else grant.roles.all())

    with domain_error("gone", match="Choose Invite users, and select new ones."):
        actions.invite_again(by, invitation)
    assert state_of(invitation) == State.DECLINED


def test_an_address_that_is_no_longer_allowed_is_not_invited_again(invite: Invite, by: Membership) -> None:
    invitation = invite()
    decline(opt_out_of(invitation))
    change_allowed_domains(by, ["company.example.com"], Organization.OtherDomains.REJECTED)

    with domain_error("domain_not_allowed"):
        actions.invite_again(by, invitation)
    change_allowed_domains(by, ["company.example.com"], Organization.OtherDomains.WARNED)
    actions.invite_again(by, invitation)
    assert state_of(invitation) == State.PENDING


def test_nobody_is_invited_again_by_an_import_that_is_being_undone(run: Callable[..., Batch], by: Membership) -> None:
    batch = run(csv_of("ann@example.com", "ben@example.com"))
    invitation = batch.invitations.get(email="ann@example.com")
    decline(opt_out_of(invitation))
    Batch.objects.update(is_being_undone=True)

    with domain_error("moved_on"):
        actions.invite_again(by, invitation)
    assert state_of(invitation) == State.DECLINED


# --- Reporting abuse --------------------------------------------------------------------------------


def test_reporting_stops_invitations_of_every_organization(
    invite: Invite, acme: Organization, outsider: User, by: Membership
) -> None:
    reported = invite()
    waiting = invite("chiara.rossi@people.example.com", by=outsider.memberships.get(), sites=None, mailed=False)

    said = pressed(reported, "report")

    assert "No organization can send invitations to chiara.rossi@people.example.com anymore." in said
    block = BlockedAddress.objects.get()
    assert (block.email_key, block.organization, block.inviter) == (reported.email_key, acme, by.user)
    assert deliver(waiting.organization) == []
    for invitation in (reported, waiting):
        invitation.refresh_from_db()
        assert (invitation.state, invitation.mail_state) == (State.PENDING, Invitation.Mail.FAILED)
        assert invitation.mail_detail == "address_blocked"
    assert not ActivityEntry.objects.filter(action__contains="report").exists()


def test_an_address_that_reported_abuse_cannot_be_invited_or_emailed_again(
    invite: Invite, by: Membership, acme: Organization
) -> None:
    invitation = invite()
    report_abuse(opt_out_of(invitation))

    with domain_error("too_soon", match=BLOCKED):
        actions.resend(by, invitation)
    assert resend_all(by, Invitation.objects.all()) == {"blocked": 1}
    actions.revoke(by, invitation)
    with domain_error("address_blocked", match=BLOCKED):
        invite("Chiara.Rossi@people.example.com", by_service=True)
    assert Invitation.objects.count() == 1


def test_an_email_that_a_worker_is_about_to_send_is_stopped(invite: Invite, acme: Organization) -> None:
    invitation = invite(mailed=False)
    BlockedAddress.objects.create(email_key=invitation.email_key)

    assert deliver(acme) == []
    invitation.refresh_from_db()
    assert (invitation.mail_state, invitation.mail_detail) == (Invitation.Mail.FAILED, "address_blocked")


def test_reporting_twice_blocks_once(invite: Invite) -> None:
    invitation = invite()

    assert pressed(invitation, "report") == pressed(invitation, "report")
    assert BlockedAddress.objects.count() == 1


@pytest.mark.parametrize("state", State.values)
def test_abuse_can_be_reported_in_every_state(invite: Invite, state: str) -> None:
    invitation = invite()
    Invitation.objects.update(state=state)

    assert "You reported this invitation" in pressed(invitation, "report")


def test_an_operator_lifts_the_block(invite: Invite, by: Membership, outsider: User) -> None:
    invitation = invite()
    report_abuse(opt_out_of(invitation))
    block = BlockedAddress.objects.get()

    assert lift_block(block, by=outsider)

    assert not lift_block(block, by=outsider)
    block.refresh_from_db()
    assert block.lifted_by == outsider
    actions.resend(by, invitation)
    report_abuse(opt_out_of(invitation))
    assert BlockedAddress.objects.count() == 2


# --- At the same time -------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_accepting_and_declining_at_once_has_one_result(invite: Invite, turn: int) -> None:
    invitation = invite()
    account = NewAccount("Chiara", "Rossi", "a few plain words")

    errors = at_once(
        lambda: accept_with_new_account(invitation.token_hash, account), lambda: decline(opt_out_of(invitation))
    )

    accepted, declined = (not isinstance(error, Exception) for error in errors)
    assert accepted != declined, errors
    assert state_of(invitation) == (State.ACCEPTED if accepted else State.DECLINED)
    assert Membership.objects.filter(user__email=invitation.email_key).exists() == accepted


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_declining_while_it_is_resent_sends_nothing(
    invite: Invite, by: Membership, acme: Organization, turn: int
) -> None:
    invitation = invite()

    errors = at_once(lambda: decline(opt_out_of(invitation)), lambda: actions.resend(by, invitation))

    assert not isinstance(errors[0], Exception), errors
    assert state_of(invitation) == State.DECLINED
    assert deliver(acme) == []


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_declining_while_the_address_is_invited_again_emails_nobody(
    invite: Invite, by: Membership, acme: Organization, sites: list[Site], turn: int
) -> None:
    invitation = invite(expired=True)
    selection = selection_of(acme, "ReadOnly", sites=sites[:1])
    names = {"first_name": "Chiara", "last_name": "Rossi", "description": ""}

    errors = at_once(
        lambda: decline(opt_out_of(invitation)),
        lambda: invite_person(by, email=invitation.email, selection=selection, **names),
    )

    assert not isinstance(errors[0], Exception), errors
    states = set(Invitation.objects.values_list("state", flat=True))
    assert not unexpected(errors), errors
    replaced = set() if isinstance(errors[1], Exception) else {State.REPLACED}
    assert states == {State.DECLINED} | replaced
    assert deliver(acme) == []


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_reporting_while_an_email_is_sent_stops_the_next_one(
    invite: Invite, by: Membership, acme: Organization, turn: int
) -> None:
    invitation = invite(mailed=False)

    errors = at_once(lambda: report_abuse(opt_out_of(invitation)), lambda: deliver(acme))

    assert not unexpected(errors), errors
    invitation.refresh_from_db()
    assert (invitation.mail_state, invitation.mail_detail) == (Invitation.Mail.FAILED, "address_blocked")
    Invitation.objects.update(mail_finished_at=timezone.now() - timedelta(hours=1))
    with domain_error("too_soon", match=BLOCKED):
        actions.resend(by, invitation)
    assert deliver(acme) == []

"""The history of a person: what it has, in which words, and for whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.db.models.deletion import Collector
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import about_member, record
from accounts.activity.source import Source, coming_from
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import (
    MemberDetails,
    change_membership,
    deactivate_membership,
    reactivate_membership,
)
from invites.checking import Cells
from invites.directory.bulk.change import BulkChange, Mode
from invites.directory.bulk.change import Kind as BulkKind
from invites.directory.bulk.start import start_undo
from invites.directory.history.presentation.emails import why_not_delivered
from invites.directory.history.presentation.items import items_of, items_to_come
from invites.directory.history.timeline import PER_PAGE, find_history, invitations_of, with_history
from invites.imports.declined import invite_declined
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.actions import resend, revoke
from invites.invitations.change import change_invitation
from invites.invitations.declining import decline
from invites.invitations.requests import ask_for_invitation, dismiss_request
from invites.invitations.tokens import opt_out_token
from invites.mailing.bounces import note_bounce
from invites.models import Batch, EarlierLink, Invitation
from tests.files import csv_of
from tests.invites.directory.bulk.helpers import finish, resend_all, start_for
from tests.invites.invitations.helpers import Invite, deliver, link_of, selection_of
from tests.plans import plan_of

ClientOf = Callable[[User | None], Client]
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Mobile/15E148 Safari/604.1"
)
THERE = Source("page", ip="203.0.113.24", user_agent=IPHONE)
MARK = "<b><bdi>"


def plain(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def history(person: Membership | Invitation, viewer: Membership, start: int = 0) -> list[str]:
    """The sentences, each with its notes."""
    organization = viewer.organization
    if isinstance(person, Membership):
        found = find_history(organization, invitations_of(person.user, organization), person, start=start)
        name = person.get_full_name()
    else:
        invitation = with_history(Invitation.objects.filter(pk=person.pk)).get()
        found = find_history(organization, [invitation], start=start)
        name = invitation.full_name
    items = items_of(found, viewer, name)
    return [
        " | ".join([plain(item.text), *map(plain, item.notes), *filter(None, [item.access, item.reply])])
        for item in items
    ]


def accept(invitation: Invitation) -> Membership:
    return accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))


def test_from_the_invitation_to_today(
    client_of: ClientOf, by: Membership, acme: Organization, sites: list[Site], invite: Invite
) -> None:
    invitation = invite()
    joined = accept(invitation)
    read_only, auditor = Role.objects.get(name="ReadOnly"), Role.objects.create(organization=acme, name="Auditor")
    joined = change_membership(by, joined, AccessSelection.of([read_only, auditor], sites[:2]))
    joined = change_membership(by, joined, AccessSelection.of([auditor], sites))
    deactivate_membership(by, joined)
    reactivate_membership(by, joined)
    client = client_of(joined.user)
    client.get("/o/acme/", headers={"User-Agent": IPHONE})

    assert history(joined, by) == [
        f"Signed in | Safari on iPhone, 127.0.0.1. 1 sign-in since {today()}.",
        "Ines Martin reactivated Chiara Rossi",
        "Ines Martin deactivated Chiara Rossi | They lost access immediately. Roles and sites are kept.",
        "Ines Martin changed roles and sites | Added Turin. | Removed ReadOnly.",
        "Ines Martin added the role Auditor",
        "Accepted the invitation",
        "Invited by Ines Martin | ReadOnly for Ghent and Lyon depot",
        "Email delivered | To chiara.rossi@people.example.com",
    ]


def today() -> str:
    local = timezone.localtime()
    return f"{local:%b} {local.day}"


def test_names_and_description_of_a_member(by: Membership, member_membership: Membership) -> None:
    held = AccessSelection.held_by(member_membership)
    for details in (
        MemberDetails("Mara", "Conti", "Day shift"),
        MemberDetails("Mara", "Berg", "Day shift"),
        MemberDetails("Mara", "Berg", "Night shift"),
        MemberDetails("Maria", "Berg", ""),
    ):
        member_membership = change_membership(by, member_membership, held, details=details)
    change_membership(by, member_membership, held, details=details)

    assert history(member_membership, by) == [
        "Ines Martin changed the details | First name: Maria. It was Mara. | Description removed. It was Night shift.",
        "Ines Martin changed the description | Description: Night shift. It was Day shift.",
        "Ines Martin changed the name | Last name: Berg. It was Conti.",
        "Ines Martin changed the description | Description: Day shift",
        "Became a member",
    ]


def test_names_are_escaped(by: Membership, member_membership: Membership) -> None:
    details = MemberDetails("<i>Mara</i>", "{who}", "<script>")
    held = AccessSelection.held_by(member_membership)
    joined = change_membership(by, member_membership, held, details=details)
    found = find_history(by.organization, [], joined)

    (changed, _became) = items_of(found, by, joined.get_full_name())

    assert [note for note in changed.notes if "<i>" in note or "<script" in note] == []
    assert "Last name: {who}. It was Conti." in map(plain, changed.notes)


@pytest.mark.servers
def test_emails_that_bounced_and_were_resent(by: Membership, acme: Organization, invite: Invite) -> None:
    invitation = invite(mailed=False)
    deliver(acme)
    reply = "550 5.1.2 chiara.rossi@people.example.com: Recipient address rejected: Domain not found"
    note_bounce(invitation.token_hash, email=invitation.email, reason=reply)
    change_invitation(by, invitation, selection_of(acme, "ReadOnly"), cells=cells(invitation, email="c@b.example.com"))
    deliver(acme)
    Invitation.objects.update(mail_finished_at=timezone.now() + timedelta(seconds=1))

    assert history(invitation, by) == [
        "Email delivered | To c@b.example.com",
        "Ines Martin corrected the address and resent the invitation | It was chiara.rossi@people.example.com."
        " | Added all sites. | Removed Ghent and Lyon depot.",
        f"Email bounced: the domain doesn’t exist | To chiara.rossi@people.example.com | {reply}",
        "Invited by Ines Martin | ReadOnly for Ghent and Lyon depot",
    ]


def test_what_was_changed_together_with_the_address(by: Membership, acme: Organization, invite: Invite) -> None:
    invitation, auditor = invite(sites=None), Role.objects.create(organization=acme, name="Auditor")
    everyone = AccessSelection.of([*invitation.grant.roles.all(), auditor], all_sites=True)
    corrected = cells(invitation, email="c@b.example.com", first_name="Clara")
    change_invitation(by, invitation, everyone, cells=corrected)
    change_invitation(by, invitation, everyone, cells=corrected._replace(email="d@b.example.com"))

    assert history(invitation, by)[:2] == [
        "Ines Martin corrected the address and resent the invitation | It was c@b.example.com.",
        "Ines Martin corrected the address and resent the invitation | It was chiara.rossi@people.example.com."
        " | Added Auditor. | First name: Clara. It was Chiara.",
    ]


def test_who_invited_people_who_had_declined(
    by: Membership, colleague: Membership, invite: Invite, run: Callable[..., Batch]
) -> None:
    earlier = invite("bo@example.com")
    decline(opt_out_token(earlier.pk, earlier.email_key))
    batch = run(csv_of("bo@example.com,Bo,Ek", "di@example.com,Di,Ek"))
    invite_declined(colleague, batch)
    resend_all(by, Invitation.objects.filter(email="bo@example.com"))

    again, first = (
        history(batch.invitations.get(email=email), by)[-1] for email in ("bo@example.com", "di@example.com")
    )

    assert "Invited by Ines Martin" in first
    assert f"Invited by {colleague.get_full_name()}" in again


def cells(invitation: Invitation, **changed: str) -> Cells:
    held = Cells(invitation.email, invitation.first_name, invitation.last_name, invitation.description)
    return held._replace(**changed)


def test_each_resend_keeps_the_email_before(by: Membership, acme: Organization, invite: Invite) -> None:
    invitation = invite()
    resend_all(by, acme.invitations.all())
    deliver(acme)
    Invitation.objects.update(
        created_at=timezone.now() - timedelta(hours=2), mail_finished_at=timezone.now() - timedelta(minutes=5)
    )
    EarlierLink.objects.update(replaced_at=timezone.now() - timedelta(minutes=9))
    invitation.refresh_from_db()
    Invitation.objects.update(mail_state="failed", mail_detail="daily_limit")

    assert [line.split(" | ")[0] for line in history(invitation, by)] == [
        "Email not delivered",
        "Ines Martin resent the invitation",
        "Email delivered",
        "Invited by Ines Martin",
    ]
    assert EarlierLink.objects.get().mail_state == "sent"


def test_links_are_deleted_with_their_organization_and_keep_deleting_invitations_fast(
    by: Membership, acme: Organization, invite: Invite
) -> None:
    resend(by, invite())
    assert EarlierLink.objects.exists()
    assert Collector(using="default", origin=acme).can_fast_delete(Invitation.objects.all())

    acme.delete()

    assert not EarlierLink.objects.exists()


def test_an_import_keeps_nothing_in_advance(run: Callable[..., Batch], by: Membership) -> None:
    batch = run(csv_of("bo@example.com,Bo,Ek"))

    assert not EarlierLink.objects.exists()
    assert [line.split(" | ")[0] for line in history(batch.invitations.get(), by)] == [
        "Email delivered",
        "Invited by Ines Martin",
    ]


def test_who_revoked_it(by: Membership, invite: Invite) -> None:
    invitation = invite()
    revoke(by, invitation)

    assert history(invitation, by)[0] == "Ines Martin revoked the invitation | The link stopped working."


@pytest.mark.servers
def test_who_asks_for_a_new_invitation(by: Membership, invite: Invite) -> None:
    invitation = invite(expired=True)
    ask_for_invitation(invitation.token_hash)

    assert history(invitation, by)[0] == "Asked for a new invitation"
    dismiss_request(by, invitation)
    assert history(invitation, by)[:2] == [
        "Ines Martin dismissed a request for a new invitation",
        "Asked for a new invitation",
    ]
    resend(by, invitation)
    assert "Asked for a new invitation" not in history(invitation, by)


def test_an_import_that_is_undone_revokes_it(by: Membership, invite: Invite) -> None:
    invitation = invite()
    Invitation.objects.filter(pk=invitation.pk).close(Invitation.State.REVOKED)

    assert history(invitation, by)[0] == "The invitation was revoked | The link stopped working."


def test_changes_of_many_people_at_once(
    by: Membership, member_membership: Membership, colleague: Membership, invite: Invite, acme: Organization
) -> None:
    invitation, auditor = invite(), Role.objects.create(organization=acme, name="Auditor")
    people: dict[str, Any] = {"members": [member_membership, colleague], "invitations": [invitation]}
    added = finish(start_for(by, BulkChange(BulkKind.ROLES, Mode.ADD, AccessSelection.of([auditor])), **people))
    auditor.delete()
    everywhere = BulkChange(BulkKind.SITES, Mode.ADD, AccessSelection(all_sites=True))
    finish(start_for(by, everywhere, members=[member_membership]))
    off = finish(start_for(by, BulkChange(BulkKind.DEACTIVATE), members=[member_membership]))
    finish(start_undo(by, off))
    finish(start_for(by, BulkChange(BulkKind.RESEND), invitations=[invitation]))
    finish(start_for(by, BulkChange(BulkKind.REVOKE), invitations=[invitation]))

    assert added.counts == {"changed": 3}
    assert history(member_membership, by) == [
        "Ines Martin reactivated Mara Conti",
        "Ines Martin deactivated Mara Conti | They lost access immediately. Roles and sites are kept.",
        "Ines Martin changed the sites | Added all sites. | Removed Lyon depot.",
        "Ines Martin added the role Auditor",
        "Became a member",
    ]
    assert history(invitation, by)[:3] == [
        "Ines Martin revoked the invitation | The link stopped working.",
        "Ines Martin resent the invitation | The earlier link stopped working.",
        "Ines Martin added the role Auditor",
    ]


# --- The link ----------------------------------------------------------------------------------------


def opened(invitation: Invitation) -> bool:
    invitation.refresh_from_db()
    return invitation.opened_at is not None


def test_opening_the_link_is_remembered_once(client: Client, by: Membership, invite: Invite) -> None:
    invitation = invite()
    assert [item.text for item in items_to_come(invitation)] == ["The link hasn’t been opened"]

    client.get(link_of(invitation), follow=True, headers={"User-Agent": IPHONE})
    assert opened(invitation)
    first = invitation.opened_at
    client.get("/invitation/")

    assert opened(invitation)
    assert invitation.opened_at == first
    assert [item.text for item in items_to_come(invitation)] == ["Link opened, not accepted yet"]
    assert "Link opened | Safari on iPhone" in history(invitation, by)


@pytest.mark.parametrize("header", ["Sec-Purpose", "Purpose", "X-Moz"])
def test_loading_ahead_does_not_open_the_link(client: Client, invite: Invite, header: str) -> None:
    invitation = invite()

    client.get(link_of(invitation), follow=True, headers={header: "prefetch;prerender"})

    assert not opened(invitation)


@pytest.mark.servers
def test_a_scanner_that_keeps_no_cookies_does_not_open_the_link(client: Client, invite: Invite) -> None:
    invitation = invite()

    client.get(link_of(invitation))
    client.head("/invitation/")

    assert not opened(invitation)


def test_a_new_link_was_not_opened(client: Client, by: Membership, invite: Invite) -> None:
    invitation = invite()
    client.get(link_of(invitation), follow=True)
    resend(by, invitation)

    assert not opened(invitation)
    assert EarlierLink.objects.get().opened_at is not None
    assert "Link opened" in history(invitation, by)


def test_how_long_before_it_was_accepted(by: Membership, invite: Invite) -> None:
    invitation = invite()
    ago = timezone.now() - timedelta(minutes=2, seconds=3)
    Invitation.objects.update(opened_at=ago, opened_with=IPHONE)
    joined = accept(invitation)

    line = next(line for line in history(joined, by) if line.startswith("Accepted"))

    assert line.replace("\xa0", " ") == (
        "Accepted the invitation | The link was opened 2 minutes earlier, with Safari on iPhone."
    )


@pytest.mark.parametrize(
    ("state", "text"),
    [("queued", "The email is about to be sent"), ("deferred", "The mail server asked us to try again later")],
)
def test_an_email_on_its_way(invite: Invite, state: str, text: str) -> None:
    invitation = invite()
    invitation.mail_state = state

    assert [item.text for item in items_to_come(invitation)] == [text]


# --- Why emails aren't delivered ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("550 5.1.1 <a@b.example>: Recipient address rejected: User unknown", "the mailbox doesn’t exist"),
        ("550 No such user here", "the mailbox doesn’t exist"),
        ("552 5.2.2 The email account that you tried to reach is over quota", "the mailbox is full"),
        ("550 5.1.2 b.example: Recipient address rejected: Domain not found", "the domain doesn’t exist"),
        ("554 5.7.1 Message rejected as spam", "the server refused it as spam"),
        ("4.4.7 delivery time expired", "the mail server didn’t answer"),
        ("554 5.7.1 Relay access denied", ""),
        ("550 Sorry", ""),
        ("", ""),
    ],
)
def test_reasons_in_plain_words(reply: str, reason: str) -> None:
    assert why_not_delivered(reply) == reason


# --- For whom ----------------------------------------------------------------------------------------


def test_addresses_and_browsers_are_for_those_who_manage_users(
    by: Membership, manager_membership: Membership, invite: Invite, client_of: ClientOf
) -> None:
    invitation = invite()
    Invitation.objects.update(opened_at=timezone.now() - timedelta(minutes=5), opened_with=IPHONE)
    joined = accept(invitation)
    client_of(joined.user).get("/o/acme/", headers={"User-Agent": IPHONE})

    for viewer, sees in ((by, True), (manager_membership, False)):
        lines = "\n".join(history(joined, viewer))
        assert ("Safari" in lines, "127.0.0.1" in lines) == (sees, sees)
        assert "1 sign-in since" in lines
        assert "The link was opened" in lines


def test_failures_to_sign_in_and_other_organizations_are_not_shown(
    by: Membership, member_membership: Membership, globex: Organization
) -> None:
    with coming_from(THERE):
        for organization, action in ((by.organization, Action.SIGN_IN_FAILED), (globex, Action.USER_DEACTIVATED)):
            record(organization.pk, action, about_member(member_membership), by=None)

    assert history(member_membership, by) == ["Became a member"]


def test_what_members_do_with_their_own_account_is_found_by_their_id(by: Membership, colleague: Membership) -> None:
    change_membership(by, by, AccessSelection.held_by(by), details=MemberDetails("Ines", "Berg", ""))

    assert ActivityEntry.objects.get(action=Action.USER_CHANGED).affected_id == by.user_id
    assert history(by, colleague)[0] == "Ines Berg changed the name | Last name: Berg. It was Martin."
    assert history(colleague, by) == ["Became a member"]


@pytest.mark.servers
def test_a_command_did_it(by: Membership, member_membership: Membership) -> None:
    with coming_from(Source("command", command="add_member")):
        record(by.organization_id, Action.USER_ADDED, about_member(member_membership), by=None)

    assert history(member_membership, by) == ["Rollcall added Mara Conti"]


@pytest.mark.django_db(transaction=True)
def test_the_log_is_read_from_an_index(by: Membership, member_membership: Membership) -> None:
    with CaptureQueriesContext(connection) as asked:
        find_history(by.organization, [], member_membership)

    statements = [each["sql"] for each in asked if 'FROM "accounts_activityentry"' in each["sql"]]
    newest = [sql for sql in statements if "LIMIT" in sql]
    assert len(newest) >= 3
    for sql in newest:
        plan = plan_of(sql)
        assert "activity_by_affected" in plan, plan
        # For a single id, the index is in the order of the page.
        assert "Sort" not in plan, plan
        assert "TEMP B-TREE" not in plan, plan


# --- Pages ---------------------------------------------------------------------------------------------


def test_there_is_more_than_a_page(by: Membership, member_membership: Membership) -> None:
    held = AccessSelection.held_by(member_membership)
    for number in range(PER_PAGE + 3):
        details = MemberDetails("Mara", "Conti", f"Shift {number}")
        member_membership = change_membership(by, member_membership, held, details=details)

    first, second = history(member_membership, by), history(member_membership, by, start=PER_PAGE)

    assert (len(first), len(second)) == (PER_PAGE, 4)
    assert "Shift 22." in first[0] or "Shift 22" in first[0]
    assert second[-1] == "Became a member"
    assert not set(first) & set(second)
    assert history(member_membership, by, start=2 * PER_PAGE) == []

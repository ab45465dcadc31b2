"""What the pictures show and the demo lacks. Runs in a process of the product: `manage.py shell`.

Dates and states of invitations are set directly, because nobody can wait for them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import AccountEmail, ActivityEntry, Membership, Organization, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.operators import suspend_organization
from accounts.organizations.organizations import ORG_ADMIN
from accounts.users.account_email import MESSAGES
from invites import tasks
from invites.directory import expiry_email
from invites.directory.bulk.change import BulkChange, Kind, Mode
from invites.directory.bulk.selection import Selection
from invites.directory.bulk.start import start_bulk_action
from invites.directory.users import UserFilter
from invites.imports import result_email
from invites.imports.upload import start_batch
from invites.invitations.invite import invite_person
from invites.mailing import reply_to_email
from invites.mailing.content import content_of
from invites.mailing.template import InvitationTemplate
from invites.models import (
    Batch,
    BlockedAddress,
    BulkAction,
    Invitation,
    InvitationRequest,
    RememberedReading,
    ReplyToRequest,
    Row,
)
from invites.personal_data.retention import empty_batch

State, Mail = Invitation.State, Invitation.Mail
# Imports with pictures of their own, by the names of their files.
IMPORTS = ("responses", "late", "stopped", "suspended")
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


def respond() -> None:
    """What became of the people in responses.csv, who were invited twelve days ago."""
    batch = Batch.objects.get(file_name="responses.csv")
    now, began = timezone.now(), timezone.now() - timedelta(days=12)
    Batch.objects.filter(pk=batch.pk).update(created_at=began, inviting_started_at=began, ended_at=began)
    batch.invitations.update(
        created_at=began, mail_finished_at=began, expires_at=now + timedelta(days=2), mail_state=Mail.SENT
    )
    for number, pk in enumerate(batch.invitations.order_by("pk").values_list("pk", flat=True)):
        changes: dict[str, Any] = {"closed_at": began + timedelta(days=1 + number / 3)}
        match number % 6:
            case 0 | 1 | 2:
                changes |= {"state": State.ACCEPTED}
            case 3:
                changes |= {"state": State.DECLINED}
            case 4:
                changes = {"mail_state": Mail.BOUNCED, "mail_detail": "550 5.1.1 No such mailbox", "bounced_at": began}
            case _:
                continue
        Invitation.objects.filter(pk=pk).update(**changes)


def make() -> None:
    """Everything else. Prints the ids of everything by kind."""
    acme = Organization.objects.get(slug="acme")
    admin = acme.memberships.get(user__email="admin@example.com")
    _invite(admin)
    _ask_for_invitation(acme)
    _import_to_confirm(admin)
    _change_roles(admin)
    _empty(Batch.objects.get(file_name="old.csv"))
    _expire(Batch.objects.get(file_name="responses.csv"))
    _stop_halfway(Batch.objects.get(file_name="stopped.csv"))
    RememberedReading.objects.create(
        organization=acme, signature="s", column_names=["Mail", "Name"], reading={}, file_name="team.csv"
    )
    Organization.objects.filter(pk=acme.pk).update(reminder_days_after=3, reminder_days_before=2)
    _operate(admin.user)
    print(json.dumps(ids_of(acme, admin)))  # noqa: T201


def ids_of(acme: Organization, admin: Membership) -> dict[str, list[int | None]]:
    """The ids of what is photographed, by the kinds of tests/test_every_address.py."""
    shown = [
        acme.invitations.filter(email="daniel.haddad@example.com"),
        acme.invitations.filter(email="farah.nasser@example.com"),
        acme.invitations.filter(mail_state=Mail.SCHEDULED, batch=None),
        acme.invitations.filter(mail_state=Mail.SCHEDULED).exclude(batch=None),
        acme.invitations.declined(),
        acme.invitations.filter(mail_state=Mail.BOUNCED),
    ]
    members = acme.memberships.exclude(pk=admin.pk).order_by("pk")
    entries = ActivityEntry.objects.filter(organization_id=acme.pk)
    found: dict[str, list[int | None]] = {
        f"{name} import": [Batch.objects.get(file_name=f"{name}.csv").pk] for name in IMPORTS
    }
    return found | {
        "": [None],
        "role": [*acme.roles.values_list("pk", flat=True)[:3]],
        "site": [*acme.sites.values_list("pk", flat=True)[:1]],
        "membership": [members[0].pk, members.get(user__email="joao.figueiredo@example.com").pk],
        "invitation": [each.values_list("pk", flat=True)[0] for each in shown],
        "batch": [*acme.batches.order_by("pk").values_list("pk", flat=True)],
        "bulk_action": [*BulkAction.objects.values_list("pk", flat=True)],
        "reading": [*RememberedReading.objects.values_list("pk", flat=True)],
        "entry": [*entries.order_by("-pk").values_list("pk", flat=True)[:1]],
    }


def _invite(admin: Membership) -> None:
    """Somebody with a long name, somebody later, and somebody who has an account."""
    read_only = admin.organization.roles.get(name="ReadOnly")
    everything = AccessSelection.of([read_only], all_sites=True)
    tomorrow = timezone.now() + timedelta(days=1)
    message = "Welcome to the team! Bring your badge on the first day.\nSee you at the depot."
    for email, names, send_at in (
        (f"{LONG.lower()}@a-company-with-a-very-long-name.example.com", ("Hubert Blaine", LONG), None),
        ("noor.haddad@example.com", ("Noor", "Haddad"), tomorrow),
        ("clara.schulz@globex.example.com", ("Clara", "Schulz"), None),
    ):
        invite_person(
            admin, send_at, email=email, first_name=names[0], last_name=names[1], selection=everything, message=message
        )
    tasks.send_due_invitations(admin.organization_id)


def _ask_for_invitation(acme: Organization) -> None:
    expired = acme.invitations.get(email="farah.nasser@example.com")
    InvitationRequest.objects.create(invitation=expired, organization=acme)


def _import_to_confirm(admin: Membership) -> None:
    """An import that waits, because everyone in it would be able to manage users."""
    org_admin = admin.organization.roles.get(name=ORG_ADMIN)
    content = b"Email,First name,Last name\r\nann@new.example.com,Ann,Lee\r\nbo@new.example.com,Bo,Lee\r\n"
    selection = AccessSelection.of([org_admin], all_sites=True)
    tasks.check_batch(start_batch(admin, file_name="admins.csv", content=[content], selection=selection).pk)


def _import_problems(admin: Membership) -> None:
    """An import of an organization that is suspended before its rows are fixed."""
    selection = AccessSelection.of(admin.organization.roles.filter(name="Dispatcher"), all_sites=True)
    content = b"Email,First name,Last name\r\nann@gmial.com,Ann,Lee\r\nbo@@new.example.com,Bo,Lee\r\ncy,,Lee\r\n"
    tasks.check_batch(start_batch(admin, file_name="suspended.csv", content=[content], selection=selection).pk)


def _change_roles(admin: Membership) -> None:
    auditor = admin.organization.roles.get(name="Auditor")
    change = BulkChange(Kind.ROLES, Mode.ADD, AccessSelection.of([auditor]))
    action = start_bulk_action(admin, change, Selection.matching(admin, UserFilter()).ids())
    while action.is_running:
        tasks.process_bulk_action(action.pk)
        action.refresh_from_db()


def _empty(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(ended_at=timezone.now() - timedelta(days=120))
    while empty_batch(batch.pk):
        pass


def _expire(batch: Batch) -> None:
    """Two of those who haven't responded have waited too long, and one invitation was revoked."""
    waiting = list(batch.invitations.open().filter(mail_state=Mail.SENT).order_by("pk").values_list("pk", flat=True))
    batch.invitations.filter(pk__in=waiting[:2]).update(expires_at=timezone.now() - timedelta(days=1))
    batch.invitations.filter(pk=waiting[2]).update(state=State.REVOKED, closed_at=timezone.now())


def _stop_halfway(batch: Batch) -> None:
    """As if it had been stopped when three of its people were invited."""
    left = batch.rows.filter(outcome=Row.Outcome.INVITED, number__gt=4)
    batch.invitations.filter(row__in=left).delete()
    left.update(outcome=Row.Outcome.WAITING)
    Batch.objects.filter(pk=batch.pk).update(state=Batch.State.STOPPED, was_stopped=True, outcome_counts=None)


def emails() -> None:
    """Prints the HTML of every kind of email by its name."""
    acme = Organization.objects.get(slug="acme")
    admin = acme.memberships.get(user__email="admin@example.com")
    acme.email_message = "Please bring the letter that you got by mail.\nQuestions? Ask at the front desk."
    invitation = acme.invitations.get(last_name=LONG)
    invitation.organization = acme
    content = content_of(invitation)
    links = {"link": "https://rollcall.example.com/i/" + "x" * 27, "opt_out": "x" * 40}
    message = {
        "invitation": InvitationTemplate(content).build(invitation, **links),
        "reminder": InvitationTemplate(replace(content, reminder="after")).build(invitation, **links),
        "import-result": result_email._email(Batch.objects.get(file_name="responses.csv"), admin.user),
        "expiring": expiry_email._message(admin, timezone.now()),
        "reply-to": reply_to_email._message(
            ReplyToRequest(
                organization=acme,
                email="help@example.com",
                token_seed="seed",
                requested_by=admin.user,
                expires_at=timezone.now(),
            )
        ),
        "password-reset": MESSAGES[AccountEmail.Kind.PASSWORD_RESET](admin.user),
    }
    print(json.dumps({name: each.alternatives[0][0] for name, each in message.items() if each}))  # noqa: T201


def _operate(admin: User) -> None:
    """An operator with the password of the admins, an organization that is suspended, and a report of abuse."""
    operator = User.objects.create_superuser("operator@example.com")
    operator.password = admin.password
    operator.save()
    globex = Organization.objects.get(slug="globex")
    _import_problems(globex.memberships.get(user__email="admin@globex.example.com"))
    suspend_organization(globex, by=operator)
    BlockedAddress.objects.create(email_key="angry@example.com")
    # On its page, a name that is longer than any other.
    Site.objects.create(organization=Organization.objects.get(slug="acme"), name=f"{LONG} depot", country="Germany")

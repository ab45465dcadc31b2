"""Two people change the same things at the same time without a deadlock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import change_membership, remove_membership
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.organizations.sites import delete_site, save_site
from invites.checking import Cells
from invites.imports.bulk_insert import renew_statistics
from invites.imports.check import check_batch
from invites.imports.upload import start_batch
from invites.invitations.acceptance import NewAccount, accept_with_new_account
from invites.invitations.change import change_invitation
from invites.invitations.invite import invite_person
from invites.mailing.content import EmailSettings
from invites.mailing.delivery_log import save_as_sent
from invites.mailing.email_settings import change_email_settings
from invites.models import Invitation, Reminder
from tests.concurrency import at_once, crossing, once_after, unexpected
from tests.files import csv_of
from tests.invites.directory.bulk.helpers import resend_all, revoke_all
from tests.invites.imports.chunk_work import invite_one_chunk
from tests.invites.invitations.helpers import Invite, selection_of
from tests.rules import domain_error

# Long enough for the other one to reach the lock.
MOMENT = 0.5

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]


@pytest.fixture
def night_shift(acme: Organization) -> AccessSelection:
    """A role and a site without members."""
    role = Role.objects.create(organization=acme, name="Night shift", permissions=["work.view"])
    return AccessSelection.of([role], [Site.objects.create(organization=acme, name="Porto yard")])


def while_held(invitation: Invitation, *jobs: Callable[[], object]) -> list[object]:
    """The results of the jobs. They start while the invitation is locked, for long enough that each has acquired the
    locks that it needs before."""
    is_held = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Invitation.objects.select_for_update().get(pk=invitation.pk)
            is_held.set()
            time.sleep(MOMENT)

    def begin(job: Callable[[], object]) -> object:
        assert is_held.wait(10)
        return job()

    return at_once(hold, *(partial(begin, job) for job in jobs))[1:]


def accept(invitation: Invitation) -> Membership:
    return accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", "a few plain words"))


def alone(by: Membership, selection: AccessSelection) -> Invitation:
    names = {"first_name": "Chiara", "last_name": "Rossi", "description": ""}
    return invite_person(by, email="chiara.rossi@people.example.com", selection=selection, **names)


def test_an_invitation_is_changed_while_it_is_accepted(by: Membership, night_shift: AccessSelection) -> None:
    invitation = alone(by, night_shift)

    accepted, changed = crossing(
        ('UPDATE "invites_invitation"', lambda: accept(invitation)),
        ('INSERT INTO "invites_accessgrant"', lambda: change_invitation(by, invitation, night_shift)),
    )

    # Whichever came first, the other one waited for it.
    assert isinstance(accepted, Membership)
    assert changed is False or changed.code == "not_pending"
    assert accepted.roles.get().name == "Night shift"


def test_an_invitation_is_changed_while_its_address_is_invited_again(
    by: Membership, colleague: Membership, night_shift: AccessSelection
) -> None:
    invitation = alone(by, night_shift)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))

    results = crossing(
        ('UPDATE "invites_invitation"', lambda: alone(by, night_shift)),
        ('INSERT INTO "invites_accessgrant"', lambda: change_invitation(colleague, invitation, night_shift)),
    )

    assert unexpected(results) == []
    assert Invitation.objects.filter(state=Invitation.State.PENDING).count() == 1


def test_reminders_are_switched_off_while_the_address_of_one_is_corrected(
    by: Membership, colleague: Membership, acme: Organization, night_shift: AccessSelection
) -> None:
    by.organization.reminder_days_after = 3
    by.organization.save()
    invitation = alone(by, night_shift)
    Invitation.objects.update(mail_state=Invitation.Mail.REMINDING)
    Reminder.objects.create(organization=acme, invitation=invitation, email_key=invitation.email_key, kind="after")
    cells = Cells("chiara@people.example.com", "Chiara", "Rossi", "")

    results = while_held(
        invitation,
        lambda: change_invitation(by, invitation, night_shift, cells=cells),
        lambda: change_email_settings(colleague, EmailSettings()),
    )

    assert unexpected(results) == []
    acme.refresh_from_db()
    assert acme.reminder_days_after is None
    assert Invitation.objects.get().email == cells.email


@pytest.mark.parametrize("how", ["alone", "by a file"])
def test_a_role_is_changed_while_it_is_offered(
    by: Membership, colleague: Membership, night_shift: AccessSelection, how: str
) -> None:
    def offer() -> object:
        if how == "alone":
            return alone(by, night_shift)
        return start_batch(by, file_name="team.csv", content=[b"x"], selection=night_shift)

    draft = RoleDraft("Day shift", "", frozenset({"work.view"}))
    results = crossing(
        ('INSERT INTO "invites_accessgrant"', offer),
        ('FROM "accounts_organization"', lambda: save_role(colleague, draft, night_shift.roles[0])),
    )

    assert unexpected(results) == []
    assert Role.objects.get(pk=night_shift.roles[0].pk).name == "Day shift"


def test_a_member_gets_a_role_while_it_is_offered(
    by: Membership, colleague: Membership, member: User, night_shift: AccessSelection
) -> None:
    results = crossing(
        ('INSERT INTO "invites_accessgrant"', lambda: alone(by, night_shift)),
        (
            'FROM "accounts_organization"',
            lambda: change_membership(colleague, member.memberships.get(), night_shift),
        ),
    )

    assert unexpected(results) == []
    assert member.memberships.get().roles.get().name == "Night shift"


def test_a_member_gets_a_role_while_it_is_changed(
    by: Membership, colleague: Membership, member: User, night_shift: AccessSelection
) -> None:
    draft = RoleDraft("Day shift", "", frozenset({"work.view"}))
    results = crossing(
        ('FROM "accounts_role"', lambda: change_membership(by, member.memberships.get(), night_shift)),
        ('FROM "accounts_role"', lambda: save_role(colleague, draft, night_shift.roles[0])),
    )

    assert unexpected(results) == []
    assert member.memberships.get().roles.get().name == "Day shift"


@pytest.mark.parametrize("what", ["role", "site"])
def test_a_role_is_deleted_while_a_member_gets_it(
    by: Membership, colleague: Membership, member: User, night_shift: AccessSelection, what: str
) -> None:
    def delete() -> None:
        if what == "role":
            delete_role(colleague, night_shift.roles[0])
        else:
            delete_site(colleague, night_shift.sites[0])

    results = crossing(
        (
            f'INSERT INTO "accounts_membership_{what}s"',
            lambda: change_membership(by, member.memberships.get(), night_shift),
        ),
        (f'DELETE FROM "accounts_{what}"', delete),
    )

    assert unexpected(results) == []
    # Either the member got it and it wasn't deleted, or it was deleted and nobody has it.
    assert len([result for result in results if isinstance(result, ServiceError)]) == 1


def test_an_invitee_who_accepts_is_not_invited_again(by: Membership, night_shift: AccessSelection) -> None:
    invitation = alone(by, night_shift)

    with once_after('UPDATE "invites_invitation"', lambda: accept(invitation)), domain_error("already_member"):
        alone(by, night_shift)


def test_many_are_revoked_while_a_worker_saves_sent_email(by: Membership, invite: Invite) -> None:
    """One statement locks many invitations in any order."""
    first, last = invite(mailed=False), invite("zoe@people.example.com", mailed=False)
    has_noted = threading.Event()

    def note() -> None:
        with transaction.atomic():
            save_as_sent([last.token_hash])
            has_noted.set()
            time.sleep(MOMENT)
            save_as_sent([first.token_hash])

    def revoke() -> int:
        assert has_noted.wait(10)
        return revoke_all(by, Invitation.objects.all())["changed"]

    assert at_once(note, revoke) == [None, 2]


def test_many_are_invited_again_while_a_worker_saves_sent_email(by: Membership, invite: Invite) -> None:
    """Their batch was just undone. The last one is stored first."""
    invitations = [invite(f"{name}@people.example.com", mailed=False) for name in ("ann", "ben", "cat")]
    for invitation in reversed(invitations):
        Invitation.objects.filter(pk=invitation.pk).update(description="Stored anew")

    def note() -> None:
        with transaction.atomic():
            save_as_sent([each.token_hash for each in invitations])

    def make_room() -> None:
        with transaction.atomic():
            list(Invitation.objects.select_for_update().order_by("pk"))

    assert while_held(invitations[1], note, make_room) == [None, None]


def test_many_are_resent_while_a_file_invites_them_again(by: Membership, invite: Invite) -> None:
    invitations = [invite(f"{name}@people.example.com") for name in ("ann", "ben", "cat")]
    for days, invitation in zip((3, 2, 1), reversed(invitations), strict=True):
        # By time and in the table, the last ones come first.
        Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(days=days))
    batch = start_batch(
        by,
        file_name="team.csv",
        content=[csv_of(*(each.email for each in invitations))],
        selection=selection_of(by.organization, "ReadOnly"),
    )
    check_batch(batch.pk)
    renew_statistics()

    def invite_anew() -> None:
        invite_one_chunk(batch)

    results = while_held(invitations[1], invite_anew, lambda: resend_all(by, Invitation.objects.all()))

    assert unexpected(results) == []


def test_a_member_who_is_removed_while_adding_a_site_gets_an_error(by: Membership, limited: Membership) -> None:
    removed = crossing(
        ('INSERT INTO "accounts_site"', lambda: save_site(limited, name="Porto yard", country="")),
        ('FROM "accounts_organization"', lambda: remove_membership(by, limited)),
    )

    assert unexpected(removed) == []
    assert not Membership.objects.filter(pk=limited.pk).exists()
    with domain_error("not_allowed"):
        save_site(limited, name="Oslo", country="")

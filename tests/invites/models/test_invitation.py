"""The methods of `InvitationQuerySet`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership
from invites.models import Batch, Invitation, InvitationQuerySet
from tests.invites.invitations.helpers import Invite


@pytest.fixture
def named(invite: Invite, admin_membership: Membership) -> dict[str, Invitation]:
    """One invitation of each kind, by name."""
    found = {
        name: invite(f"{name}@people.example.com") for name in ("fresh", "expired", "bounced", "sent", "undone", "gone")
    }
    batch = Batch.objects.create(
        organization=admin_membership.organization,
        inviter=admin_membership.user,
        grant=found["undone"].grant,
        state=Batch.State.DONE,
        is_being_undone=True,
    )
    kinds: dict[str, dict[str, Any]] = {
        "fresh": {"mail_state": Invitation.Mail.QUEUED, "mail_due_at": timezone.now()},
        "expired": {"expires_at": timezone.now() - timedelta(days=1), "mail_state": Invitation.Mail.SENT},
        "bounced": {"mail_state": Invitation.Mail.BOUNCED, "mail_due_at": None},
        "sent": {"mail_state": Invitation.Mail.SENT, "mail_due_at": None},
        "undone": {"batch": batch, "mail_state": Invitation.Mail.QUEUED, "mail_due_at": timezone.now()},
        "gone": {"state": Invitation.State.REVOKED, "mail_state": Invitation.Mail.QUEUED},
    }
    for name, values in kinds.items():
        Invitation.objects.filter(pk=found[name].pk).update(**values)
    return found


def names(invitations: InvitationQuerySet) -> set[str]:
    return {email.partition("@")[0] for email in invitations.values_list("email", flat=True)}


def test_invitations_of_an_import_that_is_being_undone_are_not_open(named: dict[str, Invitation]) -> None:
    assert names(Invitation.objects.open()) == {"fresh", "expired", "bounced", "sent"}
    assert names(Invitation.objects.open().expired()) == {"expired"}
    assert names(Invitation.objects.open().unexpired()) == {"fresh", "bounced", "sent"}
    assert names(Invitation.objects.due()) == {"fresh"}


def test_the_open_ones_of_an_organization_are_the_same(
    named: dict[str, Invitation], admin_membership: Membership
) -> None:
    organization = admin_membership.organization

    assert names(Invitation.objects.open_in(organization)) == names(organization.invitations.open())


def test_invitations_that_no_longer_work_can_be_replaced(named: dict[str, Invitation]) -> None:
    assert names(Invitation.objects.replaceable()) == {"expired", "undone"}
    assert names(Invitation.objects.replaceable(undelivered=True)) == {"expired", "undone", "bounced"}


def test_closing_takes_the_email_out_of_the_outbox(named: dict[str, Invitation]) -> None:
    assert Invitation.objects.open().for_address("fresh@people.example.com").close(Invitation.State.REVOKED) == 1

    closed = Invitation.objects.get(pk=named["fresh"].pk)
    assert (closed.state, closed.mail_due_at) == (Invitation.State.REVOKED, None)
    assert closed.closed_at is not None

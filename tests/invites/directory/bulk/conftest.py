"""An organization with people of every kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site
from accounts.organizations.grants import AccessSelection
from invites.checking import Cells
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import Invitation
from tests.invites.stored import NewInvitation, store_invitations
from tests.members import NewMember, store_members


@dataclass(frozen=True)
class People:
    """Everybody in Acme. `by` is an Org Admin with all sites, as is `colleague`."""

    by: Membership
    roles: dict[str, Role]
    sites: list[Site]

    @property
    def members(self) -> list[Membership]:
        return list(Membership.objects.filter(organization=self.by.organization).order_by("pk"))

    @property
    def invitations(self) -> list[Invitation]:
        return list(Invitation.objects.filter(organization=self.by.organization).order_by("pk"))

    def member(self, email: str) -> Membership:
        return Membership.objects.get(organization=self.by.organization, user__email=email)


@pytest.fixture
def people(
    acme: Organization,
    sites: list[Site],
    admin_membership: Membership,
) -> People:
    """Two Org Admins; members with one, two and no roles, and with some, all and no sites; deactivated;
    pending, expired and declined invitations."""
    Role.objects.create(organization=acme, name="Auditor", permissions=["users.view", "data.export"])
    Role.objects.create(organization=acme, name="Clerk", permissions=["users.view", "users.invite", "users.manage"])
    roles = {role.name: role for role in acme.roles.all()}
    reader, auditor, boss = roles["ReadOnly"], roles["Auditor"], roles["Org Admin"]
    lyon, ghent, _turin = sites
    everywhere = AccessSelection.of([reader], all_sites=True)
    store_members(
        acme,
        [
            NewMember("colleague@example.com", AccessSelection.of([boss], all_sites=True)),
            NewMember("reader@example.com", AccessSelection.of([reader], [lyon]), "Gustav", "Berg"),
            NewMember("auditor@example.com", AccessSelection.of([auditor], [lyon, ghent])),
            NewMember("both@example.com", AccessSelection.of([reader, auditor], sites)),
            NewMember("everywhere@example.com", everywhere),
            NewMember("bare@example.com", AccessSelection()),
            NewMember("off@example.com", AccessSelection.of([reader, auditor], [ghent])),
        ],
    )
    deactivated = timezone.now() - timedelta(days=3)
    Membership.objects.filter(user__email="off@example.com").update(deactivated_at=deactivated)
    sent = {"mail_state": Invitation.Mail.SENT, "mail_finished_at": timezone.now(), "mail_due_at": None}
    invited = {
        "new": (AccessSelection.of([reader], [lyon]), sent),
        "newer": (AccessSelection.of([auditor], [lyon, ghent]), sent),
        "late": (everywhere, sent | {"expires_at": timezone.now() - timedelta(minutes=1)}),
        "boss": (AccessSelection.of([boss], all_sites=True), sent),
        "no": (everywhere, sent),
    }
    *_others, declined = store_invitations(
        admin_membership,
        [
            NewInvitation(held, Cells(f"{name}@people.example.com", "Chiara", "Rossi", ""), "", fields)
            for name, (held, fields) in invited.items()
        ],
    )
    decline(opt_out_token(declined.pk, declined.email_key))
    return People(admin_membership, roles, sites)

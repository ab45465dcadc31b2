"""An organization with people of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from invites.invitations.declining import decline
from invites.invitations.tokens import opt_out_token
from invites.models import Invitation
from tests.invites.invitations.helpers import Invite


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
    join: Callable[..., User],
    invite: Invite,
) -> People:
    """Two Org Admins; members with one, two and no roles, and with some, all and no sites; deactivated;
    pending, expired and declined invitations."""
    Role.objects.create(organization=acme, name="Auditor", permissions=["users.view", "data.export"])
    Role.objects.create(organization=acme, name="Clerk", permissions=["users.view", "users.invite", "users.manage"])
    lyon, ghent, _turin = sites
    join(acme, "colleague@example.com", "Org Admin")
    join(acme, "reader@example.com", "ReadOnly", sites=[lyon], first_name="Gustav", last_name="Berg")
    join(acme, "auditor@example.com", "Auditor", sites=[lyon, ghent])
    join(acme, "both@example.com", "Auditor", "ReadOnly", sites=sites)
    join(acme, "everywhere@example.com", "ReadOnly")
    join(acme, "bare@example.com", sites=[])
    gone = join(acme, "off@example.com", "Auditor", "ReadOnly", sites=[ghent])
    Membership.objects.filter(user=gone).update(deactivated_at=timezone.now() - timedelta(days=3))
    invite("new@people.example.com", roles=["ReadOnly"], sites=[lyon])
    invite("newer@people.example.com", roles=["Auditor"], sites=[lyon, ghent])
    invite("late@people.example.com", roles=["ReadOnly"], sites=None, expired=True)
    invite("boss@people.example.com", roles=["Org Admin"], sites=None)
    declined = invite("no@people.example.com", roles=["ReadOnly"], sites=None)
    decline(opt_out_token(declined.pk, declined.email_key))
    roles = {role.name: role for role in acme.roles.all()}
    return People(admin_membership, roles, sites)

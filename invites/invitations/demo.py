"""The open invitations of the demo, one of which has expired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessSelection
from accounts.permissions import Permission
from invites.invitations.invite import invite_person
from invites.invitations.links import expiry_from
from invites.models import Invitation


@dataclass(frozen=True)
class DemoInvitation:
    """Somebody who was invited `ago`, with the names of a role and of sites."""

    email: str
    first_name: str
    last_name: str
    role: str
    sites: tuple[str, ...]
    ago: timedelta
    description: str = ""


ACME = (
    DemoInvitation(
        "chiara.rossi@example.com",
        "Chiara",
        "Rossi",
        "ReadOnly",
        ("Lyon depot", "Ghent harbor", "Turin works"),
        timedelta(hours=2),
    ),
    DemoInvitation(
        "daniel.haddad@example.com",
        "Daniel",
        "Haddad",
        "Field worker",
        ("Lyon depot",),
        timedelta(days=3),
        "Cable crew, starts in January",
    ),
    DemoInvitation("farah.nasser@example.com", "Farah", "Nasser", "ReadOnly", ("Porto yard",), timedelta(days=37)),
    DemoInvitation(
        "kwame.mensah@example.com", "Kwame", "Mensah", "Project manager", ("Nairobi office",), timedelta(days=6)
    ),
)


def invite_demo_people(organization: Organization) -> None:
    """Invite them as the first member who may. Their emails count as sent."""
    if organization.slug != "acme":
        return
    members = organization.memberships.active().order_by("pk")
    by = next(each for each in members if each.has_permission(Permission.INVITE_USERS))
    for person in ACME:
        _invite(by, person)


def _invite(by: Membership, person: DemoInvitation) -> None:
    roles = by.organization.roles.filter(name=person.role)
    sites = by.organization.sites.filter(name__in=person.sites)
    invitation = invite_person(
        by,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        description=person.description,
        selection=AccessSelection.of(roles, sites),
    )
    then = timezone.now() - person.ago
    Invitation.objects.filter(pk=invitation.pk).update(
        created_at=then,
        expires_at=expiry_from(then),
        mail_state=Invitation.Mail.SENT,
        mail_finished_at=then,
        mail_due_at=None,
    )

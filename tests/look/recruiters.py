"""Members who can invite users, but don't see them, in an organization of their own. Runs in a process of the product.

`python manage.py shell -c "from tests.look import recruiters; recruiters.make()"`
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.organizations import create_organization
from accounts.permissions import Permission
from invites.directory.users import PER_PAGE
from invites.invitations.invite import invite_person
from invites.models import Invitation

SLUG = "initech"
# The first one has invited many. They have the password of the demo's admins.
RECRUITER, NEW_RECRUITER = "recruiter@initech.example.com", "new.recruiter@initech.example.com"
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"
State, Mail = Invitation.State, Invitation.Mail


def make() -> None:
    initech = create_organization("Initech", SLUG)
    sites = [
        Site.objects.create(organization=initech, name=name, country="Germany")
        for name in ("Ulm works", f"{LONG} depot", "Mainz", "Trier")
    ]
    permissions = [Permission.INVITE_USERS.value, Permission.VIEW_WORK.value]
    Role.objects.create(organization=initech, name="Recruiter", permissions=permissions)
    members = [_join(initech, email) for email in (RECRUITER, NEW_RECRUITER)]
    _invite(members[0], sites)


def _join(organization: Organization, email: str) -> Membership:
    admin = User.objects.get(email="admin@example.com")
    user = User.objects.create(email=email, password=admin.password, first_name="Rita", last_name="Recruiter")
    membership = Membership.objects.create(user=user, organization=organization, all_sites=True)
    membership.roles.set(organization.roles.filter(name="Recruiter"))
    return membership


def _invite(by: Membership, sites: list[Site]) -> None:
    """Two pages. The newest are in each state and have long names."""
    access = AccessSelection.of([by.organization.roles.get(name="ReadOnly")], sites)
    tomorrow = timezone.now() + timedelta(days=1)
    for number in range(PER_PAGE):
        _invite_one(by, access, f"person{number}@initech", ("Ann", "Lee"))
    _invite_one(by, access, "scheduled@initech", ("Noor", "Haddad"), tomorrow)
    for state in ("expired", "declined", "bounced"):
        _invite_one(by, access, f"{state}@initech", (state.title(), "Schmidt"))
    _invite_one(by, access, f"{LONG.lower()}@a-company-with-a-very-long-name", ("Hubert Blaine", LONG))
    now, found = timezone.now(), by.organization.invitations
    sent = found.exclude(mail_state=Mail.SCHEDULED)
    sent.update(mail_state=Mail.SENT, mail_due_at=None, mail_finished_at=now - timedelta(days=2))
    found.filter(email__startswith="expired@").update(expires_at=now - timedelta(days=1))
    found.filter(email__startswith="declined@").update(state=State.DECLINED, closed_at=now)
    found.filter(email__startswith="bounced@").update(
        mail_state=Mail.BOUNCED, mail_detail="550 5.1.1 No such mailbox", bounced_at=now
    )


def _invite_one(
    by: Membership, access: AccessSelection, email: str, names: tuple[str, str], at: datetime | None = None
) -> None:
    cells = {"email": f"{email}.example.com", "first_name": names[0], "last_name": names[1]}
    invite_person(by, at, selection=access, description="Starts in January", **cells)

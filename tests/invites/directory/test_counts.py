"""Numbers of people: a link leads to as many as it says, and so does each filter."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site, User
from accounts.names import fold
from invites.directory.counts import count_users
from invites.directory.users import Status, UserFilter, status_of_invitation, status_of_member
from invites.directory.users_page import find_users_page
from invites.invitations.expiry import SOON
from invites.models import AccessGrant, Invitation
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of

pytestmark = pytest.mark.servers

LINKS = re.compile(r'rc-wide-only">(\d+)<.*?href="([^"]*/users/\?[^"]*)"', re.DOTALL)


@pytest.mark.parametrize("name", ["roles", "sites"])
def test_a_link_leads_to_as_many_people_as_it_says(
    client_of: Callable[[User], Client],
    admin: User,
    member: User,
    acme: Organization,
    invite: Invite,
    name: str,
) -> None:
    invite("open@people.example.com")
    client = client_of(admin)

    found = LINKS.findall(client.get(f"/o/acme/{name}/").content.decode())

    assert len(found) >= 3
    for count, address in found:
        listed = client.get(unescape(address)).content.decode()
        assert listed.count('class="rc-person"') == int(count), text_of(listed)


def test_counts_and_pages_are_those_of_a_plain_search(acme: Organization, sites: list[Site], by: Membership) -> None:
    chance = random.Random(1)
    roles = list(acme.roles.all())
    for number in range(60):
        _add_somebody(chance, acme, roles, sites, number)

    everybody = _everybody(acme)
    wanted = [
        UserFilter(status=status, search=search, role=role, site=site, expires_soon=soon)
        for status in (None, *Status)
        for search in ("", "ann", "ray_", "%", "zoe lee")
        for role, site in ((None, None), (roles[0], None), (None, sites[0]), (roles[0], sites[0]))
        for soon in (False, True)
    ]
    for each in chance.sample(wanted, 90):
        matching = _plain_search(everybody, each)
        counts = count_users(acme, each)
        assert {status: counts.of(status) for status in Status} == {
            status: sum(found == status for _, found in matching) for status in Status
        }, each
        page = find_users_page(acme, each, number=1, counts=counts)
        keys = [person.key for person in page]
        while page.has_next():
            after = page.to_next.removeprefix("after=")
            page = find_users_page(acme, each, number=page.number + 1, counts=counts, after=after)
            keys += [person.key for person in page]
        assert keys == [key for key, found in matching if each.status in (None, found)], each


def _add_somebody(chance: random.Random, acme: Organization, roles: list[Role], sites: list[Site], number: int) -> None:
    now, email = timezone.now(), f"p{number}@example.com"
    names = {"first_name": chance.choice(["Ann", "Bob", "Zoë"]), "last_name": chance.choice(["Lee", "Ray_", "50%"])}
    holder: Membership | AccessGrant
    if chance.random() < 0.5:
        user = User.objects.create_user(email, **names)
        left = chance.choice([None, None, now])
        holder = Membership.objects.create(user=user, organization=acme, deactivated_at=left)
    else:
        holder = AccessGrant.objects.create(organization=acme)
        state = chance.choice(["pending", "pending", "pending", "declined", "revoked", "accepted"])
        Invitation.objects.create(
            organization=acme,
            grant=holder,
            email=email,
            email_key=email,
            state=state,
            mail_state=chance.choice(["sent", "scheduled", "bounced", "queued"]),
            token_seed=f"s{number}",
            token_hash=f"h{number}",
            expires_at=now + timedelta(days=chance.choice([-1, 1, 10])),
            **names,
        )
    holder.all_sites = chance.random() < 0.3
    holder.save()
    holder.roles.set(chance.sample(roles, chance.randint(0, 2)))
    holder.sites.set(chance.sample(sites, chance.randint(0, 2)))


@dataclass(frozen=True)
class Somebody:
    """A member, or somebody who is invited or has declined."""

    name: str
    key: str
    status: Status
    all_sites: bool
    roles: frozenset[Role]
    sites: frozenset[Site]
    expires_soon: bool


def _everybody(acme: Organization) -> list[Somebody]:
    """In their order, with everything that a filter looks at."""
    now = timezone.now()
    invitations = acme.invitations.filter(state__in=["pending", "declined"])
    found: list[tuple[str, int, str, Status, Membership | AccessGrant, datetime | None]]
    found = [(each.person_key, each.pk, "m", status_of_member(each), each, None) for each in acme.memberships.all()]
    found += [
        (each.person_key, each.pk, "n", status_of_invitation(each, now), each.grant, each.expires_at)
        for each in invitations
    ]
    return [
        Somebody(
            name,
            f"{'m' if kind == 'm' else 'i'}{pk}",
            status,
            access.all_sites,
            frozenset(access.roles.all()),
            frozenset(access.sites.all()),
            status == Status.PENDING and expires_at is not None and expires_at <= now + SOON,
        )
        for name, pk, kind, status, access, expires_at in sorted(found, key=lambda each: (each[0], each[1], each[2]))
    ]


def _plain_search(everybody: list[Somebody], wanted: UserFilter) -> list[tuple[str, Status]]:
    """The keys of everybody who matches apart from the status, in their order, with their status."""
    words = fold(wanted.search).split()
    return [
        (each.key, each.status)
        for each in everybody
        if all(word in each.name for word in words)
        and (wanted.role is None or wanted.role in each.roles)
        and (wanted.site is None or each.all_sites or wanted.site in each.sites)
        and (each.expires_soon or not wanted.expires_soon)
    ]

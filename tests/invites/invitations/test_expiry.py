"""Who is told about invitations that expire soon or have expired, and about how many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import GrantableAccess
from accounts.organizations.many_members import access_of
from accounts.permissions import Permission, all_permissions
from invites.invitations.declining import decline
from invites.invitations.expiry import (
    Expiring,
    count_by_grant,
    count_expiring,
    count_for_members,
    expiring_for,
)
from invites.invitations.tokens import opt_out_token
from invites.models import Invitation
from tests.files import csv_of
from tests.invites.invitations.helpers import Invite
from tests.plans import plan_of


def lasting(invitation: Invitation, **left: float) -> Invitation:
    """The invitation, whose link works for so long from now on."""
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() + timedelta(**left))
    return invitation


def numbers(viewer: Membership) -> tuple[int, int, int]:
    """How many expire soon, have expired, and were sent by others; the same invitations are resent."""
    now = timezone.now()
    told = count_expiring(fresh(viewer), now)
    assert expiring_for(fresh(viewer), now).count() == told.total
    every = count_for_members(viewer.organization, [fresh(viewer)], now)[viewer.pk]
    assert (every.expiring, every.expired, every.others) == (told.expiring, told.expired, told.others)
    return told.expiring, told.expired, told.others


def fresh(member: Membership) -> Membership:
    """Without permissions from before."""
    return Membership.objects.select_related("organization", "user").get(pk=member.pk)


def test_counts_own_invitations_that_expire_within_three_days_and_expired_ones(invite: Invite, by: Membership) -> None:
    lasting(invite("soon@people.example.com"), days=2, hours=23)
    lasting(invite("later@people.example.com"), days=3, hours=1)
    lasting(invite("past@people.example.com"), days=-40)
    invite("fresh@people.example.com")

    assert numbers(by) == (1, 1, 0)


@pytest.mark.parametrize("state", ["accepted", "revoked", "replaced", "declined"])
def test_only_open_invitations_count(invite: Invite, by: Membership, state: str) -> None:
    invitation = lasting(invite(), days=-1)
    Invitation.objects.filter(pk=invitation.pk).update(state=state)
    assert numbers(by) == (0, 0, 0)


def test_those_of_an_import_that_is_being_undone_do_not_count(run: Any, by: Membership) -> None:
    batch = run(csv_of("ann@example.com"))
    batch.invitations.update(expires_at=timezone.now())
    assert numbers(by) == (0, 1, 0)
    type(batch).objects.filter(pk=batch.pk).update(is_being_undone=True)
    assert numbers(by) == (0, 0, 0)


def test_colleagues_are_not_told_about_invitations_that_their_inviter_can_resend(
    invite: Invite, colleague: Membership
) -> None:
    lasting(invite(), days=-1)
    assert numbers(colleague) == (0, 0, 0)


def _leave(inviter: Membership) -> None:
    inviter.delete()


def _be_deactivated(inviter: Membership) -> None:
    Membership.objects.filter(pk=inviter.pk).update(deactivated_at=timezone.now())


def _lose_the_permission(inviter: Membership) -> None:
    inviter.roles.set([Role.objects.get(organization=inviter.organization, name="ReadOnly")])


def _lose_a_site(inviter: Membership) -> None:
    Membership.objects.filter(pk=inviter.pk).update(all_sites=False)


def _delete_the_account(inviter: Membership) -> None:
    inviter.user.delete()


LOSSES: list[Callable[[Membership], None]] = [
    _leave,
    _be_deactivated,
    _lose_the_permission,
    _lose_a_site,
    _delete_the_account,
]


@pytest.mark.parametrize("lose", LOSSES)
def test_others_who_could_send_it_are_told_when_the_inviter_no_longer_can(
    invite: Invite, by: Membership, colleague: Membership, limited: Membership, lose: Callable[[Membership], None]
) -> None:
    lasting(invite("one@people.example.com"), days=-1)
    lasting(invite("two@people.example.com", sites=None), days=1)

    lose(by)

    assert numbers(colleague) == (1, 1, 2)
    assert numbers(limited) == (0, 1, 1), "They can't grant all sites."


def test_members_who_do_not_manage_users_are_not_told_about_those_of_others(
    invite: Invite, by: Membership, acme: Organization, join: Callable[..., User]
) -> None:
    lasting(invite(), days=-1)
    _leave(by)
    for without in (Permission.VIEW_USERS, Permission.MANAGE_USERS, Permission.INVITE_USERS):
        name = f"Without {without}"
        Role.objects.create(
            organization=acme, name=name, permissions=sorted(all_permissions() - {without.value, "org.manage"})
        )
        assert numbers(join(acme, f"{without}@example.com", name).memberships.get()) == (0, 0, 0), without


def test_an_inviter_is_told_about_what_they_can_no_longer_grant(invite: Invite, by: Membership) -> None:
    """They can ask someone who can. The review says that it is skipped."""
    lasting(invite(), days=1)
    _lose_a_site(by)
    assert numbers(by) == (1, 0, 0)


def test_another_organization_learns_nothing(invite: Invite, by: Membership, outsider: User) -> None:
    lasting(invite(), days=-1)
    _leave(by)
    assert numbers(outsider.memberships.get()) == (0, 0, 0)


def test_remembers_the_last_expiry(invite: Invite, by: Membership) -> None:
    assert told_in_all(by) == count_expiring(by, timezone.now()) == Expiring()
    lasting(invite("a@people.example.com"), days=-2)
    past, soon = lasting(invite("b@people.example.com"), hours=-1), lasting(invite("c@people.example.com"), hours=1)
    found = told_in_all(by)
    assert (found.last_expired, found.last_expiry) == (_expiry(past), _expiry(soon))


def told_in_all(member: Membership) -> Expiring:
    return count_for_members(member.organization, [fresh(member)], timezone.now())[member.pk]


def _expiry(invitation: Invitation) -> datetime:
    return Invitation.objects.get(pk=invitation.pk).expires_at


def test_a_decline_ends_it(invite: Invite, by: Membership) -> None:
    invitation = lasting(invite(), days=1)
    decline(opt_out_token(invitation.pk, invitation.email_key))
    assert numbers(by) == (0, 0, 0)


# --- Cost ---------------------------------------------------------------------------------------------


def _queries(viewer: Membership, invite: Invite, inviters: Iterable[Membership]) -> int:
    for inviter in inviters:
        lasting(invite(f"by{inviter.pk}@people.example.com", by=inviter), days=-1)
    with CaptureQueriesContext(connection) as captured:
        count_expiring(fresh(viewer), timezone.now())
    return len(captured)


def test_the_number_of_queries_is_constant(
    invite: Invite, by: Membership, acme: Organization, join: Callable[..., User]
) -> None:
    first = [join(acme, f"first{number}@example.com", "Org Admin").memberships.get() for number in range(2)]
    more = [join(acme, f"more{number}@example.com", "Org Admin").memberships.get() for number in range(8)]
    assert _queries(by, invite, first) == _queries(by, invite, more)


@pytest.mark.parametrize("number", [0, 3])
def test_only_own_ones_take_three_queries(invite: Invite, by: Membership, number: int) -> None:
    for each in range(number):
        lasting(invite(f"p{each}@people.example.com"), days=each - 1)
    # A page knows these already.
    assert by.organization.slug == "acme"
    assert by.has_permission(Permission.INVITE_USERS)
    with CaptureQueriesContext(connection) as captured:
        assert count_expiring(by, timezone.now()).total == number
    assert len(captured) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("grouped", [True, False])
def test_an_index_alone_counts_them(invite: Invite, by: Membership, grouped: bool) -> None:
    for number in range(20):
        lasting(invite(f"p{number}@people.example.com"), days=number % 2 * 2 - 1)
    with CaptureQueriesContext(connection) as captured:
        if grouped:
            count_by_grant(by.organization, timezone.now())
        else:
            count_expiring(by, timezone.now())
    plan = plan_of(captured[-1]["sql"])
    # With so few rows, PostgreSQL may choose another index.
    if connection.vendor == "sqlite":
        assert "pending_invitation_by_expiry" in plan
        assert "COVERING" in plan


def test_what_many_can_grant_is_the_same_as_one_after_the_other(
    acme: Organization, by: Membership, limited: Membership, lesser: Membership, member_membership: Membership
) -> None:
    members = [by, limited, lesser, member_membership]
    every, held = GrantableAccess.of_many(acme.memberships.prefetch_related("roles", "sites")), access_of(members)
    for member in members:
        alone = GrantableAccess(fresh(member))
        assert [every[member.user_id].covers(each) for each in held.values()] == [
            alone.covers(each) for each in held.values()
        ]

"""Which invitations expire soon or have expired, and who is told about them.

An inviter is told about their own. If an inviter has left, or can no longer grant what an invitation grants, its link
doesn't work, and members who can see, invite and manage users and could grant it are told instead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, Max, Q

from accounts.models import Membership, Organization
from accounts.organizations.grants import AccessIds, GrantableAccess
from accounts.organizations.selectors import memberships_with_permission
from accounts.permissions import Permission
from invites.invitations.authorization import GrantKey
from invites.models import AccessGrant, Invitation, InvitationQuerySet

# An invitation expires soon if its link works for no longer than this.
SOON = timedelta(days=3)
# Who is told about invitations of others.
MANAGING = (Permission.INVITE_USERS, Permission.MANAGE_USERS, Permission.VIEW_USERS)


@dataclass(frozen=True)
class Expiring:
    """How many invitations expire soon and how many have expired, and the last moment when one of them did or will.

    `others` of them were sent by people who can no longer grant what they grant.
    """

    expiring: int = 0
    expired: int = 0
    others: int = 0
    last_expiry: datetime | None = None
    last_expired: datetime | None = None

    @property
    def total(self) -> int:
        return self.expiring + self.expired

    def __add__(self, more: Expiring) -> Expiring:
        return Expiring(
            self.expiring + more.expiring,
            self.expired + more.expired,
            self.others + more.others,
            max(filter(None, (self.last_expiry, more.last_expiry)), default=None),
            max(filter(None, (self.last_expired, more.last_expired)), default=None),
        )


# By grant and inviter.
Groups = dict[GrantKey, Expiring]


def count_by_grant(organization: Organization, now: datetime) -> Groups:
    """The open invitations that expire soon or have expired. One query, which an index answers alone."""
    return _grouped(expiring_in(organization, now), now)


def _grouped(invitations: InvitationQuerySet, now: datetime) -> Groups:
    is_expired = Q(expires_at__lte=now)
    counted = (
        invitations.order_by()
        .values_list("grant_id", "inviter_id")
        .annotate(
            number=Count("pk"),
            expired=Count("pk", filter=is_expired),
            last=Max("expires_at"),
            last_expired=Max("expires_at", filter=is_expired),
        )
    )
    return {
        GrantKey(grant, inviter): Expiring(number - expired, expired, 0, last, last_expired)
        for grant, inviter, number, expired, last, last_expired in counted
    }


def expiring_in(organization: Organization, now: datetime) -> InvitationQuerySet:
    """The open invitations of the organization that expire soon or have expired."""
    return Invitation.objects.open_in(organization).filter(expires_at__lte=now + SOON)


@dataclass(frozen=True)
class MayExist:
    """What there may be in an organization. Callers who have asked before, and know of none, save queries.

    `undone`: imports that are being undone. `soon` and `expired`: invitations that expire soon, and that have expired.
    """

    undone: bool = True
    soon: bool = True
    expired: bool = True


def count_expiring(viewer: Membership, now: datetime, *, may_exist: MayExist = MayExist()) -> Expiring:
    """What the member is told: the numbers of their own invitations, and of those that nobody else looks after.

    For every page: few queries if there are only their own. Those of others are grouped only if there are any, because
    that takes four times as long as to count.
    """
    found = Invitation.objects.open_in(viewer.organization, some_undone=may_exist.undone)
    soon = found.unexpired(now).filter(expires_at__lte=now + SOON)
    # Two ranges of an index: to compare the time of each invitation would take longer.
    expiring, own_expiring = _count_own(soon, viewer) if may_exist.soon else (0, 0)
    expired, own_expired = _count_own(found.expired(now), viewer) if may_exist.expired else (0, 0)
    own = Expiring(own_expiring, own_expired)
    if own.total == expiring + expired:
        return own
    return own + _as_others(_orphaned_for(viewer, found.filter(expires_at__lte=now + SOON), now))


def _count_own(invitations: InvitationQuerySet, viewer: Membership) -> tuple[int, int]:
    """How many there are, and how many of them the viewer sent."""
    found = invitations.aggregate(number=Count("*"), own=Count("pk", filter=Q(inviter=viewer.user_id)))
    return found["number"], found["own"]


def expiring_for(viewer: Membership, now: datetime) -> InvitationQuerySet:
    """The same invitations, which the member can resend."""
    found = expiring_in(viewer.organization, now)
    grants: dict[int | None, list[int]] = defaultdict(list)
    for key in _orphaned_for(viewer, found, now):
        grants[key.inviter_id].append(key.grant_id)
    orphans = (Q(inviter=inviter, grant__in=ids) for inviter, ids in grants.items())
    return found.filter(reduce(or_, orphans, Q(inviter=viewer.user_id)))


def count_for_members(organization: Organization, members: Iterable[Membership], now: datetime) -> dict[int, Expiring]:
    """What each of these members is told, by the id of the membership. The number of queries is constant."""
    groups = count_by_grant(organization, now)
    orphaned = find_orphaned(organization, groups)
    grantable = GrantableAccess.of_many(members)
    access = _access_of(orphaned)
    told = {}
    for member in members:
        own = (found for key, found in groups.items() if key.inviter_id == member.user_id)
        others = {
            key: groups[key]
            for key in orphaned
            if key.inviter_id != member.user_id and grantable[member.user_id].covers(access[key.grant_id])
        }
        told[member.pk] = sum(own, Expiring()) + _as_others(others if is_managing(member) else {})
    return told


def find_orphaned(organization: Organization, keys: Collection[GrantKey]) -> set[GrantKey]:
    """Those whose inviter has left or can no longer grant that. The number of queries is constant."""
    if not keys:
        return set()
    inviters = {key.inviter_id for key in keys if key.inviter_id is not None}
    able = memberships_with_permission(Permission.INVITE_USERS).filter(organization=organization, user__in=inviters)
    members = Membership.objects.filter(pk__in=able.values("pk")).prefetch_related("roles", "sites")
    grantable, access = GrantableAccess.of_many(members), _access_of(keys)
    return {
        key
        for key in keys
        if key.inviter_id not in grantable or not grantable[key.inviter_id].covers(access[key.grant_id])
    }


def _orphaned_for(viewer: Membership, invitations: InvitationQuerySet, now: datetime) -> Groups:
    """Those of other inviters that the member is told about."""
    if not is_managing(viewer):
        return {}
    groups = _grouped(invitations.exclude(inviter=viewer.user_id), now)
    orphaned = find_orphaned(viewer.organization, groups)
    if not orphaned:
        return {}
    grantable, access = GrantableAccess(viewer), _access_of(orphaned)
    return {key: groups[key] for key in orphaned if grantable.covers(access[key.grant_id])}


def is_managing(member: Membership) -> bool:
    """Whether they are told about invitations of others."""
    return all(member.has_permission(each) for each in MANAGING)


def _as_others(groups: Groups) -> Expiring:
    """All of them together, as those of others."""
    total = sum(groups.values(), Expiring())
    return replace(total, others=total.total)


def _access_of(keys: Collection[GrantKey]) -> dict[int, AccessIds]:
    """What the grants grant, by their ids, with three queries."""
    ids = {key.grant_id for key in keys}
    if not ids:
        return {}
    roles: dict[int, set[int]] = defaultdict(set)
    sites: dict[int, set[int]] = defaultdict(set)
    for through, name, found in ((AccessGrant.roles, "role_id", roles), (AccessGrant.sites, "site_id", sites)):
        links = through.through.objects.filter(accessgrant_id__in=ids)
        for grant_id, item_id in links.values_list("accessgrant_id", name):
            found[grant_id].add(item_id)
    everywhere = set(AccessGrant.objects.filter(pk__in=ids, all_sites=True).values_list("pk", flat=True))
    return {
        pk: AccessIds(frozenset(roles[pk]), frozenset() if pk in everywhere else frozenset(sites[pk]), pk in everywhere)
        for pk in ids
    }

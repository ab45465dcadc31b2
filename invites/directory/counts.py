"""How many people match a filter, by status: the numbers of the tabs on the page of users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Membership, Organization
from invites.directory.rare import RareUsers, rare_users
from invites.directory.users import NOBODY, People, Status, UserFilter, members_matching, users_matching
from invites.models import InvitationQuerySet

# The ids of so many members, and of so many invitations, are kept in memory for a request.
FEW = 1_000

# Each kind is found and counted on its own. All statuses of a kind, or none, are in `StatusCounts.few`.
MEMBERS = (Status.ACTIVE, Status.DEACTIVATED)
OPEN = (Status.PENDING, Status.EXPIRED, Status.SCHEDULED)
DECLINED = (Status.DECLINED,)

Numbers = dict[Status, int]
Few = dict[Status, list[int]]


@dataclass(frozen=True)
class StatusCounts:
    """How many people match, by status.

    `few` has the ids of those kinds of which few match. Then the page need not search for them again. `everyone` are
    the queries for all who match.
    """

    active: int
    pending: int
    expired: int
    scheduled: int
    declined: int
    deactivated: int
    everyone: People = field(default=NOBODY, compare=False, repr=False)
    few: Mapping[Status, list[int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def total(self) -> int:
        invited = self.pending + self.expired + self.scheduled + self.declined
        return self.active + invited + self.deactivated

    def of(self, status: Status | None) -> int:
        return getattr(self, status.value) if status else self.total

    @property
    def has_many(self) -> bool:
        """Whether many people of any kind match."""
        return len(self.few) < len(Status)

    def ids(self, kind: Iterable[Status], status: Status | None) -> list[int] | None:
        """Those of this kind with the status, or with any; None if many of this kind match."""
        if not all(each in self.few for each in kind):
            return None
        return [pk for each in kind if status in (None, each) for pk in self.few[each]]


def count_users(organization: Organization, wanted: UserFilter) -> StatusCounts:
    """The number of people for each tab."""
    everyone = replace(wanted, status=None)
    rare = rare_users(organization)
    people = members, invitations, declined = users_matching(organization, everyone, one_by_one=True, rare=rare)
    few: Few = {} if rare.declined else {Status.DECLINED: []}
    if everyone.search:
        # The first ones are loaded before all are counted: if there are no more, all names are read only once.
        few |= _few_members(members) | _few_open(invitations, rare) | _few_declined(declined)
    numbers = {status: len(ids) for status, ids in few.items()}
    linked = _linked(organization, everyone)
    if Status.ACTIVE not in few:
        numbers |= _count_members(organization, everyone, members, linked, rare)
    if Status.PENDING not in few:
        numbers |= _count_open(invitations, rare, is_search=bool(everyone.search))
    if Status.DECLINED not in few:
        numbers[Status.DECLINED] = declined.count()
    if linked and numbers[Status.ACTIVE] + numbers[Status.DEACTIVATED] <= FEW:
        few |= _few_members(*linked)
    return StatusCounts(**{status.value: numbers[status] for status in Status}, everyone=people, few=few)


def _few_members(*parts: QuerySet[Any]) -> Few:
    """The ids of the members in these queries, if they are few; otherwise nothing."""
    found: list[tuple[int, datetime | None]] = []
    for part in parts:
        member = "" if part.model is Membership else "membership__"
        found += part.values_list(f"{member}pk", f"{member}deactivated_at")[: FEW + 1]
    if len(found) > FEW:
        return {}
    return {
        Status.ACTIVE: [pk for pk, deactivated_at in found if deactivated_at is None],
        Status.DEACTIVATED: [pk for pk, deactivated_at in found if deactivated_at is not None],
    }


def _few_open(invitations: InvitationQuerySet, rare: RareUsers) -> Few:
    """The same for open invitations."""
    is_expired = Q(expires_at__lte=timezone.now())
    found = list(invitations.annotate(late=is_expired).values_list("pk", "late")[: FEW + 1])
    if len(found) > FEW:
        return {}
    # Asked for alone: one index has all else, and imports would have to write one more column of it.
    scheduled = set(invitations.scheduled().values_list("pk", flat=True)[: FEW + 1]) if rare.scheduled else set()
    return {
        Status.PENDING: [pk for pk, late in found if not late and pk not in scheduled],
        Status.EXPIRED: [pk for pk, late in found if late and pk not in scheduled],
        Status.SCHEDULED: [pk for pk, _ in found if pk in scheduled],
    }


def _few_declined(declined: InvitationQuerySet) -> Few:
    found = list(declined.values_list("pk", flat=True)[: FEW + 1])
    return {} if len(found) > FEW else {Status.DECLINED: found}


def _count_members(
    organization: Organization,
    wanted: UserFilter,
    matching: QuerySet[Membership],
    linked: list[QuerySet[Any]],
    rare: RareUsers,
) -> Numbers:
    total = sum(part.count() for part in linked) if linked else members_matching(organization, wanted).count()
    # Few members are deactivated, and they have an index.
    deactivated = matching.filter(deactivated_at__isnull=False).count() if rare.deactivated else 0
    return {Status.ACTIVE: max(0, total - deactivated), Status.DEACTIVATED: deactivated}


def _count_open(invitations: InvitationQuerySet, rare: RareUsers, *, is_search: bool) -> Numbers:
    """Pending, expired and scheduled ones. Each query is answered by an index alone."""
    now = timezone.now()
    if is_search:
        # Both at once, so that all names are read only once.
        found = invitations.aggregate(total=Count("*"), expired=Count("pk", filter=Q(expires_at__lte=now)))
        total, expired = found["total"], found["expired"]
    else:
        total, expired = invitations.count(), invitations.expired(now).count()
    scheduled = invitations.scheduled().count() if rare.scheduled else 0
    # While an organization is suspended, a scheduled one may expire. It still counts as scheduled.
    expired -= invitations.scheduled().expired(now).count() if scheduled else 0
    return {
        Status.PENDING: max(0, total - expired - scheduled),
        Status.EXPIRED: max(0, expired),
        Status.SCHEDULED: scheduled,
    }


def _linked(organization: Organization, wanted: UserFilter) -> list[QuerySet[Any]]:
    """The members with the role and the site, if that is all that is wanted, without looking at all others.

    They are links or members, and nobody is in two of the queries.
    """
    if wanted.search or wanted.expires_soon or not (wanted.role or wanted.site):
        return []
    roles, sites = Membership.roles.through.objects, Membership.sites.through.objects
    with_role = roles.filter(role_id=wanted.role.pk) if wanted.role else None
    if wanted.site is None:
        return [] if with_role is None else [with_role]
    everywhere = organization.memberships.filter(all_sites=True)
    with_site: QuerySet[Any] = sites.filter(site_id=wanted.site.pk).exclude(membership__in=everywhere.values("pk"))
    if with_role is not None:
        with_site = with_site.filter(Exists(with_role.filter(membership=OuterRef("membership"))))
        everywhere = everywhere.filter(Exists(with_role.filter(membership=OuterRef("pk"))))
    return [with_site, everywhere]

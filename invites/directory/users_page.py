"""A page of the list of users: the database finds the ids, and then only the people of that page are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast
from zlib import crc32

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from accounts.models import Membership, Organization, Role, Site
from accounts.numbers import id_in
from invites.directory.counts import DECLINED, MEMBERS, OPEN, StatusCounts
from invites.directory.page_access import RoleAndSiteNames, load_access
from invites.directory.paging import Place, slice_after, slice_before, slice_union
from invites.directory.users import (
    NOBODY,
    PER_PAGE,
    People,
    Person,
    UserFilter,
    of_status,
    person_of_invitation,
    person_with_access,
)
from invites.models import Batch, Invitation


class UsersPage(Page[Person]):
    """A page of people. Links to the pages beside it name the person at the edge: see `_edge_of`."""

    @property
    def to_previous(self) -> str:
        return f"before={_edge_of(self.object_list[0], self.number - 1)}" if self.object_list else ""

    @property
    def to_next(self) -> str:
        return f"after={_edge_of(self.object_list[-1], self.number + 1)}" if self.object_list else ""


class _Paginator(Paginator):  # type: ignore[type-arg]
    def _get_page(self, *args: Any, **kwargs: Any) -> UsersPage:
        return UsersPage(*args, **kwargs)


def find_users_page(
    organization: Organization,
    wanted: UserFilter,
    *,
    number: str | int,
    counts: StatusCounts,
    after: str = "",
    before: str = "",
    roles: Iterable[Role] | None = None,
    sites: Iterable[Site] | None = None,
) -> UsersPage:
    """A page of people. An invalid page number returns the nearest page.

    `after` and `before` are the edges in links of `UsersPage`. With one of them, the database starts at that person and
    skips nobody: page 4,000 takes as long as page 2.

    Callers that have loaded all roles and sites of the organization pass them, to save queries.
    """
    names = RoleAndSiteNames.of(organization, roles=roles, sites=sites)
    people = _People(organization, wanted, counts, names, edge=before or after, is_before=bool(before))
    # The paginator needs only the length and slices.
    return cast("UsersPage", _Paginator(cast("Sequence[Person]", people), PER_PAGE).get_page(number))


class _People:
    """The whole list for the paginator: a length, and slices."""

    def __init__(
        self,
        organization: Organization,
        wanted: UserFilter,
        counts: StatusCounts,
        names: RoleAndSiteNames,
        *,
        edge: str,
        is_before: bool,
    ) -> None:
        self._organization = organization
        self._wanted = wanted
        self._counts = counts
        self._names = names
        self._edge = edge
        self._is_before = is_before

    def __len__(self) -> int:
        return self._counts.of(self._wanted.status)

    def __getitem__(self, part: slice) -> list[Person]:
        queries, total = self._queries(), len(self)
        found = self._beside_edge(queries, part.start, min(part.stop, total))
        if found is None:
            found = slice_union(*queries, start=part.start, stop=part.stop, total=total)
        members = _load_members(self._organization, [pk for _, pk, is_invitation in found if not is_invitation])
        invitations = _load_invitations(self._organization, [pk for _, pk, is_invitation in found if is_invitation])
        of_members, of_grants = load_access(
            self._names, members=[each.pk for each in members], grants={each.grant_id for each in invitations}
        )
        now = timezone.now()
        people = {(each.pk, False): person_with_access(each, of_members[each.pk]) for each in members}
        people |= {(each.pk, True): person_of_invitation(each, of_grants[each.grant_id], now) for each in invitations}
        # If somebody was removed between the queries, the page is shorter.
        return [people[pk, kind] for _, pk, kind in found if (pk, kind) in people]

    def _beside_edge(self, queries: People, start: int, stop: int) -> list[Place] | None:
        """The places beside the edge. None without a valid one, or if there are fewer: then people were removed."""
        if not self._edge or not self._counts.has_many:
            return None
        edge = _place_of_edge(self._organization, self._edge, start // PER_PAGE + 1)
        if edge is None:
            return None
        find = slice_before if self._is_before else slice_after
        found = find(*queries, last=edge, count=stop - start)
        return found if len(found) == stop - start else None

    def _queries(self) -> People:
        """The members, the open and the declined invitations of the list. If they are few, their ids are known."""
        counts, status = self._counts, self._wanted.status
        members, invitations, declined = of_status(counts.everyone, status, has_scheduled=counts.scheduled > 0)
        if (ids := counts.ids(MEMBERS, status)) is not None:
            members = Membership.objects.filter(pk__in=ids) if ids else NOBODY[0]
        if (ids := counts.ids(OPEN, status)) is not None:
            invitations = Invitation.objects.filter(pk__in=ids) if ids else NOBODY[1]
        if (ids := counts.ids(DECLINED, status)) is not None:
            declined = Invitation.objects.filter(pk__in=ids) if ids else NOBODY[2]
        return members, invitations, declined


def _edge_of(person: Person, number: int) -> str:
    """For the link to the page with this number beside the person: their key, and a check.

    The check tells if the person was renamed since, or the number in the address was changed by hand.
    """
    kind = person.membership or person.invitation
    return f"{person.key}.{_check(kind.person_key, number)}" if kind else ""


def _place_of_edge(organization: Organization, edge: str, number: int) -> Place | None:
    """The place of the person at the edge; None if it isn't valid for the page with this number."""
    key, _dot, check = edge.partition(".")
    if not key.startswith(("m", "i")):
        return None
    is_invitation = key.startswith("i")
    everyone = organization.invitations if is_invitation else organization.memberships
    name = everyone.filter(pk=id_in(key[1:])).values_list("person_key", flat=True).first()
    return None if name is None or check != _check(name, number) else (name, id_in(key[1:]), is_invitation)


def _check(name: str, number: int) -> str:
    return f"{crc32(f'{number} {name}'.encode()):08x}"


def _load_members(organization: Organization, ids: list[int]) -> list[Membership]:
    return list(organization.memberships.filter(pk__in=ids).select_related("user")) if ids else []


def _load_invitations(organization: Organization, ids: list[int]) -> list[Invitation]:
    invitations = list(organization.invitations.filter(pk__in=ids).select_related("grant")) if ids else []
    if any(each.is_scheduled and each.mail_due_at is None for each in invitations):
        # They are sent with their import.
        prefetch_related_objects(invitations, Prefetch("batch", Batch.objects.only("send_at")))
    return invitations

"""Members and open invitations of an organization as one list: searched, filtered, sorted by name, and paged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organization, Role, Site
from accounts.names import fold
from accounts.numbers import id_in
from accounts.organizations.grants import AccessIds
from invites.directory.rare import RareUsers, rare_users
from invites.invitations.expiry import SOON
from invites.invitations.visibility import invitation_is_visible, sees_everybody
from invites.models import AccessGrant, FailureReason, Invitation, InvitationQuerySet

RoleOrSite = TypeVar("RoleOrSite", Role, Site)
PER_PAGE = 25
LONGEST_SEARCH = 200
# In the query string: invitations that expire soon.
SOON_VALUE = "soon"
# The ids of so many grants are kept in memory for a request.
MOST_GRANTS = 1_000


class Status(TextChoices):
    """The status of a user in the list."""

    ACTIVE = "active", _("Active")
    PENDING = "pending", _("Invite pending")
    EXPIRED = "expired", _("Invite expired")
    SCHEDULED = "scheduled", _("Invite scheduled")
    DECLINED = "declined", _("Invite declined")
    DEACTIVATED = "deactivated", _("Deactivated")

    @property
    def is_member(self) -> bool:
        """Whether it is a status of members, not of invitations."""
        return self in (Status.ACTIVE, Status.DEACTIVATED)


@dataclass(frozen=True)
class UserFilter:
    """The filter of the list. The empty filter matches everybody."""

    status: Status | None = None
    search: str = ""
    role: Role | None = None
    site: Site | None = None
    expires_soon: bool = False

    @classmethod
    def read(
        cls,
        query: Mapping[str, str],
        organization: Organization,
        *,
        roles: Iterable[Role] | None = None,
        sites: Iterable[Site] | None = None,
    ) -> UserFilter:
        """The filter in a query string. Invalid values are ignored.

        Callers that have loaded all roles and sites of the organization pass them, to save queries.
        """
        status = query.get("status", "")
        return cls(
            status=Status(status) if status in Status.values else None,
            search=query.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH],
            role=_named(query.get("role"), organization.roles.all() if roles is None else roles),
            site=_named(query.get("site"), organization.sites.all() if sites is None else sites),
            expires_soon=query.get("expires") == SOON_VALUE,
        )

    @property
    def is_narrow(self) -> bool:
        """Whether there is any filter besides the status."""
        return bool(self.search or self.role or self.site or self.expires_soon)

    def is_all_of(self, query: Mapping[str, str]) -> bool:
        """Whether every filter in the query string is valid."""
        asked = {
            "status": self.status,
            "q": self.search,
            "role": self.role,
            "site": self.site,
            "expires": self.expires_soon,
        }
        return all(found or not query.get(name) for name, found in asked.items())

    def query_string(self, **changes: object) -> str:
        """The query string for this filter with some changes."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        values = {
            "status": changed.status.value if changed.status else "",
            "q": changed.search,
            "role": changed.role.pk if changed.role else "",
            "site": changed.site.pk if changed.site else "",
            "expires": SOON_VALUE if changed.expires_soon else "",
        }
        return urlencode({name: value for name, value in values.items() if value})


def _named(text: str | None, items: Iterable[RoleOrSite]) -> RoleOrSite | None:
    """The role or the site with the id that the text is."""
    pk = id_in(text)
    return next((each for each in items if each.pk == pk), None) if pk else None


@dataclass(frozen=True)
class Person:
    """A row of the list. `key` identifies it in a form: "m12" is a membership, "i34" an invitation."""

    key: str
    pk: int
    status: Status
    name: str
    email: str
    description: str
    roles: tuple[str, ...]
    sites: tuple[str, ...]
    all_sites: bool
    active_at: datetime | None
    invited_at: datetime | None
    undelivered: str
    declined_at: datetime | None = None
    access: AccessIds = field(default_factory=AccessIds)
    membership: Membership | None = None
    scheduled_at: datetime | None = None
    invitation: Invitation | None = None

    @property
    def is_deactivated(self) -> bool:
        return self.status == Status.DEACTIVATED


# Members, open invitations and declined ones.
People = tuple[QuerySet[Membership], InvitationQuerySet, InvitationQuerySet]
NOBODY: People = (Membership.objects.none(), Invitation.objects.none(), Invitation.objects.none())


def visible_users(viewer: Membership, wanted: UserFilter, *, keys: Iterable[str] | None = None) -> People:
    """The same as `users_matching`, but only those whom the viewer may see, for bulk actions."""
    members, invitations, declined = users_matching(viewer.organization, wanted, keys=keys)
    # Only those who see everybody see members.
    seen = members if sees_everybody(viewer) else members.none()
    is_visible = invitation_is_visible(viewer)
    return seen, invitations.filter(is_visible), declined.filter(is_visible)


def users_matching(
    organization: Organization,
    wanted: UserFilter,
    *,
    keys: Iterable[str] | None = None,
    one_by_one: bool = False,
    rare: RareUsers | None = None,
) -> People:
    """The members, and the open and the declined invitations, that match the filter and have one of the keys, if any.

    Each query finds its part of the list from an index of its own. With `one_by_one`, the database looks up the roles
    and sites of each member that it comes across, and not first everyone with the role: better if it stops soon.
    `rare` is what the organization has of these, if the caller has asked before.
    """
    rare = rare or rare_users(organization)
    granting = _grants(organization, wanted)
    invitations = Invitation.objects.open_in(organization, some_undone=rare.undone)
    invitations, declined = _narrowed(invitations, wanted, granting), NOBODY[2]
    if rare.declined:
        # Declined invitations have a query of their own, because each index has one state.
        declined = Invitation.objects.declined().filter(organization=organization, is_unlisted=False)
        declined = _narrowed(declined, wanted, granting)
    if wanted.expires_soon:
        now = timezone.now()
        invitations = invitations.unexpired(now).filter(expires_at__lte=now + SOON)
        # If nothing is scheduled, an index alone finds the others.
        invitations, declined = invitations.with_link() if rare.scheduled else invitations, NOBODY[2]
    people = members_matching(organization, wanted, one_by_one=one_by_one), invitations, declined
    people = of_status(people, wanted.status, has_scheduled=rare.scheduled)
    if keys is None:
        return people
    chosen = list(keys)
    ids = [id_in(key[1:]) for key in chosen if key.startswith("i")]
    members = people[0].filter(pk__in=[id_in(key[1:]) for key in chosen if key.startswith("m")])
    return members, people[1].filter(pk__in=ids), people[2].filter(pk__in=ids)


def of_status(people: People, status: Status | None, *, has_scheduled: bool) -> People:
    """Those with the status. `has_scheduled`: whether any of the invitations are scheduled."""
    members, invitations, declined = people
    match status:
        case None:
            return people
        case Status.ACTIVE | Status.DEACTIVATED:
            return members.filter(deactivated_at__isnull=status == Status.ACTIVE), NOBODY[1], NOBODY[2]
        case Status.DECLINED:
            return NOBODY[0], NOBODY[1], declined
        case Status.SCHEDULED:
            return NOBODY[0], invitations.scheduled(), NOBODY[2]
    invitations = invitations.unexpired() if status == Status.PENDING else invitations.expired()
    return NOBODY[0], invitations.with_link() if has_scheduled else invitations, NOBODY[2]


def members_matching(
    organization: Organization, wanted: UserFilter, *, one_by_one: bool = False
) -> QuerySet[Membership]:
    """The members that match the filter, apart from its status. See `users_matching`."""
    if wanted.expires_soon:
        return NOBODY[0]
    members = organization.memberships.filter(_search("person_key", wanted.search))
    if wanted.role:
        members = members.filter(_is_linked(Membership.roles.through, one_by_one=one_by_one, role=wanted.role.pk))
    if wanted.site:
        has_site = _is_linked(Membership.sites.through, one_by_one=one_by_one, site=wanted.site.pk)
        members = members.filter(Q(all_sites=True) | has_site)
    return members


def _is_linked(links: type[Model], *, one_by_one: bool, **to: int) -> Q:
    """A condition on members: they have this role or site."""
    found = links._default_manager.filter(**to)
    if one_by_one:
        return Q(Exists(found.filter(membership=OuterRef("pk"))))
    return Q(pk__in=found.values("membership"))


def _grants(organization: Organization, wanted: UserFilter) -> list[int] | QuerySet[AccessGrant] | None:
    """The grants with the role and the site; None for all of them.

    As ids if they aren't many: for a subquery, PostgreSQL goes through all invitations once for each grant.
    """
    if not (wanted.role or wanted.site):
        return None
    grants = AccessGrant.objects.filter(organization=organization).order_by()
    if wanted.role:
        grants = grants.filter(roles=wanted.role)
    if wanted.site:
        with_site = AccessGrant.sites.through.objects.filter(site_id=wanted.site.pk)
        grants = grants.filter(Q(all_sites=True) | Q(pk__in=with_site.values("accessgrant")))
    ids = list(grants.values_list("pk", flat=True)[: MOST_GRANTS + 1])
    return ids if len(ids) <= MOST_GRANTS else grants


def _narrowed(
    invitations: InvitationQuerySet, wanted: UserFilter, grants: list[int] | QuerySet[AccessGrant] | None
) -> InvitationQuerySet:
    """Those that match the filter, apart from its status."""
    invitations = invitations.filter(_search("person_key", wanted.search))
    return invitations if grants is None else invitations.filter(grant__in=grants)


def _search(field: str, text: str) -> Q:
    """Name or address contain every word, ignoring case and diacritics."""
    found = Q()
    for word in fold(text).split():
        found &= Q(**{f"{field}__contains": word})
    return found


@dataclass
class AccessNames:
    """The roles and sites of one person, with their names, in their order."""

    roles: dict[int, str] = field(default_factory=dict)
    sites: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, holder: Membership | AccessGrant) -> AccessNames:
        return cls(
            {role.pk: role.name for role in holder.roles.all()}, {site.pk: site.name for site in holder.sites.all()}
        )

    def ids(self, *, all_sites: bool) -> AccessIds:
        return AccessIds(frozenset(self.roles), frozenset() if all_sites else frozenset(self.sites), all_sites)


def status_of_member(member: Membership) -> Status:
    return Status.ACTIVE if member.deactivated_at is None else Status.DEACTIVATED


def status_of_invitation(invitation: Invitation, now: datetime) -> Status:
    """The status of an open or declined invitation."""
    if invitation.state == Invitation.State.DECLINED:
        return Status.DECLINED
    return _status_of(invitation.expires_at, invitation.mail_state, now)


def _status_of(expires_at: datetime, mail_state: str, now: datetime) -> Status:
    if mail_state == Invitation.Mail.SCHEDULED:
        return Status.SCHEDULED
    return Status.PENDING if expires_at > now else Status.EXPIRED


def person_of_member(member: Membership) -> Person:
    """The member as a row of the list."""
    return person_with_access(member, AccessNames.of(member))


def person_with_access(member: Membership, access: AccessNames) -> Person:
    return Person(
        key=f"m{member.pk}",
        pk=member.pk,
        status=status_of_member(member),
        name=member.get_full_name(),
        email=member.user.email,
        description=member.description,
        roles=tuple(access.roles.values()),
        sites=tuple(access.sites.values()),
        all_sites=member.all_sites,
        active_at=member.last_seen_at,
        invited_at=None,
        undelivered="",
        access=access.ids(all_sites=member.all_sites),
        membership=member,
    )


def person_of(invitation: Invitation) -> Person:
    """The invitation as a row of the list."""
    return person_of_invitation(invitation, AccessNames.of(invitation.grant), timezone.now())


def person_of_invitation(invitation: Invitation, access: AccessNames, now: datetime) -> Person:
    is_declined = invitation.state == Invitation.State.DECLINED
    undelivered = invitation.mail_state in Invitation.UNDELIVERED and not is_declined
    return Person(
        key=f"i{invitation.pk}",
        pk=invitation.pk,
        status=status_of_invitation(invitation, now),
        name=invitation.full_name or invitation.email,
        email=invitation.email,
        description=invitation.description,
        roles=tuple(access.roles.values()),
        sites=tuple(access.sites.values()),
        all_sites=invitation.grant.all_sites,
        active_at=None,
        invited_at=invitation.mail_finished_at or invitation.created_at,
        undelivered=FailureReason.text_of(invitation.mail_detail or FailureReason.BOUNCED) if undelivered else "",
        declined_at=invitation.closed_at if is_declined else None,
        access=access.ids(all_sites=invitation.grant.all_sites),
        scheduled_at=invitation.scheduled_at,
        invitation=invitation,
    )

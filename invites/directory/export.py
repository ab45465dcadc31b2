"""Users as rows of a file that can be imported elsewhere: the columns that the import reads, roles, sites and status.

The list is read in blocks. Each block is a query of its own, so that neither memory nor a database connection is held
while a slow client downloads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.models import Membership, Organization
from accounts.wording import separated
from invites.checking import COLUMNS
from invites.directory.paging import Place, slice_after
from invites.directory.users import Status, UserFilter, status_of_invitation, status_of_member, users_matching
from invites.models import AccessGrant, Invitation, InvitationQuerySet

BLOCK = 2_000
# Between the names of roles and sites in a cell, because names may contain commas.
BETWEEN = "; "


@dataclass(frozen=True)
class ExportedUsers:
    """Who is exported: those who match the filter or, if there are keys, those with a key (see `Person.key`)."""

    organization: Organization
    wanted: UserFilter
    keys: tuple[str, ...] = ()

    def count(self) -> int:
        return sum(found.count() for found in self._found())

    def rows(self) -> Iterator[list[str]]:
        """A row of column names, and one for each user, sorted by name.

        The names of the columns are the same in every language, so that the import knows them.
        """
        yield [*[column.title for column in COLUMNS], "Roles", "Sites", "Status"]
        names = _Names(self.organization)
        last: Place | None = None
        while places := slice_after(*self._found(), last=last, count=BLOCK):
            yield from _rows_of(places, names)
            last = places[-1]

    def facts(self) -> dict[str, str]:
        """Who they are, for the activity log: see `described`."""
        if self.keys:
            return {"selected": "yes"}
        wanted = self.wanted
        found = {
            "status": wanted.status.value if wanted.status else "",
            "role": wanted.role.name if wanted.role else "",
            "site": wanted.site.name if wanted.site else "",
            "search": wanted.search,
        }
        return {name: value for name, value in found.items() if value}

    def _found(self) -> tuple[QuerySet[Membership], InvitationQuerySet, InvitationQuerySet]:
        return users_matching(self.organization, self.wanted, keys=self.keys or None)


def described(facts: Mapping[str, str]) -> str:
    """Facts as words: "Status is Active, Site is Lyon", or "All users"."""
    if "selected" in facts:
        return _("Selected users")
    status = facts.get("status", "")
    words = [_("Status is {status}").format(status=Status(status).label)] if status in Status.values else []
    if "role" in facts:
        words.append(_("Role is {role}").format(role=facts["role"]))
    if "site" in facts:
        words.append(_("Site is {site}").format(site=facts["site"]))
    if "search" in facts:
        words.append(_("Search is “{search}”").format(search=facts["search"]))
    return separated(words) or _("All users")


@transaction.atomic
def record_export(by: Membership, users: ExportedUsers, *, count: int, file_format: str) -> None:
    """Store in the activity log who exported which users, before the download begins."""
    change = Change(values={"format": file_format, "filter": users.facts()})
    record(by.organization_id, Action.USERS_EXPORTED, about_users(count), by=by, change=change)


class _Names:
    """The names of all roles and sites of an organization by their ids, in the order of lists."""

    def __init__(self, organization: Organization) -> None:
        self._roles = dict(organization.roles.values_list("pk", "name"))
        self._sites = dict(organization.sites.values_list("pk", "name"))

    def roles(self, ids: Iterable[int]) -> str:
        return _joined(self._roles, ids)

    def sites(self, ids: Iterable[int], *, all_sites: bool) -> str:
        return _("All sites") if all_sites else _joined(self._sites, ids)


def _joined(names: Mapping[int, str], ids: Iterable[int]) -> str:
    chosen = set(ids)
    return BETWEEN.join(name for pk, name in names.items() if pk in chosen)


def _rows_of(places: list[Place], names: _Names) -> Iterator[list[str]]:
    members = _member_rows([pk for _name, pk, is_invitation in places if not is_invitation], names)
    invitations = _invitation_rows([pk for _name, pk, is_invitation in places if is_invitation], names)
    for _name, pk, is_invitation in places:
        found = invitations if is_invitation else members
        # Somebody may have been removed since the places were read.
        if pk in found:
            yield found[pk]


def _member_rows(ids: list[int], names: _Names) -> dict[int, list[str]]:
    roles, sites = _linked(Membership, "roles", ids), _linked(Membership, "sites", ids)
    return {
        each.pk: [
            *[getattr(each, column.key) for column in COLUMNS],
            names.roles(roles[each.pk]),
            names.sites(sites[each.pk], all_sites=each.all_sites),
            str(status_of_member(each).label),
        ]
        for each in Membership.objects.filter(pk__in=ids).select_related("user")
    }


def _invitation_rows(ids: list[int], names: _Names) -> dict[int, list[str]]:
    invitations = list(Invitation.objects.filter(pk__in=ids).select_related("grant"))
    grants = list({each.grant_id for each in invitations})
    roles, sites = _linked(AccessGrant, "roles", grants), _linked(AccessGrant, "sites", grants)
    now = timezone.now()
    return {
        each.pk: [
            *[getattr(each, column.key) for column in COLUMNS],
            names.roles(roles[each.grant_id]),
            names.sites(sites[each.grant_id], all_sites=each.grant.all_sites),
            str(status_of_invitation(each, now).label),
        ]
        for each in invitations
    }


def _linked(model: type[Model], field: str, ids: list[int]) -> dict[int, list[int]]:
    """The ids at the other end of a many-to-many field, by those of the model."""
    found: dict[int, list[int]] = defaultdict(list)
    manager = model._default_manager.filter(pk__in=ids, **{f"{field}__isnull": False})
    for pk, other in manager.values_list("pk", field):
        found[pk].append(other)
    return found

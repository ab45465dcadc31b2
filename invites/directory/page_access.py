"""The roles and sites of all people on a page of the list, with one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection

from accounts.models import Membership, Organization, Role, Site
from invites.directory.users import AccessNames
from invites.models import AccessGrant

Holder = type[Membership] | type[AccessGrant]


@dataclass(frozen=True)
class RoleAndSiteNames:
    """The names of all roles and sites of an organization by their ids, in their order."""

    roles: dict[int, str]
    sites: dict[int, str]

    @classmethod
    def of(
        cls, organization: Organization, *, roles: Iterable[Role] | None, sites: Iterable[Site] | None
    ) -> RoleAndSiteNames:
        """They are loaded if the caller hasn't."""
        roles = organization.roles.all() if roles is None else roles
        sites = organization.sites.all() if sites is None else sites
        return cls({role.pk: role.name for role in roles}, {site.pk: site.name for site in sites})


def load_access(
    names: RoleAndSiteNames, *, members: Collection[int], grants: Collection[int]
) -> tuple[Mapping[int, AccessNames], Mapping[int, AccessNames]]:
    """What the members have, and what the grants give, by their ids.

    Objects for roles and sites would take much longer, and so would a query for each kind of pair.
    """
    of_members: dict[int, AccessNames] = defaultdict(AccessNames)
    of_grants: dict[int, AccessNames] = defaultdict(AccessNames)
    pairs = _load_pairs([(Membership, members), (AccessGrant, grants)])
    for part, named in (("roles", names.roles), ("sites", names.sites)):
        order = {pk: number for number, pk in enumerate(named)}
        # A role or site may have been deleted or added since the names were loaded.
        known = (pair for pair in pairs if pair[2] == part and pair[3] in order)
        for holder, owner, _part, item in sorted(known, key=lambda pair: order[pair[3]]):
            found = of_members[owner] if holder == "membership" else of_grants[owner]
            getattr(found, part)[item] = named[item]
    return of_members, of_grants


def _load_pairs(wanted: Iterable[tuple[Holder, Collection[int]]]) -> list[tuple[str, int, str, int]]:
    """The kind and the id of each holder, "roles" or "sites", and the id of one of them."""
    parts: list[str] = []
    values: list[int] = []
    for holder, ids in wanted:
        if not ids:
            continue
        for part in ("roles", "sites"):
            kind, table = holder._meta.model_name, getattr(holder, part).through._meta.db_table
            owner, item = f"{kind}_id", f"{part.removesuffix('s')}_id"
            among = ", ".join(["%s"] * len(ids))
            parts.append(f"SELECT '{kind}', {owner}, '{part}', {item} FROM {table} WHERE {owner} IN ({among})")  # noqa: S608 - our own names
            values += ids
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        found: list[tuple[str, int, str, int]] = cursor.fetchall()
    return found

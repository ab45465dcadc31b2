"""What became of everybody in a bulk action, for its page and its download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Membership, Role, Site
from invites.invitations.visibility import sees_everybody, visible_invitations
from invites.models import BulkAction, BulkActionRow, Outcome


@dataclass(frozen=True)
class Names:
    """The names of an organization's roles and sites by id. Those of deleted ones are those that the action stored."""

    roles: dict[int, str]
    sites: dict[int, str]

    @classmethod
    def of(cls, action: BulkAction) -> Names:
        roles = Role.objects.filter(organization=action.organization_id).values_list("pk", "name")
        sites = Site.objects.filter(organization=action.organization_id).values_list("pk", "name")
        stored = action.access
        return cls(dict(stored.get("roles", [])) | dict(roles), dict(stored.get("sites", [])) | dict(sites))

    def roles_in(self, ids: Iterable[int]) -> list[str]:
        """Sorted. A role that was deleted since has no name."""
        return sorted(self.roles[pk] for pk in ids if pk in self.roles)

    def sites_in(self, ids: Iterable[int]) -> list[str]:
        return sorted(self.sites[pk] for pk in ids if pk in self.sites)


def visible_rows(viewer: Membership, action: BulkAction, outcome: Outcome | None = None) -> QuerySet[BulkActionRow]:
    """The rows in the order of the work: members by name, then invitations by name.

    Without *See users*, only those of invitations that the viewer sees elsewhere: the viewer may have lost the
    permission since they started the action.
    """
    rows = action.rows.order_by("pk")
    if not sees_everybody(viewer):
        rows = rows.filter(membership_id=None, invitation_id__in=visible_invitations(viewer).values("pk"))
    return rows.filter(outcome=outcome) if outcome else rows


def in_blocks(rows: QuerySet[BulkActionRow]) -> Iterator[BulkActionRow]:
    """All of them, a thousand at a time, so that a slow download doesn't keep a transaction open."""
    last = 0
    while block := list(rows.filter(pk__gt=last)[:1_000]):
        yield from block
        last = block[-1].pk

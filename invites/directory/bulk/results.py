"""What became of everybody in a bulk action, for its page and its download."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Role, Site
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


def rows_of(action: BulkAction, outcome: Outcome | None = None) -> QuerySet[BulkActionRow]:
    """The rows in the order of the work: members by name, then invitations by name."""
    rows = action.rows.order_by("pk")
    return rows.filter(outcome=outcome) if outcome else rows


def history_of(*, membership_id: int | None = None, invitation_id: int | None = None) -> QuerySet[BulkActionRow]:
    """What bulk actions changed for one person, newest first, with the action and who started it.

    For the history on a person's page. Pass the id of the membership, that of the invitation, or both. An entry of the
    activity log has only the number of people. `wording.row_text` says what the person had before and has since.
    """
    rows = BulkActionRow.objects.filter(outcome=Outcome.CHANGED).select_related("action__started_by")
    found = rows.none()
    if membership_id is not None:
        found = found | rows.filter(membership_id=membership_id)
    if invitation_id is not None:
        found = found | rows.filter(invitation_id=invitation_id)
    return found.order_by("-at", "-pk")


def in_blocks(rows: QuerySet[BulkActionRow]) -> Iterator[BulkActionRow]:
    """All of them, a thousand at a time, so that a slow download doesn't keep a transaction open."""
    last = 0
    while block := list(rows.filter(pk__gt=last)[:1_000]):
        yield from block
        last = block[-1].pk

"""What a bulk action is to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from accounts.models import Role, Site
from accounts.organizations.grants import AccessIds, AccessSelection
from accounts.permissions import Permission
from invites.models import BulkAction

Kind: TypeAlias = BulkAction.Kind
Mode: TypeAlias = BulkAction.Mode

# Of members only, and of invitations only. The others are for both.
OF_MEMBERS = (Kind.DEACTIVATE, Kind.REACTIVATE, Kind.REMOVE)
OF_INVITATIONS = (Kind.RESEND, Kind.REVOKE)
UNDOABLE = (Kind.ROLES, Kind.SITES, Kind.DEACTIVATE, Kind.REACTIVATE)


@dataclass(frozen=True)
class BulkChange:
    """The kind of change, and for roles and sites which ones, and whether they are added, removed, or replace all."""

    kind: Kind
    mode: Mode | None = None
    access: AccessSelection = field(default_factory=AccessSelection)

    @property
    def chosen(self) -> frozenset[int]:
        """The ids of the chosen roles, or of the chosen sites."""
        ids = AccessIds.of(self.access)
        return ids.roles if self.kind == Kind.ROLES else ids.sites

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """One of these is needed to start it."""
        if self.kind in OF_MEMBERS:
            return (Permission.MANAGE_USERS,)
        if self.kind in OF_INVITATIONS:
            return (Permission.INVITE_USERS,)
        return (Permission.MANAGE_USERS, Permission.INVITE_USERS)

    def apply_to(self, held: AccessIds) -> AccessIds:
        """The roles and sites afterwards."""
        if self.kind == Kind.ROLES:
            return AccessIds(self._combined(held.roles), held.sites, held.all_sites)
        if self.kind == Kind.SITES and self.access.all_sites:
            return AccessIds(held.roles, frozenset(), all_sites=True)
        if self.kind == Kind.SITES:
            return AccessIds(held.roles, self._combined(held.sites), all_sites=False)
        return held

    def _combined(self, held: frozenset[int]) -> frozenset[int]:
        if self.mode == Mode.ADD:
            return held | self.chosen
        return held - self.chosen if self.mode == Mode.REMOVE else self.chosen

    def as_json(self) -> dict[str, Any]:
        """The roles and sites by id, with the names that they have now."""
        return {
            "roles": [[role.pk, role.name] for role in self.access.roles],
            "sites": [[site.pk, site.name] for site in self.access.sites],
            "all_sites": self.access.all_sites,
        }


def change_of(action: BulkAction) -> BulkChange:
    """What the stored action does. Roles and sites that were deleted are still in it."""
    access = action.access
    here = action.organization_id
    return BulkChange(
        Kind(action.kind),
        Mode(action.mode) if action.mode else None,
        AccessSelection.of(
            [Role(pk=pk, name=name, organization_id=here) for pk, name in access.get("roles", [])],
            [Site(pk=pk, name=name, organization_id=here) for pk, name in access.get("sites", [])],
            all_sites=access.get("all_sites", False),
        ),
    )

"""What a change of roles and sites is called in the activity log."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.activity.actions import Action
from accounts.activity.log import Change
from accounts.models import Role, Site
from accounts.organizations.grants import AccessSelection


def change_between(before: AccessSelection, after: AccessSelection) -> Change:
    """The names of the roles and sites that were added and removed. Empty if nothing has changed."""
    had_all, has_all = before.all_sites, after.all_sites
    return Change(
        added={"roles": _beyond(after.roles, before.roles), "sites": _beyond(after.sites, before.sites)},
        removed={"roles": _beyond(before.roles, after.roles), "sites": _beyond(before.sites, after.sites)},
        before={"all_sites": had_all} if had_all != has_all else {},
        after={"all_sites": has_all} if had_all != has_all else {},
    )


def granted(selection: AccessSelection) -> Change:
    """The roles and sites that somebody was given."""
    return change_between(AccessSelection(), selection)


def action_for(change: Change) -> Action | None:
    """The action for a changed member; None if nothing has changed."""
    roles = bool(change.added.get("roles") or change.removed.get("roles"))
    sites = bool(change.added.get("sites") or change.removed.get("sites") or change.after)
    if roles and sites:
        return Action.ACCESS_CHANGED
    if roles:
        return Action.ROLES_CHANGED
    return Action.SITES_CHANGED if sites else None


def _beyond(some: Iterable[Role | Site], others: Iterable[Role | Site]) -> list[str]:
    known = {each.pk for each in others}
    return sorted(each.name for each in some if each.pk not in known)

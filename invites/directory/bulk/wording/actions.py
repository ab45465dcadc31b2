"""What a bulk action does, and what it has done."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.permissions import Permission
from accounts.texts import StrOrPromise
from accounts.wording import counted, listed
from invites.directory.bulk.change import BulkChange, Kind, Mode
from invites.directory.bulk.results import Names
from invites.directory.users import Status
from invites.models import BulkActionRow

NAMED = 3
_Key = tuple[Kind, Mode | None]
ADD_ROLES, REMOVE_ROLES, REPLACE_ROLES = ((Kind.ROLES, mode) for mode in Mode)
ADD_SITES, REMOVE_SITES, REPLACE_SITES = ((Kind.SITES, mode) for mode in Mode)
RESEND, REVOKE, DEACTIVATE, REACTIVATE, REMOVE = (
    (kind, None) for kind in (Kind.RESEND, Kind.REVOKE, Kind.DEACTIVATE, Kind.REACTIVATE, Kind.REMOVE)
)
_ROLES = ngettext_lazy("{count} role", "{count} roles")
_SITES = ngettext_lazy("{count} site", "{count} sites")
# The button. The title of the dialog is the same as a question.
_ADD = ngettext_lazy("Add {access} to {count} user", "Add {access} to {count} users")
_TAKE = ngettext_lazy("Remove {access} from {count} user", "Remove {access} from {count} users")
_LABELS: dict[_Key, StrOrPromise] = {
    ADD_ROLES: _ADD,
    ADD_SITES: _ADD,
    REMOVE_ROLES: _TAKE,
    REMOVE_SITES: _TAKE,
    REPLACE_ROLES: ngettext_lazy(
        "Replace the roles of {count} user with {access}", "Replace the roles of {count} users with {access}"
    ),
    REPLACE_SITES: ngettext_lazy(
        "Replace the sites of {count} user with {access}", "Replace the sites of {count} users with {access}"
    ),
    RESEND: ngettext_lazy("Resend {count} invitation", "Resend {count} invitations"),
    REVOKE: ngettext_lazy("Revoke {count} invitation", "Revoke {count} invitations"),
    DEACTIVATE: ngettext_lazy("Deactivate {count} user", "Deactivate {count} users"),
    REACTIVATE: ngettext_lazy("Reactivate {count} user", "Reactivate {count} users"),
    REMOVE: ngettext_lazy("Remove {count} user", "Remove {count} users"),
}
_LABELS_OF_ONE: dict[_Key, StrOrPromise] = {
    ADD_ROLES: gettext_lazy("Add {access} to {user}"),
    ADD_SITES: gettext_lazy("Add {access} to {user}"),
    REMOVE_ROLES: gettext_lazy("Remove {access} from {user}"),
    REMOVE_SITES: gettext_lazy("Remove {access} from {user}"),
    REPLACE_ROLES: gettext_lazy("Replace the roles of {user} with {access}"),
    REPLACE_SITES: gettext_lazy("Replace the sites of {user} with {access}"),
    RESEND: gettext_lazy("Resend the invitation for {user}"),
    REVOKE: gettext_lazy("Revoke the invitation for {user}"),
    DEACTIVATE: gettext_lazy("Deactivate {user}"),
    REACTIVATE: gettext_lazy("Reactivate {user}"),
    REMOVE: gettext_lazy("Remove {user}"),
}
_ADDING = ngettext_lazy("Adding {access} to {count} user", "Adding {access} to {count} users")
_TAKING = ngettext_lazy("Removing {access} from {count} user", "Removing {access} from {count} users")
_RUNNING: dict[_Key, StrOrPromise] = {
    ADD_ROLES: _ADDING,
    ADD_SITES: _ADDING,
    REMOVE_ROLES: _TAKING,
    REMOVE_SITES: _TAKING,
    REPLACE_ROLES: ngettext_lazy("Replacing the roles of {count} user", "Replacing the roles of {count} users"),
    REPLACE_SITES: ngettext_lazy("Replacing the sites of {count} user", "Replacing the sites of {count} users"),
    RESEND: ngettext_lazy("Resending {count} invitation", "Resending {count} invitations"),
    REVOKE: ngettext_lazy("Revoking {count} invitation", "Revoking {count} invitations"),
    DEACTIVATE: ngettext_lazy("Deactivating {count} user", "Deactivating {count} users"),
    REACTIVATE: ngettext_lazy("Reactivating {count} user", "Reactivating {count} users"),
    REMOVE: ngettext_lazy("Removing {count} user", "Removing {count} users"),
}
_UNDOING = ngettext_lazy("Undoing the change for {count} user", "Undoing the change for {count} users")
# For one role or site, and for several.
_ADDED = (
    ngettext_lazy("{access} was added to {count} user.", "{access} was added to {count} users."),
    ngettext_lazy("{access} were added to {count} user.", "{access} were added to {count} users."),
)
_TAKEN = (
    ngettext_lazy("{access} was removed from {count} user.", "{access} was removed from {count} users."),
    ngettext_lazy("{access} were removed from {count} user.", "{access} were removed from {count} users."),
)
_DONE: dict[_Key, tuple[StrOrPromise, ...]] = {
    ADD_ROLES: _ADDED,
    ADD_SITES: _ADDED,
    REMOVE_ROLES: _TAKEN,
    REMOVE_SITES: _TAKEN,
    REPLACE_ROLES: (
        ngettext_lazy("The roles of {count} user were replaced.", "The roles of {count} users were replaced."),
    ),
    REPLACE_SITES: (
        ngettext_lazy("The sites of {count} user were replaced.", "The sites of {count} users were replaced."),
    ),
    # Not "were", because no mail server has accepted them yet.
    RESEND: (ngettext_lazy("{count} invitation will be resent.", "{count} invitations will be resent."),),
    REVOKE: (ngettext_lazy("{count} invitation was revoked.", "{count} invitations were revoked."),),
    DEACTIVATE: (ngettext_lazy("{count} user was deactivated.", "{count} users were deactivated."),),
    REACTIVATE: (ngettext_lazy("{count} user was reactivated.", "{count} users were reactivated."),),
    REMOVE: (ngettext_lazy("{count} user was removed.", "{count} users were removed."),),
}
_UNDONE = ngettext_lazy("The change was undone for {count} user.", "The change was undone for {count} users.")
_NOBODY: dict[Kind, StrOrPromise] = {
    Kind.RESEND: gettext_lazy("No invitations will be resent."),
    Kind.REVOKE: gettext_lazy("No invitations were revoked."),
}
# The first row of the review.
_IS_ADDED = ngettext_lazy("{access} is added", "{access} are added")
_IS_TAKEN = ngettext_lazy("{access} is removed", "{access} are removed")
_EFFECTS: dict[_Key, StrOrPromise] = {
    ADD_ROLES: _IS_ADDED,
    ADD_SITES: _IS_ADDED,
    REMOVE_ROLES: _IS_TAKEN,
    REMOVE_SITES: _IS_TAKEN,
    REPLACE_ROLES: gettext_lazy("Roles are replaced"),
    REPLACE_SITES: gettext_lazy("Sites are replaced"),
    RESEND: gettext_lazy("Resent"),
    REVOKE: gettext_lazy("Revoked"),
    DEACTIVATE: gettext_lazy("Deactivated"),
    REACTIVATE: gettext_lazy("Reactivated"),
    REMOVE: gettext_lazy("Removed"),
}
_WHEN: dict[Status, StrOrPromise] = {
    Status.ACTIVE: gettext_lazy("active users, right away"),
    Status.DEACTIVATED: gettext_lazy("deactivated users, once they are reactivated"),
    Status.PENDING: gettext_lazy("pending invitations, when they accept"),
    Status.EXPIRED: gettext_lazy("expired invitations, if you resend them"),
    Status.SCHEDULED: gettext_lazy("scheduled invitations, when they are sent and accepted"),
}
_WHICH: dict[Status, StrOrPromise] = {
    Status.ACTIVE: gettext_lazy("active users"),
    Status.DEACTIVATED: gettext_lazy("deactivated users"),
    Status.PENDING: gettext_lazy("pending invitations"),
    Status.EXPIRED: gettext_lazy("expired invitations"),
    Status.SCHEDULED: gettext_lazy("scheduled invitations"),
}
_SAME: dict[_Key, StrOrPromise] = {
    ADD_ROLES: gettext_lazy("already have {access}"),
    ADD_SITES: gettext_lazy("already have {access}"),
    REMOVE_ROLES: gettext_lazy("don’t have {access}"),
    REMOVE_SITES: gettext_lazy("don’t have {access}"),
    REPLACE_ROLES: gettext_lazy("already have exactly these roles"),
    REPLACE_SITES: gettext_lazy("already have exactly these sites"),
    DEACTIVATE: gettext_lazy("already deactivated"),
    REACTIVATE: gettext_lazy("already active"),
}
_HAD = ngettext_lazy("{count} already had it.", "{count} already had it.")
_HAD_ALL = ngettext_lazy("{count} already had them.", "{count} already had them.")
_HAD_NOT = ngettext_lazy("{count} didn’t have it.", "{count} didn’t have it.")
_HAD_NONE = ngettext_lazy("{count} didn’t have any of them.", "{count} didn’t have any of them.")
_WAS_DEACTIVATED = ngettext_lazy("{count} was already deactivated.", "{count} were already deactivated.")
_WAS_ACTIVE = ngettext_lazy("{count} was already active.", "{count} were already active.")
_WAS_SAME: dict[_Key, tuple[StrOrPromise, ...]] = {
    ADD_ROLES: (_HAD, _HAD_ALL),
    ADD_SITES: (_HAD, _HAD_ALL),
    REMOVE_ROLES: (_HAD_NOT, _HAD_NONE),
    REMOVE_SITES: (_HAD_NOT, _HAD_NONE),
    REPLACE_ROLES: (_HAD_ALL,),
    REPLACE_SITES: (_HAD_ALL,),
    DEACTIVATE: (_WAS_DEACTIVATED,),
    REACTIVATE: (_WAS_ACTIVE,),
}
_UNDO = ngettext_lazy("Undo the change for {count} user?", "Undo the change for {count} users?")
_ABLE = {
    (Permission.INVITE_USERS.value,): ngettext_lazy(
        "This user will be able to invite users.", "These {count} users will be able to invite users."
    ),
    (Permission.MANAGE_USERS.value,): ngettext_lazy(
        "This user will be able to manage users.", "These {count} users will be able to manage users."
    ),
    (Permission.INVITE_USERS.value, Permission.MANAGE_USERS.value): ngettext_lazy(
        "This user will be able to invite and manage users.",
        "These {count} users will be able to invite and manage users.",
    ),
}


def key_of(change: BulkChange) -> _Key:
    return change.kind, change.mode


def access_named(change: BulkChange) -> str:
    """ "Auditor", "Lyon and Porto", "all sites" or "5 roles": the chosen access in a sentence."""
    if change.access.all_sites:
        return _("all sites")
    names = _names(change)
    if len(names) <= NAMED:
        return listed(names)
    return counted(_ROLES if change.kind == Kind.ROLES else _SITES, len(names))


def access_capitalized(change: BulkChange) -> str:
    """The same as the beginning of a sentence."""
    return _("All sites") if change.access.all_sites else access_named(change)


def _names(change: BulkChange) -> list[str]:
    return [item.name for item in (change.access.roles if change.kind == Kind.ROLES else change.access.sites)]


def _several(change: BulkChange) -> int:
    """The number of chosen roles or sites; all sites are several."""
    return 2 if change.access.all_sites else len(_names(change))


def _for_several(messages: tuple[StrOrPromise, ...], change: BulkChange) -> StrOrPromise:
    return messages[-1] if _several(change) > 1 else messages[0]


def label_of(change: BulkChange, count: int, *, name: str = "") -> str:
    """ "Add Auditor to 221 users", or with the name of a single user, "Add Auditor to Gustav Berg"."""
    if name:
        return _LABELS_OF_ONE[key_of(change)].format(access=access_named(change), user=name)
    return counted(_LABELS[key_of(change)], count, access=access_named(change))


def question_of(change: BulkChange, count: int, *, name: str = "") -> str:
    """ "Add Auditor to 221 users?"."""
    return _("{question}?").format(question=label_of(change, count, name=name))


def running_text(change: BulkChange, count: int, *, is_undo: bool) -> str:
    """ "Adding Auditor to 221 users", without a period."""
    return counted(_UNDOING if is_undo else _RUNNING[key_of(change)], count, access=access_named(change))


def done_text(change: BulkChange, count: int, *, is_undo: bool) -> str:
    """ "Auditor was added to 221 users."."""
    if is_undo:
        return counted(_UNDONE, count) if count else _("Nothing was undone.")
    if not count:
        return str(_NOBODY.get(change.kind, _("Nobody was changed.")))
    message = _for_several(_DONE[key_of(change)], change)
    return counted(message, count, access=access_capitalized(change))


def effect_text(change: BulkChange) -> str:
    """ "Auditor is added"."""
    return counted(_EFFECTS[key_of(change)], _several(change) or 1, access=access_capitalized(change))


def status_text(change: BulkChange, status: Status) -> str:
    """ "pending invitations, when they accept"."""
    return str((_WHEN if change.kind in (Kind.ROLES, Kind.SITES) else _WHICH)[status])


def same_text(change: BulkChange) -> str:
    """ "already have Auditor"."""
    return _SAME[key_of(change)].format(access=access_named(change))


def was_same_text(change: BulkChange, count: int) -> str:
    """ "12 already had it."."""
    return counted(_for_several(_WAS_SAME[key_of(change)], change), count)


def able_text(change: BulkChange, count: int) -> str:
    """What roles that are added let people do to others; empty for other changes."""
    powers = change.access.user_powers if change.kind == Kind.ROLES and change.mode != Mode.REMOVE else ()
    return counted(_ABLE[powers], count) if powers and count else ""


def undo_question(count: int) -> str:
    """ "Undo the change for 221 users?"; for none, that it can't be undone."""
    if not count:
        return _("Nothing to undo")
    return counted(_UNDO, count)


def row_text(names: Names, row: BulkActionRow) -> tuple[str, str]:
    """What a person had before, and what they have since: two texts, empty for those who weren't changed."""
    return _state_text(names, row.before), _state_text(names, row.after)


def _state_text(names: Names, state: dict[str, Any] | None) -> str:
    if state is None:
        return ""
    if "roles" in state:
        return listed(names.roles_in(state["roles"])) or _("No roles")
    if "sites" in state:
        return _("All sites") if state["all_sites"] else listed(names.sites_in(state["sites"])) or _("No sites")
    return _("Deactivated") if state.get("deactivated_at") else _("Active")

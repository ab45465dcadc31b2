"""What people changed, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext

from accounts.activity.actions import Action
from accounts.models import ActivityEntry
from accounts.texts import StrOrPromise
from accounts.wording import counted, listed
from invites.checking import COLUMNS, EMAIL
from invites.directory.history.presentation.reader import Item, Reader, isolated, named, sentence
from invites.problems import column_title
from invites.wording import moment

# What needs no more than a sentence.
_SIMPLE: dict[str, StrOrPromise] = {
    Action.DECLINED: gettext_lazy("Declined the invitation"),
    Action.UNLISTED: gettext_lazy("{who} removed the declined invitation from the list"),
    Action.REQUEST_DISMISSED: gettext_lazy("{who} dismissed a request for a new invitation"),
}
# The address has sentences of its own.
_DETAILS = [column.key for column in COLUMNS if column is not EMAIL]


def changed_item(entry: ActivityEntry, at: datetime, who: str, reader: Reader) -> Item:
    """What the entry says, done by `who`."""
    # As the person was called then.
    user = named(entry.affected_name or reader.person)
    match entry.action:
        case Action.ROLES_CHANGED | Action.SITES_CHANGED | Action.ACCESS_CHANGED | Action.INVITATION_CHANGED:
            return _access_changed(entry, at, who)
        case Action.USER_CHANGED:
            return _details_changed(entry, at, who)
        case Action.USER_ADDED:
            return Item("user-plus", sentence(_("{who} added {user}"), who=who, user=user), at, notes=lines_of(entry))
        case Action.USER_DEACTIVATED:
            note = _("They lost access immediately. Roles and sites are kept.")
            text = sentence(_("{who} deactivated {user}"), who=who, user=user)
            return Item("user-x", text, at, notes=(note,))
        case Action.USER_REACTIVATED:
            return Item("user-check", sentence(_("{who} reactivated {user}"), who=who, user=user), at)
        case Action.USER_REMOVED:
            return Item(
                "user-minus", sentence(_("{who} removed {user}"), who=who, user=user), at, notes=lines_of(entry)
            )
        case Action.LEFT:
            return Item("log-out", _("Left the organization"), at)
        case Action.RESCHEDULED:
            text = sentence(_("{who} changed when the invitation is sent"), who=who)
            return Item("clock", text, at, notes=lines_of(entry))
        case Action.SENT_NOW:
            return Item("send", sentence(_("{who} sent the scheduled invitation"), who=who), at)
        case Action.REVOKED:
            note = _("The link stopped working.")
            return Item("ban", sentence(_("{who} revoked the invitation"), who=who), at, notes=(note,))
    simple = _SIMPLE.get(entry.action)
    if simple is not None:
        return Item("ban", sentence(str(simple), who=who), at)
    # Translators: who did it, and what, such as "Changed a user".
    text = sentence(_("{who}: {action}"), who=who, action=entry.get_action_display())
    return Item("history", text, at, notes=lines_of(entry))


def _access_changed(entry: ActivityEntry, at: datetime, who: str) -> Item:
    """Names a single thing that was added or removed in the sentence, and several below it."""
    details = entry.details
    after = details.get("after", {})
    parts = [(verb, kind, names) for verb in ("added", "removed") for kind, names in details.get(verb, {}).items()]
    icon = "map-pin" if all(kind == "sites" for _verb, kind, _names in parts) else "shield-check"
    if len(parts) == 1 and not after and not details.get("before"):
        verb, kind, names = parts[0]
        if (verb, kind) in _ONE_CHANGE:
            # Names may need escaping, so they are put in afterwards.
            text = counted(_ONE_CHANGE[verb, kind], len(names), who="{who}", names="{names}")
            return Item(icon, sentence(text, who=who, names=named(listed(names))), at)
    if not parts and set(after) == {"all_sites"} and after["all_sites"]:
        return Item("map-pin", sentence(_("{who} added all sites"), who=who), at)
    if not parts and "all_sites" not in after:
        return _details_changed(entry, at, who)
    text = str(_SEVERAL_CHANGES.get(entry.action, _("{who} changed roles and sites")))
    return Item(icon, sentence(text, who=who), at, notes=lines_of(entry))


_ONE_CHANGE = {
    ("added", "roles"): ngettext_lazy("{who} added the role {names}", "{who} added the roles {names}"),
    ("removed", "roles"): ngettext_lazy("{who} removed the role {names}", "{who} removed the roles {names}"),
    ("added", "sites"): ngettext_lazy("{who} added the site {names}", "{who} added the sites {names}"),
    ("removed", "sites"): ngettext_lazy("{who} removed the site {names}", "{who} removed the sites {names}"),
}
_SEVERAL_CHANGES: dict[str, StrOrPromise] = {
    Action.ROLES_CHANGED: gettext_lazy("{who} changed the roles"),
    Action.SITES_CHANGED: gettext_lazy("{who} changed the sites"),
    Action.INVITATION_CHANGED: gettext_lazy("{who} changed the invitation"),
}


def _details_changed(entry: ActivityEntry, at: datetime, who: str) -> Item:
    after = set(entry.details.get("after", {}))
    if entry.action == Action.INVITATION_CHANGED and not after:
        text = _("{who} changed the invitation")
    elif after == {"description"}:
        text = _("{who} changed the description")
    elif after and after <= {"first_name", "last_name"}:
        text = _("{who} changed the name")
    else:
        text = _("{who} changed the details")
    return Item("pencil", sentence(text, who=who), at, notes=lines_of(entry))


def lines_of(entry: ActivityEntry) -> tuple[str, ...]:
    """What was added and removed, and each value before and after."""
    details = entry.details
    before, after = details.get("before", {}), details.get("after", {})
    added, removed = _names_in(details.get("added", {})), _names_in(details.get("removed", {}))
    if "all_sites" in after:
        (added if after["all_sites"] else removed).append(pgettext("access", "all sites"))
    lines = []
    if added:
        lines.append(sentence(_("Added {names}."), names=isolated(listed(added))))
    if removed:
        lines.append(sentence(_("Removed {names}."), names=isolated(listed(removed))))
    if "send_at" in after:
        old, new = (moment(datetime.fromisoformat(values["send_at"])) for values in (before, after))
        lines.append(_value_changed(_("To be sent"), old, new))
    for name in _DETAILS:
        if name in after or name in before:
            lines.append(_value_changed(column_title(name), before.get(name) or "", after.get(name) or ""))
    if "is_active" in after:
        lines.append(_("The account was activated.") if after["is_active"] else _("The account was deactivated."))
    return tuple(lines)


def _value_changed(label: StrOrPromise, before: str, after: str) -> str:
    values = {"label": label, "before": isolated(before), "after": isolated(after)}
    if not before:
        return sentence(_("{label}: {after}"), **values)
    if not after:
        return sentence(_("{label} removed. It was {before}."), **values)
    return sentence(_("{label}: {after}. It was {before}."), **values)


def _names_in(groups: Mapping[str, list[str]]) -> list[str]:
    return [name for names in groups.values() for name in names]

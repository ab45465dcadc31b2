"""The sentences of the activity log, in the reader's language. An entry stores codes, names and values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy, pgettext

from accounts.activity.actions import Action, Affected, Channel
from accounts.models import ActivityEntry, Organization
from accounts.permissions import Permission
from accounts.wording import counted, listed, separated
from invites.checking import Cells
from invites.directory.export import described
from invites.imports.presentation.names import pasted_name
from invites.problems import column_title
from invites.wording import browser_of, moment

_USERS = ngettext_lazy("{count} user", "{count} users")
_LABELS = {
    "name": gettext_lazy("Name"),
    "country": gettext_lazy("Country"),
    "is_active": gettext_lazy("Account"),
    "all_sites": gettext_lazy("All sites"),
    "other_domains": gettext_lazy("Other addresses"),
    "email_sender_name": gettext_lazy("Sender name"),
    "email_reply_to": gettext_lazy("Reply-to address"),
    "reply_to_requested": gettext_lazy("Reply-to address to confirm"),
    "email_message": gettext_lazy("Message for everyone"),
    "language": gettext_lazy("Language"),
    "reminder_days_after": gettext_lazy("Days without a response before a reminder"),
    "reminder_days_before": gettext_lazy("Days from a reminder until the link expires"),
    "time_zone": gettext_lazy("Time zone"),
    "send_at": gettext_lazy("To be sent"),
    "remembered_columns": gettext_lazy("Remembered columns"),
}
_COUNTS = {
    "skipped": ngettext_lazy("{count} skipped", "{count} skipped"),
    "problems": ngettext_lazy("{count} with a problem", "{count} with problems"),
    "failed": ngettext_lazy("{count} failed", "{count} failed"),
    "rows_changed": ngettext_lazy("{count} row changed", "{count} rows changed"),
}
# Their entries have all that somebody was given, not only what was added.
_GIVING = (Action.INVITED, Action.ACCEPTED, Action.USER_ADDED, Action.USER_REACTIVATED, Action.IMPORTED)
_ROWS = ngettext_lazy("Row {numbers}", "Rows {numbers}")
_DID = {"skipped_row": gettext_lazy("Skipped"), "restored_row": gettext_lazy("Restored")}
_FORMATS = {"csv": gettext_lazy("CSV file"), "xlsx": gettext_lazy("Excel workbook")}


@dataclass(frozen=True)
class Pair:
    """The two lines of a cell. `is_data`: the first is a name, not a text of ours."""

    title: str
    text: str = ""
    is_data: bool = False
    url: str = ""


@dataclass(frozen=True)
class Changed:
    """A value before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Line:
    """One entry, as a page shows it."""

    entry: ActivityEntry
    who: Pair
    what: Pair
    affected: Pair
    source: Pair


def line_of(entry: ActivityEntry, slug: str) -> Line:
    """The words for an entry of the organization with this slug."""
    what = Pair(str(entry.get_action_display()), separated(facts_of(entry)))
    return Line(entry, who_did(entry), what, _affected(entry, slug), came_from(entry))


def who_did(entry: ActivityEntry) -> Pair:
    """The name and address of the user, as they were then."""
    if entry.actor_id is None and entry.channel == Channel.PAGE:
        return Pair(_("Not signed in"))
    if entry.actor_id is None:
        return Pair(_("Rollcall"), str(Channel(entry.channel).label))
    return _person(entry.actor_name, entry.actor_email) or _erased_user(entry.actor_id)


def _person(name: str, email: str) -> Pair | None:
    """None for a person who was erased."""
    if not (name or email):
        return None
    return Pair(name or email, email if name and name != email else "", is_data=True)


def _erased_user(user_id: int | None) -> Pair:
    return Pair(_("User {number}").format(number=user_id), _("Erased"))


def _affected(entry: ActivityEntry, slug: str) -> Pair:
    match entry.affected:
        case Affected.USER:
            return _person(entry.affected_name, entry.affected_email) or _erased_user(entry.affected_id)
        case Affected.INVITATION:
            person = _person(entry.affected_name, entry.affected_email)
            return person or Pair(_("Invitation {number}").format(number=entry.affected_id), _("Erased"))
        case Affected.USERS:
            values = entry.details.get("values", {})
            users = counted(_USERS, entry.affected_count or 0)
            if "bulk_action" in values:
                return Pair(users, url=reverse("directory:bulk_results", args=[slug, values["bulk_action"]]))
            return Pair(users, described(values["filter"]) if "filter" in values else "")
        case Affected.IMPORT:
            page = reverse("imports:batch", args=[slug, entry.affected_id])
            name = _import_name(entry)
            if entry.affected_count is None:
                return Pair(name, is_data=True, url=page)
            return Pair(counted(_USERS, entry.affected_count), name, url=page)
        case Affected.ROLE if "members" in entry.details.get("values", {}):
            everyone = _("Everyone with {role}").format(role=entry.affected_name)
            return Pair(counted(_USERS, entry.details["values"]["members"]), everyone)
        case Affected.ROLE | Affected.SITE:
            return Pair(entry.affected_name, str(Affected(entry.affected).label), is_data=True)
    return Pair(str(Affected(entry.affected).label))


def _import_name(entry: ActivityEntry) -> str:
    at = entry.details.get("values", {}).get("pasted_at")
    return pasted_name(datetime.fromisoformat(at)) if at else entry.affected_name


def facts_of(entry: ActivityEntry) -> list[str]:
    """What exactly was done, in a few words each."""
    details = entry.details
    added, removed = names_in(details.get("added", {})), names_in(details.get("removed", {}))
    after: Mapping[str, Any] = details.get("after", {})
    if "all_sites" in after:
        (added if after["all_sites"] else removed).append(pgettext("access", "all sites"))
    facts = _rows_in(details.get("values", {}))
    if added:
        is_given = entry.action in _GIVING
        facts.append(listed(added) if is_given else _("Added {names}").format(names=listed(added)))
    if removed:
        facts.append(_("Removed {names}").format(names=listed(removed)))
    facts += [f"{change.label}: {change.after}" for change in changes_of(entry) if change.after]
    values = details.get("values", {})
    if values.get("format") in _FORMATS:
        facts.append(str(_FORMATS[values["format"]]))
    return facts + [counted(message, values[name]) for name, message in _COUNTS.items() if values.get(name)]


def _rows_in(values: Mapping[str, Any]) -> list[str]:
    """The rows of an import that were edited."""
    if values.get("all_rows"):
        return [_("All rows with a problem")]
    numbers = [str(number) for number in values.get("row_numbers", [])]
    facts = [counted(_ROWS, len(numbers), numbers=listed(numbers))] if numbers else []
    if columns := values.get("columns"):
        facts.append(listed([_label(name) for name in columns]))
    if values.get("did") in _DID:
        facts.append(str(_DID[values["did"]]))
    return facts


def names_in(groups: Mapping[str, list[str]]) -> list[str]:
    """The names of roles, sites and permissions."""
    return [_label_of(name) if kind == "permissions" else name for kind, names in groups.items() for name in names]


def _label_of(permission: str) -> str:
    """A permission that no longer exists keeps its code."""
    return next((str(each.label) for each in Permission if each.value == permission), permission)


def changes_of(entry: ActivityEntry) -> list[Changed]:
    """The single values that were changed. Access to all sites isn't one of them: it is added or removed."""
    before, after = entry.details.get("before", {}), entry.details.get("after", {})
    return [
        Changed(_label(name), _value(name, before.get(name)), _value(name, after.get(name)))
        for name in dict.fromkeys((*Cells._fields, *_LABELS))
        if name != "all_sites" and (name in before or name in after)
    ]


def _label(name: str) -> str:
    """The label of a value. The cells of people are called like the columns of a file."""
    return column_title(name) if name in Cells._fields else str(_LABELS[name])


def _value(name: str, value: object) -> str:
    if name == "other_domains":
        return str(dict(Organization.OtherDomains.choices).get(str(value), ""))
    if name == "send_at" and isinstance(value, str):
        return moment(datetime.fromisoformat(value))
    if isinstance(value, bool):
        return _("active") if value else _("deactivated")
    return "" if value is None else str(value)


def came_from(entry: ActivityEntry) -> Pair:
    """The IP address, the browser and its system; or the command."""
    if entry.channel == Channel.PAGE:
        return Pair(entry.ip or _("Page"), browser_of(entry.user_agent), is_data=bool(entry.ip))
    if entry.channel == Channel.COMMAND:
        return Pair(_("Command"), entry.command)
    return Pair(str(Channel(entry.channel).label))


def total_text(count: int) -> str:
    """The number of entries, for screen readers."""
    return counted(_ENTRIES, count)


_ENTRIES = ngettext_lazy("{count} entry", "{count} entries")

"""The rows of the list of users, as the texts that its template shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TypedDict

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.organizations.grants import GrantableAccess
from accounts.templatetags.look import initials
from invites.directory.row_texts import brief_roles, brief_sites, declined, invited, last_seen
from invites.directory.users import Person, Status
from invites.directory.views.person_actions import PersonAction, PersonLinks, actions_for


class UserRow(TypedDict):
    """A row. A dict, because templates look up its keys in half the time of attributes."""

    person: Person
    key: str
    url: str
    name: str
    email: str  # Empty if it is the name.
    description: str
    initials: str
    is_invitee: bool
    is_deactivated: bool
    status: str
    status_text: str
    roles: str
    sites: str
    undelivered: str
    activity: str
    actions: tuple[PersonAction, ...]
    menu: SafeString
    menu_label: str
    select_label: str


def rows_of(
    viewer: Membership, grantable: GrantableAccess, people: Iterable[Person], *, site_count: int
) -> Iterator[UserRow]:
    """The people, and what the viewer may do with each."""
    links = PersonLinks(viewer.organization.slug)
    menu_label, select_label = _("Actions for {name}"), _("Select {name}")
    statuses = {status: str(status.label) for status in Status}
    for person in people:
        actions = actions_for(viewer, grantable, person)
        yield {
            "person": person,
            "key": person.key,
            "url": links.page_of(person),
            "name": person.name,
            "email": "" if person.email == person.name else person.email,
            "description": person.description,
            "initials": initials(person.name),
            "is_invitee": person.membership is None,
            "is_deactivated": person.is_deactivated,
            "status": person.status.value,
            "status_text": statuses[person.status],
            "roles": brief_roles(person),
            "sites": brief_sites(person, site_count),
            "undelivered": person.undelivered,
            "activity": _activity(person),
            "actions": actions,
            "menu": links.menu_of(person, actions),
            "menu_label": menu_label.format(name=person.name),
            "select_label": select_label.format(name=person.name),
        }


def _day_or_time(at: datetime) -> str:
    """ "Dec 1", or "9:00 AM" if it is today: cells have one line."""
    local = timezone.localtime(at)
    return date_format(local, "TIME_FORMAT" if local.date() == timezone.localdate() else "MONTH_DAY_FORMAT")


def _activity(person: Person) -> str:
    if person.undelivered:
        return _("Not delivered")
    if person.scheduled_at:
        return _("Sends {time}").format(time=_day_or_time(person.scheduled_at))
    if person.declined_at:
        return declined(person.declined_at)
    return invited(person.invited_at) if person.invited_at else last_seen(person.active_at)

"""What a viewer may do with one person: the menu of a row of the list, and the buttons on the person's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.organizations.grants import GrantableAccess
from accounts.permissions import Permission
from accounts.texts import StrOrPromise
from invites.directory.users import Person, Status

_ID = "{id}"


# Each is the same as itself alone: to compare the labels, they would be translated for each row.
@dataclass(frozen=True, eq=False)
class PersonAction:
    """An action that a dialog asks about. `name` is the end of its URL name, after the kind of person."""

    name: str
    label: StrOrPromise
    icon: str
    is_danger: bool = False
    needs_no_question: bool = False


EDIT = PersonAction("edit", _("Edit"), "pencil")
RESEND = PersonAction("resend", _("Resend"), "send", needs_no_question=True)
REVOKE = PersonAction("revoke", _("Revoke"), "ban", is_danger=True)
SEND_NOW = PersonAction("send_now", _("Send now"), "send")
CHANGE_TIME = PersonAction("schedule", _("Change the time"), "clock")
CANCEL = PersonAction("revoke", _("Cancel invitation"), "ban", is_danger=True)
INVITE_AGAIN = PersonAction("again", _("Invite again"), "send")
UNLIST = PersonAction("unlist", _("Remove from the list"), "user-minus", is_danger=True)
DEACTIVATE = PersonAction("deactivate", _("Deactivate"), "user-x")
REACTIVATE = PersonAction("reactivate", _("Reactivate"), "user-check")
REMOVE = PersonAction("remove", _("Remove"), "user-minus", is_danger=True)


def actions_for(viewer: Membership, grantable: GrantableAccess, person: Person) -> tuple[PersonAction, ...]:
    """What the viewer may do with the person: nothing, if they can't grant the person's access."""
    permission = Permission.INVITE_USERS if person.membership is None else Permission.MANAGE_USERS
    if not viewer.has_permission(permission) or not grantable.covers(person.access):
        return ()
    if person.status == Status.DECLINED:
        return (INVITE_AGAIN, UNLIST)
    if person.status == Status.SCHEDULED:
        # One of an import has the time of the import.
        has_own_time = person.invitation is not None and person.invitation.mail_due_at is not None
        return (EDIT, SEND_NOW, CHANGE_TIME, CANCEL) if has_own_time else (EDIT, SEND_NOW, CANCEL)
    if person.membership is None:
        return (EDIT, RESEND, REVOKE)
    if person.membership == viewer:
        return (EDIT,)
    return (EDIT, DEACTIVATE if person.status == Status.ACTIVE else REACTIVATE, REMOVE)


@dataclass(frozen=True)
class ActionLink:
    """An action with its URL."""

    action: PersonAction
    url: str


class PersonLinks:
    """The URLs of the people in one organization, and the menus of their rows.

    Looking up a URL and rendering a menu take longer than the rest of a row. So each is made once, with a placeholder
    for the person's id: people with the same actions have the same menu.
    """

    def __init__(self, slug: str) -> None:
        self._slug = slug
        self._urls: dict[str, str] = {}
        self._menus: dict[tuple[str, tuple[PersonAction, ...]], str] = {}

    def page_of(self, person: Person) -> str:
        return _filled(self._url(_kind(person)), person)

    def links_of(self, person: Person, actions: Iterable[PersonAction]) -> list[ActionLink]:
        """The actions with their URLs."""
        kind = _kind(person)
        return [ActionLink(action, _filled(self._url(f"{kind}_{action.name}"), person)) for action in actions]

    def menu_of(self, person: Person, actions: tuple[PersonAction, ...]) -> SafeString:
        """The items of the menu as HTML; empty if there are no actions."""
        kind = _kind(person)
        if (kind, actions) not in self._menus:
            links = [ActionLink(action, self._url(f"{kind}_{action.name}")) for action in actions]
            self._menus[kind, actions] = render_to_string("directory/_row_menu.html", {"links": links}) if links else ""
        return mark_safe(_filled(self._menus[kind, actions], person))  # noqa: S308 - from a template

    def _url(self, name: str) -> str:
        """The URL with a placeholder for the id, which no URL and no label contains."""
        if name not in self._urls:
            before, _zero, after = reverse(f"directory:{name}", args=(self._slug, 0)).rpartition("/0/")
            self._urls[name] = f"{before}/{_ID}/{after}"
        return self._urls[name]


def _filled(text: str, person: Person) -> str:
    return text.replace(_ID, str(person.pk))


def _kind(person: Person) -> str:
    return "invitation" if person.membership is None else "member"

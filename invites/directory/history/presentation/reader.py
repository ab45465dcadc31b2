"""An item of a history, for whom it is worded, and parts of its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.permissions import Permission
from invites.directory.history.events import Event, Somebody
from invites.invitations.visibility import sees_everybody
from invites.models import Invitation


@dataclass(frozen=True)
class Item:
    """An event in words. Without a time, it is still to come.

    `invited` is the invitation of which the page shows the import and what it gives. `reply` is what the mail server
    said.
    """

    icon: str
    text: str
    at: datetime | None = None
    tone: str = ""
    notes: tuple[str, ...] = ()
    reply: str = ""
    invited: Invitation | None = None
    access: str = ""


@dataclass(frozen=True)
class Reader:
    """For whom it is worded: what they may know, and the person's name."""

    viewer: Membership
    person: str
    people: Mapping[int, Somebody]

    @property
    def sees_sources(self) -> bool:
        """Whether they may see IP addresses and browsers, as on the page Activity."""
        return self.viewer.has_permission(Permission.MANAGE_USERS)

    def name_of(self, user_id: int | None, then: str = "") -> str:
        """A name for a sentence; empty if there is none, or if the reader may not know it."""
        if user_id is None or not (user_id == self.viewer.user_id or sees_everybody(self.viewer)):
            return ""
        somebody = self.people.get(user_id)
        return then or (somebody.name if somebody else "")

    def who(self, event: Event) -> str:
        """Who did it. A command and the product itself are Rollcall."""
        entry = event.entry
        if entry is not None and entry.actor_id is None:
            return named(_("Rollcall"))
        name = self.name_of(event.by, entry.actor_name or entry.actor_email if entry else "")
        # Translators: begins a sentence about somebody whose name the reader may not see.
        return named(name) if name else _("Someone")


def sentence(text: str, **values: object) -> str:
    """The text with its values, which are escaped unless they are HTML."""
    return format_html(text, **values)


def named(name: str) -> str:
    return format_html("<b><bdi>{}</bdi></b>", name)


def isolated(text: str) -> str:
    return format_html("<bdi>{}</bdi>", text)


def day_of(at: datetime) -> str:
    local = timezone.localtime(at)
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localtime().year else "DATE_FORMAT")

"""Template filters for the list of users."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from invites.directory.history.presentation.items import recent_moment
from invites.directory.row_texts import brief_roles, brief_sites, last_seen
from invites.directory.users import Status
from invites.invitations.visibility import visible_name
from invites.invitations.wording import send_time_text
from invites.models import Batch, Invitation
from invites.wording import moment

register = template.Library()
register.filter(moment)
register.filter(recent_moment)
register.filter(brief_roles)
register.filter(brief_sites)
register.filter(last_seen)


@register.filter
def seen_by(user: User | None, viewer: Membership) -> str:
    """The name of the user, or empty if the viewer may not see it."""
    return visible_name(viewer, user)


@register.filter
def status_label(status: str) -> str:
    """The status of a user in the list, or of an invitation that isn't there anymore."""
    if status in Status.values:
        return str(Status(status).label)
    return _("Accepted") if status == Invitation.State.ACCEPTED else _("Invite revoked")


@register.filter
def send_time(scheduled: Invitation | Batch) -> str:
    """When a scheduled invitation or import is sent: "Dec 1, 9:00 AM, Paris time". Empty for others."""
    at = scheduled.scheduled_at if isinstance(scheduled, Invitation) else scheduled.send_at
    return send_time_text(scheduled.organization, at) if at else ""


@register.filter
def day(at: datetime) -> str:
    """A date in full: "Nov 12, 2026"."""
    return date_format(timezone.localtime(at), "DATE_FORMAT")

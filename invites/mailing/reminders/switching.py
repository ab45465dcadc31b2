"""Switch automatic reminders on and off, and count who will get one.

Only invitations whose day comes from now on count. Nobody gets a reminder because it is switched on, or because its
days change, when their day has passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import Organization
from invites.invitations.reminders import Kind, horizon, in_order, reminder_days
from invites.models import ReminderCursor


def lock_cursors(organization_id: int) -> None:
    """Called before the organization is locked. Another order could deadlock."""
    list(ReminderCursor.objects.select_for_update(no_key=True).filter(organization=organization_id).order_by("kind"))


def follow_settings(organization: Organization, changed: Iterable[Kind]) -> None:
    """Start, move or delete the cursors of these kinds, whose days have changed. In the transaction of the caller."""
    now = timezone.now()
    for kind in changed:
        cursors = ReminderCursor.objects.filter(organization=organization, kind=kind)
        days = reminder_days(organization, kind)
        if days is None:
            # Those in the outbox are canceled before it is sent. Locking invitations here could deadlock.
            cursors.delete()
            continue
        begin = horizon(kind, days, now)
        if not cursors.exists():
            ReminderCursor.objects.create(organization=organization, kind=kind, position=begin)
        cursors.update(next_at=now)
        cursors.filter(position__lt=begin).update(position=begin, position_id=0)


def count_within_a_day(organization: Organization, after: int | None, before: int | None) -> int:
    """How many people at most get a reminder within the next 24 hours, if these were the settings."""
    now = timezone.now()
    positions = dict(ReminderCursor.objects.filter(organization=organization).values_list("kind", "position"))
    count = 0
    for kind, days in ((Kind.AFTER, after), (Kind.BEFORE, before)):
        if days is not None:
            begin = positions.get(kind, horizon(kind, days, now))
            if days != reminder_days(organization, kind):
                begin = max(begin, horizon(kind, days, now))
            count += _count(organization, kind, days, begin, now)
    return count


def _count(organization: Organization, kind: Kind, days: int, begin: datetime, now: datetime) -> int:
    invitations, name = in_order(kind, organization)
    end = horizon(kind, days, now + timedelta(days=1))
    return invitations.filter(**{f"{name}__gt": begin, f"{name}__lte": end}).count()

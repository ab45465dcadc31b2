"""Finds the invitations whose reminder is due, and puts it into the outbox, a few at a time.

A cursor moves through the invitations in the order of an index, in the transaction that queues their reminders. So a
run looks at few invitations, however many are pending, and a worker that dies changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import Change, about_users, record
from accounts.models import Membership, Organization
from accounts.organizations.daytime import is_daytime, next_daytime
from invites.invitations.activity import about_invitation
from invites.invitations.authorization import GrantKey
from invites.invitations.blocking import blocked_among
from invites.invitations.expiry import find_orphaned
from invites.invitations.reminders import LAST_MOMENT, PAUSE, horizon, in_order, reminder_days
from invites.models import Invitation, Reminder, ReminderCursor
from invites.models.erased_address import erased_key

# At most this many reminders of an organization are in the outbox, so that single invitations needn't wait long.
CHUNK = 100
LOOK_AGAIN_AFTER = timedelta(seconds=10)
# Even if nothing is due for days: clocks differ, and operators may change dates.
LOOK_AGAIN_AT_LATEST = timedelta(hours=1)


def organizations_to_remind() -> list[int]:
    """The ids of organizations in which a reminder may be due, for the recovery task."""
    active = Organization.objects.active().values("pk")
    due = ReminderCursor.objects.filter(next_at__lte=timezone.now(), organization__in=active)
    return list(due.order_by().values_list("organization_id", flat=True).distinct())


@transaction.atomic
def queue_reminders(organization_id: int) -> int:
    """Put the next due reminders of the organization into the outbox. Returns how many.

    The caller enqueues the task that sends them.
    """
    # Locked before anything else, so that two workers don't look at the same invitations.
    cursors = ReminderCursor.objects.select_for_update(no_key=True).filter(organization=organization_id)
    found = list(cursors.order_by("kind"))
    if not found:
        return 0
    organization, now = Organization.objects.get(pk=organization_id), timezone.now()
    if not organization.is_active:
        return 0
    count = 0
    for cursor in found:
        count += _move(cursor, organization, now, at_most=CHUNK - _waiting(organization))
        cursor.save(update_fields=["position", "position_id", "next_at"])
    return count


def _move(cursor: ReminderCursor, organization: Organization, now: datetime, *, at_most: int) -> int:
    """Move the cursor by up to so many invitations, and queue their reminders. Returns how many."""
    days = reminder_days(organization, cursor.kind)
    cursor.next_at = now + LOOK_AGAIN_AT_LATEST
    if days is None:
        return 0
    if not is_daytime(organization.zone, now):
        cursor.next_at = next_daytime(organization.zone, now)
        return 0
    if at_most <= 0:
        cursor.next_at = now + LOOK_AGAIN_AFTER
        return 0
    until = horizon(cursor.kind, days, now)
    following = _following(cursor, organization, at_most)
    due = [pk for pk, at in following if at <= until]
    queued = _queue(organization, cursor.kind, due, now)
    if due:
        cursor.position_id, cursor.position = following[len(due) - 1]
    if len(due) < len(following):
        cursor.next_at = min(cursor.next_at, now + (following[len(due)][1] - until))
    elif len(following) == at_most:
        cursor.next_at = now
    return len(queued)


def _following(cursor: ReminderCursor, organization: Organization, number: int) -> list[tuple[int, datetime]]:
    """The ids and times of the next invitations. Two queries, because an index seeks a single value faster.

    Thousands of an import expire at the same moment.
    """
    invitations, name = in_order(cursor.kind, organization)
    same = invitations.filter(**{name: cursor.position}, pk__gt=cursor.position_id).order_by(name, "pk")
    found = list(same.values_list("pk", name)[:number])
    if len(found) < number:
        later = invitations.filter(**{f"{name}__gt": cursor.position}).order_by(name, "pk")
        found += later.values_list("pk", name)[: number - len(found)]
    return found


def _queue(organization: Organization, kind: str, ids: Sequence[int], now: datetime) -> list[Invitation]:
    """Queue the reminders of those who may get one."""
    open_ones = Invitation.objects.open().unexpired(now + LAST_MOMENT).filter(pk__in=ids, mail_state=_SENT)
    held = list(open_ones.select_for_update(no_key=True).order_by("pk"))
    chosen = _may_get_one(organization, kind, held, now) if held else []
    if not chosen:
        return []
    Reminder.objects.bulk_create(
        Reminder(organization=organization, invitation_id=each.pk, email_key=each.email_key, kind=kind, queued_at=now)
        for each in chosen
    )
    Invitation.objects.filter(pk__in=[each.pk for each in chosen]).update(
        mail_state=Invitation.Mail.REMINDING, mail_due_at=now, mail_deferrals=0, mail_crashes=0
    )
    about = about_invitation(chosen[0]) if len(chosen) == 1 else about_users(len(chosen))
    record(organization.pk, Action.REMINDED, about, by=None, change=Change(values={"reminder": kind}))
    return chosen


def _may_get_one(organization: Organization, kind: str, held: Iterable[Invitation], now: datetime) -> list[Invitation]:
    """Without those who got one, who are members, who reported abuse, or whose inviter can no longer grant it."""
    by_address = {each.email_key: each for each in held}
    # Of a person who was erased since, a hash is kept.
    erased = {erased_key(key): key for key in by_address}
    reminders = Reminder.objects.filter(organization=organization, email_key__in=[*by_address, *erased])
    found = reminders.filter(Q(kind=kind) | Q(queued_at__gt=now - PAUSE)).values_list("email_key", flat=True)
    excluded = {erased.get(key, key) for key in found}
    members = Membership.objects.filter(organization=organization, user__email__in=by_address)
    excluded |= set(members.values_list("user__email", flat=True)) | blocked_among(list(by_address))
    orphaned = find_orphaned(organization, {_key(each) for each in by_address.values()})
    return [each for key, each in by_address.items() if key not in excluded and _key(each) not in orphaned]


def _key(invitation: Invitation) -> GrantKey:
    return GrantKey(invitation.grant_id, invitation.inviter_id)


def _waiting(organization: Organization) -> int:
    """How many reminders wait in the outbox. Those of invitations that were closed meanwhile are forgotten."""
    unsent = Reminder.objects.filter(organization=organization, sent_at=None)
    waiting = unsent.filter(invitation__state=Invitation.State.PENDING, invitation__mail_state=_REMINDING)
    count = waiting.count()
    if count < unsent.count():
        unsent.filter(started_at=None).exclude(pk__in=waiting.values("pk")).delete()
        # A worker may have sent these just before their invitation was closed.
        unsent.exclude(pk__in=waiting.values("pk")).update(sent_at=F("started_at"))
    return count


_SENT, _REMINDING = Invitation.Mail.SENT, Invitation.Mail.REMINDING

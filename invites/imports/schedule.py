"""Send the emails of an import later: hold them, change their time, send them now, and start when the time has come.

People are invited right away, with emails in the state `scheduled`: so Users lists them, nobody can invite them again,
and admins can change or revoke each of them. The chunks wait at the stage `held`. When the time has come, the batch is
`inviting` again, and workers release its chunks (release.py) and send them as for any other import.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, record
from accounts.activity.source import Source
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization
from invites.imports.activity import about_import
from invites.imports.stop import check_all_are_manageable, stop_batch
from invites.invitations.authorization import check_still_allowed, lock_to_change
from invites.invitations.quotas import consume_invitation_quota, fits_into_a_day, next_day
from invites.invitations.send_time import check_send_time
from invites.models import Batch, BatchChunk, Reason
from invites.reasons import ExplainedError, as_reason

Stage = BatchChunk.Stage


@transaction.atomic
def hold_batch(batch_id: int) -> bool:
    """Make the batch wait for its time once everyone in it is invited. True for the one caller that did it."""
    waiting = Batch.objects.filter(pk=batch_id, state=Batch.State.INVITING, send_at__isnull=False)
    batch = only_one(waiting.select_for_update(no_key=True))
    if batch is None or batch.chunks.exclude(stage__in=BatchChunk.IDLE).exists():
        return False
    count = batch.invitations.scheduled().count()
    if not count:
        # Nobody is left to email, so the batch ends like any other.
        batch.chunks.update(stage=Stage.DONE)
        batch.send_at = None
        batch.save(update_fields=["send_at"])
        return False
    assert batch.send_at is not None
    batch.state, batch.progressed_at = Batch.State.SCHEDULED, timezone.now()
    batch.save(update_fields=["state", "progressed_at"])
    change = Change(after={"send_at": batch.send_at.isoformat()})
    # The source is that of the admin who began to invite.
    record(
        batch.organization_id,
        Action.IMPORT_SCHEDULED,
        about_import(batch, count=count),
        by=batch.inviter,
        change=change,
        source=Source.from_json(batch.source),
    )
    return True


@transaction.atomic
def reschedule_import(by: Membership, batch: Batch, send_at: datetime) -> None:
    """Send the import at another time. Raises AccessDenied, and DomainError: "not_scheduled", "past", "too_far"."""
    check_send_time(by.organization, send_at)
    _lock(by, batch)
    assert batch.send_at is not None
    change = Change(before={"send_at": batch.send_at.isoformat()}, after={"send_at": send_at.isoformat()})
    batch.send_at, batch.notice = send_at, []
    batch.save(update_fields=["send_at", "notice"])
    record(batch.organization_id, Action.IMPORT_RESCHEDULED, about_import(batch), by=by, change=change)


@transaction.atomic
def send_import_now(by: Membership, batch: Batch) -> None:
    """Send a scheduled import now. The caller enqueues its chunks.

    Raises AccessDenied, and DomainError: "not_scheduled", "inviter_left", "access_lost", "over_quota".
    """
    _lock(by, batch)
    record(batch.organization_id, Action.IMPORT_SENT_NOW, about_import(batch), by=by)
    _start(batch)


def find_due_imports() -> list[int]:
    """The ids of the batches whose time has come. Those of suspended organizations wait."""
    due = Batch.objects.filter(state=Batch.State.SCHEDULED, send_at__lte=timezone.now())
    due = due.filter(organization__in=Organization.objects.active())
    return list(due.order_by("send_at", "pk").values_list("pk", flat=True))


def start_due_import(batch_id: int) -> bool:
    """Start to send the batch if its time has come. If that isn't allowed anymore, stop it, with the reason.

    If today's quota is used up, it waits for the next day. True if its chunks have work now.
    """
    try:
        with transaction.atomic():
            batch = _lock_due(batch_id)
            if batch is not None:
                _start(batch)
            return batch is not None
    except DomainError as broken:
        # In a transaction of its own, because locks have an order: the batch comes before its chunks and the quota.
        reasons = broken.reasons if isinstance(broken, ExplainedError) else [as_reason(broken.code)]
        # Of those, the first is the quota. The others are about people who are invited right away.
        if broken.code == "over_quota":
            return _wait_for_quota(batch_id, reasons[0])
        return _stop(batch_id, reasons)


@transaction.atomic
def _wait_for_quota(batch_id: int, quota: Reason) -> bool:
    """Let it wait for the next day, or stop it if it has more people than can be invited in a day."""
    batch = _lock_due(batch_id)
    if batch is None:
        return False
    assert batch.send_at is not None
    if not fits_into_a_day(batch.invitations.scheduled().count()):
        return _stop(batch_id, [quota, as_reason("too_many_for_a_day")])
    send_at = next_day()
    change = Change(before={"send_at": batch.send_at.isoformat()}, after={"send_at": send_at.isoformat()})
    batch.send_at, batch.notice, batch.banner_closed_at = send_at, [quota, as_reason("waits_for_quota")], None
    batch.save(update_fields=["send_at", "notice", "banner_closed_at"])
    record(batch.organization_id, Action.IMPORT_RESCHEDULED, about_import(batch), by=None, change=change)
    return False


@transaction.atomic
def _stop(batch_id: int, reasons: list[Reason]) -> bool:
    batch = _lock_due(batch_id)
    if batch is None:
        return False
    Batch.objects.filter(pk=batch_id).update(banner_closed_at=None)
    return stop_batch(batch, reasons=reasons)


def _lock_due(batch_id: int) -> Batch | None:
    """Asked again under the lock: an admin may have changed the time or canceled the import just now."""
    due = Batch.objects.filter(pk=batch_id, state=Batch.State.SCHEDULED, send_at__lte=timezone.now())
    return only_one(due.select_for_update(no_key=True))


def check_scheduled(batch: Batch) -> None:
    """Raises DomainError("not_scheduled")."""
    if batch.state != Batch.State.SCHEDULED:
        raise DomainError("not_scheduled", _("This import isn’t scheduled anymore. Reload the page."))


def _lock(by: Membership, batch: Batch) -> None:
    now = lock_to_change(by, batch)
    check_scheduled(batch)
    check_all_are_manageable(now, batch)


def _start(batch: Batch) -> None:
    """Let workers release the chunks of a locked batch, as if everyone were invited now. Raises DomainError."""
    check_still_allowed(batch.inviter_id, batch.organization, batch.grant)
    now = timezone.now()
    has_other_day = (
        batch.inviting_started_at is None
        or batch.inviting_started_at.astimezone(UTC).date() != now.astimezone(UTC).date()
    )
    batch.state, batch.send_at, batch.banner_closed_at = Batch.State.INVITING, None, None
    batch.inviting_started_at, batch.progressed_at, batch.notice = now, now, []
    fields = ["state", "send_at", "banner_closed_at", "inviting_started_at", "progressed_at", "notice"]
    batch.save(update_fields=fields)
    batch.chunks.filter(stage=Stage.HELD).update(stage=Stage.RELEASE)
    if has_other_day:
        # They were counted on the day when they were scheduled. Each day has its own quota. Last, to avoid deadlocks.
        consume_invitation_quota(batch.organization, batch.inviter, batch.invitations.scheduled().count())

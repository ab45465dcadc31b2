"""Sends invitations, one or hundreds, over one connection, and saves the result of each.

Each result is saved before the next message is sent, so a crash can duplicate at most one.
"""

from __future__ import annotations

import contextlib
import re
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import structlog

from accounts.organizations.suspension import is_active
from invites.invitations.blocking import blocked_among
from invites.invitations.quotas import count_daily_mail
from invites.mailing.content import content_of
from invites.mailing.delivery import MailConnection
from invites.mailing.delivery_log import DeliveryLog, without_waiting_for_disk
from invites.mailing.message import MessageData, OutgoingMessage, filter_unsent, load_unsent
from invites.mailing.reminders.sending import start_reminder
from invites.mailing.template import InvitationTemplate
from invites.mailing.throttle import SendThrottle
from invites.mailing.transports.errors import DeliveryError, PermanentFailure, TemporaryFailure
from invites.models import FailureReason, Invitation

# After this time, the worker turns to other batches and organizations.
TIME_SLICE_SECONDS = 3.0
GROUP = 100
RENEWAL_SECONDS = 1.0
# If the server defers this many in a row, the rest of the run isn't tried.
MOST_DEFERRALS = 10
ADDRESS = re.compile(r"\S+@\S+")

log = structlog.get_logger(__name__)


@dataclass
class SendResult:
    """The results of `send_invitations`: ids of invitations, in one list each.

    `deferred` were deferred by the server, `blocked` have a domain in backoff, `throttled` exceed a rate limit, and
    `not_tried` are the rest; some of them may be tried in `retry_in` seconds. Invitations that were no longer to be
    sent (accepted, revoked, or sent by another worker) are in none of the lists. `failure` is the last error that was
    not permanent; with `server_failed` it is about the server as a whole and not about a few recipients.
    """

    sent: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    deferred: list[int] = field(default_factory=list)
    blocked: list[int] = field(default_factory=list)
    throttled: list[int] = field(default_factory=list)
    not_tried: list[int] = field(default_factory=list)
    retry_in: float | None = None
    failure: str = ""
    server_failed: bool = False

    @property
    def unsent(self) -> list[int]:
        return [*self.deferred, *self.blocked, *self.throttled, *self.not_tried]

    def mark_deferred(self) -> None:
        """Save which ones the server deferred. Pages say so."""
        queued = Invitation.objects.filter(pk__in=self.deferred, mail_state=Invitation.Mail.QUEUED)
        queued.update(mail_state=Invitation.Mail.DEFERRED)


def send_invitations(
    ids: Sequence[int], *, time_slice: TimeSlice, log: DeliveryLog | None = None, one_by_one: bool = False
) -> SendResult:
    """Send those of the invitations that are open and unsent. All of them are of one organization.

    Each is saved as sent, or as failed with the server's reason; the others stay unsent, and the caller retries them.
    With `one_by_one` no message is begun before the result of the one before is saved. The caller has to claim the
    invitations: two callers with the same ones at the same time may both send them.
    """
    rest: Sequence[int] = sorted(ids)
    connection = MailConnection(time_slice.renew, one_by_one=one_by_one)
    run = _SendRun(rest, log or DeliveryLog(), time_slice, connection)
    with without_waiting_for_disk(), contextlib.closing(run):
        while rest := run.filter_blocked(rest):
            run.send_group(load_unsent(rest[:GROUP]))
            rest = rest[GROUP:]
    return run.result


class TimeSlice:
    """A few seconds for sending, during which the caller's lock is renewed about once a second."""

    def __init__(self, renew: Callable[[], bool], *, organization_id: int) -> None:
        """`renew` returns False if the lock was lost."""
        self._renew = renew
        self._organization_id = organization_id
        self._is_held = True
        self._renewed_at = time.monotonic()
        self._ends_at = self._renewed_at + TIME_SLICE_SECONDS

    def has_ended(self) -> bool:
        """Called after each group of 100, and about once a second. It also ends when the organization is suspended."""
        return time.monotonic() >= self._ends_at or not self.renew() or not is_active(self._organization_id)

    def renew(self) -> bool:
        """Also called in the middle of a message, which may take longer than the lock lasts."""
        now = time.monotonic()
        if now - self._renewed_at >= RENEWAL_SECONDS:
            self._renewed_at = now
            self._is_held = self._renew()
        return self._is_held


class _SendRun:
    def __init__(self, ids: Sequence[int], log: DeliveryLog, time_slice: TimeSlice, connection: MailConnection) -> None:
        self.result = SendResult()
        self._ids = ids
        self._is_over = False
        self._log = log
        self._time_slice = time_slice
        self._throttle = SendThrottle()
        self._deferrals_in_a_row = 0
        self._connection = connection
        self._templates: dict[tuple[object, ...], InvitationTemplate] = {}
        self._checked_at = time.monotonic()

    def filter_blocked(self, ids: Sequence[int]) -> Sequence[int]:
        """The remaining IDs that can be sent now. None once the run is over."""
        if self._is_over:
            self.result.not_tried += ids
            return ()
        if self._throttle.is_exhausted:
            self._throttle.throttled += ids
            return ()
        return self._throttle.filter_blocked(ids)

    def send_group(self, group: Sequence[MessageData]) -> None:
        allowed = self._throttle.acquire(group)
        allowed = self._without_blocked(allowed)
        over_quota = count_daily_mail(allowed)
        for data in allowed:
            if data.id in over_quota:
                self._fail(data, FailureReason.DAILY_LIMIT)
        allowed = [data for data in allowed if data.id not in over_quota]
        open_ids = {data.id for data in allowed}
        if allowed:
            between = self._ids[bisect(self._ids, allowed[0].id) : bisect(self._ids, allowed[-1].id)]
            self._log.skip(pk for pk in between if pk not in open_ids)
        with contextlib.closing(self._connection.deliver(self._messages(allowed, open_ids))) as results:
            for message, failure in results:
                open_ids.discard(message.data.id)
                if not self._save(message.data, failure):
                    self._is_over = True
                    break
        self.result.not_tried += sorted(open_ids)
        self._check_time()

    def _without_blocked(self, group: Sequence[MessageData]) -> Sequence[MessageData]:
        """Those whose address accepts invitations. The others have failed."""
        blocked = blocked_among({data.email_key for data in group})
        for data in group:
            if data.email_key in blocked:
                self._fail(data, FailureReason.ADDRESS_BLOCKED)
        return [data for data in group if data.email_key not in blocked] if blocked else group

    def close(self) -> None:
        self._log.flush()
        self._connection.close()
        self.result.blocked, self.result.throttled = self._throttle.blocked, self._throttle.throttled
        self.result.retry_in = self._throttle.retry_in

    def _messages(self, group: Sequence[MessageData], open_ids: set[int]) -> Iterator[OutgoingMessage]:
        """Each message is built while the server processes the previous one."""
        for number, data in enumerate(group):
            if time.monotonic() - self._checked_at >= RENEWAL_SECONDS:
                self._check_time()
                open_ids.intersection_update(filter_unsent(open_ids))
            if self._is_over:
                return
            if data.id not in open_ids:
                continue
            if self._throttle.is_blocked(data):
                open_ids.discard(data.id)
                self._log.skip([data.id])
            elif self._throttle.wait_for_permit(len(group) - number):
                if data.reminder and not start_reminder(data.id, data.reminder):
                    open_ids.discard(data.id)
                    self._log.skip([data.id])
                    continue
                yield OutgoingMessage(data, self._template_for(data))
            else:
                self._throttle.throttled += [each.id for each in group[number:]]
                open_ids.difference_update(self._throttle.throttled)
                return

    def _save(self, data: MessageData, failure: DeliveryError | None) -> bool:
        """Save the result of a message. Returns False to stop the run, including the message in progress."""
        match failure:
            case None:
                self._deferrals_in_a_row = 0
                self._throttle.domains.note_success(data.email_key)
                self.result.sent.append(data.id)
                return self._log.record_sent(data)
            case PermanentFailure():
                self._deferrals_in_a_row = 0
                self._fail(data, str(failure))
                return True
            case TemporaryFailure():
                self._deferrals_in_a_row += 1
                self._throttle.domains.note_deferral(data.email_key)
                self._log.skip([data.id])
                self.result.deferred.append(data.id)
                self.result.server_failed = self._deferrals_in_a_row >= MOST_DEFERRALS
            case _:
                self.result.not_tried.append(data.id)
                self.result.server_failed = True
        self.result.failure = str(failure)
        if self.result.server_failed:
            # The server may repeat the recipient's address, which must not be logged.
            log.warning("mail_server_failed", error=ADDRESS.sub("(an address)", self.result.failure))
        return not self.result.server_failed

    def _fail(self, data: MessageData, reason: str) -> None:
        self._log.record_failed(data, reason)
        self.result.refused.append(data.id)

    def _template_for(self, data: MessageData) -> InvitationTemplate:
        key = data.template_key
        if key not in self._templates:
            writers = ("inviter", "message_by", "batch__message_by")
            invitations = Invitation.objects.select_related("organization", "grant", *writers).defer("batch__preview")
            content = replace(content_of(invitations.get(pk=data.id)), reminder=data.reminder)
            self._templates[key] = InvitationTemplate(content, account=data.account)
        return self._templates[key]

    def _check_time(self) -> None:
        self._log.flush()
        self._is_over |= self._time_slice.has_ended()
        self._checked_at = time.monotonic()

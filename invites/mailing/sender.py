"""Sends invitations, one or hundreds, over one connection, and remembers what became of each.

That the server took one is saved before the next may end: a process that dies sends at most the one mail that
was under way a second time.
"""

from __future__ import annotations

import contextlib
import re
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from invites.invitations.quotas import count_daily_mail, daily_mail_limit_reason
from invites.mailing.delivery import Sender
from invites.mailing.delivery_log import DeliveryLog, without_waiting_for_the_disk
from invites.mailing.message import MessageData, OutgoingMessage, filter_unsent, load_unsent
from invites.mailing.template import InvitationTemplate
from invites.mailing.throttle import SendThrottle
from invites.mailing.transports.errors import DeliveryError, PermanentFailure, TemporaryFailure
from invites.models import Invitation

# After so long it is the turn of others.
TIME_SLICE_SECONDS = 3.0
GROUP = 100
LOOK_SECONDS = 1.0
# So many in a row put off by the server, and the rest of the run need not be tried.
PATIENCE = 10
ADDRESS = re.compile(r"\S+@\S+")

log = structlog.get_logger(__name__)


@dataclass
class SendResult:
    """What became of the invitations given to `send_invitations`, by id.

    Those that were no longer to be sent (accepted, revoked, sent by somebody else) are in none of the
    lists. `put_off` are those that the server would not take now, `blocked` those whose domain put off others,
    `too_fast` those that the pace kept back: they may be tried in `opens_in` seconds. `deferred` are the rest, which
    were not tried. `trouble` says why something was put off; `gave_up` that it was the server as a whole
    that was away or too busy, and not a few recipients of it.
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


def send_invitations(
    ids: Sequence[int], *, turn: TimeSlice, log: DeliveryLog | None = None, one_by_one: bool = False
) -> SendResult:
    """Sends those of the invitations that are pending and whose mail is queued; the rest are left alone.

    All are of one organization. Each is saved as sent, or as failed for good with the server's reason; the others
    stay queued, for the caller to try again later. When the turn is over, the rest is deferred. With `one_by_one` no
    mail begins before the one before was saved. Claims nothing: two callers with the same invitations at once may both
    send them.
    """
    rest: Sequence[int] = sorted(ids)
    postman = _Postman(rest, log or DeliveryLog(), turn, Sender(turn.keep, one_by_one=one_by_one))
    with without_waiting_for_the_disk(), contextlib.closing(postman):
        while rest := postman.filter_blocked(rest):
            postman.deliver(load_unsent(rest[:GROUP]))
            rest = rest[GROUP:]
    return postman.run


class TimeSlice:
    """Goes on for some seconds, as long as `keep`, which is asked about each second, says that one is still to."""

    def __init__(self, keep: Callable[[], bool]) -> None:
        self._keep = keep
        self._is_kept = True
        self._kept_at = time.monotonic()
        self._ends_at = self._kept_at + TIME_SLICE_SECONDS

    def goes_on(self) -> bool:
        """Asked after each group of 100, and about each second."""
        return time.monotonic() < self._ends_at and self.keep()

    def keep(self) -> bool:
        """Called in the middle of a mail, too: it may take longer than what is kept would last."""
        now = time.monotonic()
        if now - self._kept_at >= LOOK_SECONDS:
            self._kept_at = now
            self._is_kept = self._keep()
        return self._is_kept


class _Postman:
    """One run: the letters already written, the connection, and what is not saved yet."""

    def __init__(self, ids: Sequence[int], log: DeliveryLog, turn: TimeSlice, sender: Sender) -> None:
        self.run = SendResult()
        self._ids = ids
        self._ends = False
        self._log = log
        self._turn = turn
        self._throttle = SendThrottle()
        self._put_off_in_a_row = 0
        self._sender = sender
        self._letters: dict[tuple[int, int | None], InvitationTemplate] = {}
        self._looked_at = time.monotonic()

    def filter_blocked(self, ids: Sequence[int]) -> Sequence[int]:
        """Those that are to be tried; none once the run ends."""
        if self._ends:
            self.run.not_tried += ids
            return ()
        if self._throttle.is_exhausted:
            self._throttle.throttled += ids
            return ()
        return self._throttle.filter_blocked(ids)

    def deliver(self, group: Sequence[MessageData]) -> None:
        going = self._throttle.acquire(group)
        had_enough = count_daily_mail(going)
        for due in going:
            if due.id in had_enough:
                self._refuse(due, f"This address {daily_mail_limit_reason()}")
        going = [due for due in going if due.id not in had_enough]
        open_ids = {due.id for due in going}
        if going:
            among = self._ids[bisect(self._ids, going[0].id) : bisect(self._ids, going[-1].id)]
            self._log.skip(pk for pk in among if pk not in open_ids)
        with contextlib.closing(self._sender.deliver(self._parcels(going, open_ids))) as outcomes:
            for parcel, failure in outcomes:
                open_ids.discard(parcel.due.id)
                if not self._note(parcel.due, failure):
                    self._ends = True
                    break
        self.run.not_tried += sorted(open_ids)
        self._look_up()

    def close(self) -> None:
        self._log.flush()
        self._sender.close()
        self.run.blocked, self.run.throttled = self._throttle.blocked, self._throttle.throttled
        self.run.retry_in = self._throttle.retry_in

    def _parcels(self, going: Sequence[MessageData], open_ids: set[int]) -> Iterator[OutgoingMessage]:
        """Asked for one at a time, while the one before is still under way."""
        for number, due in enumerate(going):
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self._look_up()
                open_ids.intersection_update(filter_unsent(open_ids))
            if self._ends:
                return
            if due.id not in open_ids:
                continue
            if self._throttle.is_blocked(due):
                open_ids.discard(due.id)
                self._log.skip([due.id])
            elif self._throttle.wait_for_permit(len(going) - number):
                yield OutgoingMessage(due, self._letter_for(due))
            else:
                self._throttle.throttled += [each.id for each in going[number:]]
                open_ids.difference_update(self._throttle.throttled)
                return

    def _note(self, due: MessageData, failure: DeliveryError | None) -> bool:
        """Save the outcome. False where nothing more is to be sent, not even what is under way."""
        match failure:
            case None:
                self._put_off_in_a_row = 0
                self._throttle.domains.note_success(due.email_key)
                self.run.sent.append(due.id)
                return self._log.taken(due)
            case PermanentFailure():
                self._put_off_in_a_row = 0
                self._refuse(due, str(failure))
                return True
            case TemporaryFailure():
                self._put_off_in_a_row += 1
                self._throttle.domains.note_deferral(due.email_key)
                self._log.skip([due.id])
                self.run.deferred.append(due.id)
                self.run.server_failed = self._put_off_in_a_row >= PATIENCE
            case _:
                self.run.not_tried.append(due.id)
                self.run.server_failed = True
        self.run.failure = str(failure)
        if self.run.server_failed:
            # Its words may repeat to whom something was sent, which no log is told.
            log.warning("mail_server_failed", error=ADDRESS.sub("(an address)", self.run.failure))
        return not self.run.server_failed

    def _refuse(self, due: MessageData, reason: str) -> None:
        self._log.refused(due, reason)
        self.run.refused.append(due.id)

    def _letter_for(self, due: MessageData) -> InvitationTemplate:
        key = (due.grant_id, due.inviter_id)
        if key not in self._letters:
            invitations = Invitation.objects.select_related("organization", "inviter", "grant")
            self._letters[key] = InvitationTemplate(invitations.get(pk=due.id))
        return self._letters[key]

    def _look_up(self) -> None:
        self._log.flush()
        self._ends |= not self._turn.goes_on()
        self._looked_at = time.monotonic()

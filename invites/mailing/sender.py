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

from invites.invitations.quotas import count_mails, enough_mail
from invites.mailing.delivery import Sender
from invites.mailing.delivery_log import DeliveryLog, without_waiting_for_the_disk
from invites.mailing.message import MessageData, OutgoingMessage, ids_still_to_send, still_to_send
from invites.mailing.template import InvitationTemplate
from invites.mailing.throttle import SendThrottle
from invites.mailing.transports.errors import DeliveryError, PermanentFailure, TemporaryFailure
from invites.models import Invitation

# After so long it is the turn of others.
TURN_SECONDS = 3.0
GROUP = 100
LOOK_SECONDS = 1.0
# So many in a row put off by the server, and the rest of the run need not be tried.
PATIENCE = 10
ADDRESS = re.compile(r"\S+@\S+")

log = structlog.get_logger(__name__)


@dataclass
class MailRun:
    """What became of the invitations given to `send_invitations`, by id.

    Those that were no longer to be sent (accepted, revoked, sent by somebody else) are in none of the
    lists. `put_off` are those that the server would not take now, `blocked` those whose domain put off others,
    `too_fast` those that the pace kept back: they may be tried in `opens_in` seconds. `deferred` are the rest, which
    were not tried. `trouble` says why something was put off; `gave_up` that it was the server as a whole
    that was away or too busy, and not a few recipients of it.
    """

    sent: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    put_off: list[int] = field(default_factory=list)
    blocked: list[int] = field(default_factory=list)
    too_fast: list[int] = field(default_factory=list)
    deferred: list[int] = field(default_factory=list)
    opens_in: float | None = None
    trouble: str = ""
    gave_up: bool = False

    @property
    def unsent(self) -> list[int]:
        return [*self.put_off, *self.blocked, *self.too_fast, *self.deferred]


def send_invitations(
    ids: Sequence[int], *, turn: Turn, record: DeliveryLog | None = None, one_by_one: bool = False
) -> MailRun:
    """Sends those of the invitations that are pending and whose mail is queued; the rest are left alone.

    All are of one organization. Each is saved as sent, or as failed for good with the server's reason; the others
    stay queued, for the caller to try again later. When the turn is over, the rest is deferred. With `one_by_one` no
    mail begins before the one before was saved. Claims nothing: two callers with the same invitations at once may both
    send them.
    """
    rest: Sequence[int] = sorted(ids)
    postman = _Postman(rest, record or DeliveryLog(), turn, Sender(turn.keep, one_by_one=one_by_one))
    with without_waiting_for_the_disk(), contextlib.closing(postman):
        while rest := postman.filter_blocked(rest):
            postman.deliver(still_to_send(rest[:GROUP]))
            rest = rest[GROUP:]
    return postman.run


class Turn:
    """Goes on for some seconds, as long as `keep`, which is asked about each second, says that one is still to."""

    def __init__(self, keep: Callable[[], bool]) -> None:
        self._keep = keep
        self._is_kept = True
        self._kept_at = time.monotonic()
        self._ends_at = self._kept_at + TURN_SECONDS

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

    def __init__(self, ids: Sequence[int], record: DeliveryLog, turn: Turn, sender: Sender) -> None:
        self.run = MailRun()
        self._ids = ids
        self._ends = False
        self._record = record
        self._turn = turn
        self._gate = SendThrottle()
        self._put_off_in_a_row = 0
        self._sender = sender
        self._letters: dict[tuple[int, int | None], InvitationTemplate] = {}
        self._looked_at = time.monotonic()

    def filter_blocked(self, ids: Sequence[int]) -> Sequence[int]:
        """Those that are to be tried; none once the run ends."""
        if self._ends:
            self.run.deferred += ids
            return ()
        if self._gate.is_shut:
            self._gate.too_fast += ids
            return ()
        return self._gate.filter_blocked(ids)

    def deliver(self, group: Sequence[MessageData]) -> None:
        going = self._gate.acquire(group)
        had_enough = count_mails(going)
        for due in going:
            if due.id in had_enough:
                self._refuse(due, f"This address {enough_mail()}")
        going = [due for due in going if due.id not in had_enough]
        open_ids = {due.id for due in going}
        if going:
            among = self._ids[bisect(self._ids, going[0].id) : bisect(self._ids, going[-1].id)]
            self._record.skip(pk for pk in among if pk not in open_ids)
        with contextlib.closing(self._sender.deliver(self._parcels(going, open_ids))) as outcomes:
            for parcel, trouble in outcomes:
                open_ids.discard(parcel.due.id)
                if not self._note(parcel.due, trouble):
                    self._ends = True
                    break
        self.run.deferred += sorted(open_ids)
        self._look_up()

    def close(self) -> None:
        self._record.settle()
        self._sender.close()
        self.run.blocked, self.run.too_fast = self._gate.blocked, self._gate.too_fast
        self.run.opens_in = self._gate.opens_in

    def _parcels(self, going: Sequence[MessageData], open_ids: set[int]) -> Iterator[OutgoingMessage]:
        """Asked for one at a time, while the one before is still under way."""
        for number, due in enumerate(going):
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self._look_up()
                open_ids.intersection_update(ids_still_to_send(open_ids))
            if self._ends:
                return
            if due.id not in open_ids:
                continue
            if self._gate.is_left_alone(due):
                open_ids.discard(due.id)
                self._record.skip([due.id])
            elif self._gate.wait_for_turn(len(going) - number):
                yield OutgoingMessage(due, self._letter_for(due))
            else:
                self._gate.too_fast += [each.id for each in going[number:]]
                open_ids.difference_update(self._gate.too_fast)
                return

    def _note(self, due: MessageData, trouble: DeliveryError | None) -> bool:
        """Save the outcome. False where nothing more is to be sent, not even what is under way."""
        match trouble:
            case None:
                self._put_off_in_a_row = 0
                self._gate.domains.took(due.email_key)
                self.run.sent.append(due.id)
                return self._record.taken(due)
            case PermanentFailure():
                self._put_off_in_a_row = 0
                self._refuse(due, str(trouble))
                return True
            case TemporaryFailure():
                self._put_off_in_a_row += 1
                self._gate.domains.put_off(due.email_key)
                self._record.skip([due.id])
                self.run.put_off.append(due.id)
                self.run.gave_up = self._put_off_in_a_row >= PATIENCE
            case _:
                self.run.deferred.append(due.id)
                self.run.gave_up = True
        self.run.trouble = str(trouble)
        if self.run.gave_up:
            # Its words may repeat to whom something was sent, which no log is told.
            log.warning("mail_server_of_no_use", trouble=ADDRESS.sub("(an address)", self.run.trouble))
        return not self.run.gave_up

    def _refuse(self, due: MessageData, reason: str) -> None:
        self._record.refused(due, reason)
        self.run.refused.append(due.id)

    def _letter_for(self, due: MessageData) -> InvitationTemplate:
        key = (due.grant_id, due.inviter_id)
        if key not in self._letters:
            invitations = Invitation.objects.select_related("organization", "inviter", "grant")
            self._letters[key] = InvitationTemplate(invitations.get(pk=due.id))
        return self._letters[key]

    def _look_up(self) -> None:
        self._record.settle()
        self._ends |= not self._turn.goes_on()
        self._looked_at = time.monotonic()

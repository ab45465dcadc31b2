"""Remembers what the mail server took of a chunk, and withdraws what it refused for good.

The invitations of a chunk are mailed in the order of their ids. So two ids in the row of the chunk tell which of them
were taken since their states were last saved, at a fraction of what an invitation with its indexes would cost. A worker
that takes the chunk over after another one died reads them first.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.utils import timezone

from invites.imports.chunks import ChunkClaim, held
from invites.invitations.authorization import GrantKey
from invites.mailing.delivery_log import DeliveryLog, save_as_sent
from invites.mailing.message import MessageData
from invites.models import BatchChunk, Invitation, Row

_MOVE_ON = f"""
    UPDATE {BatchChunk._meta.db_table} SET first_delivered_id = %s, last_delivered_id = %s WHERE id = %s AND claims = %s
"""  # noqa: S608


class ChunkDeliveryLog(DeliveryLog):
    """While the lease is held."""

    def __init__(self, claim: ChunkClaim) -> None:
        self._claim = claim
        self._unsettled: list[MessageData] = []
        self._skipped: list[int] = []
        self._cursor = connection.cursor()

    def taken(self, due: MessageData) -> bool:
        while self._skipped and self._skipped[0] < due.id:
            # It must not lie between the two.
            self._skipped.pop(0)
            self.flush()
        self._unsettled.append(due)
        self._cursor.execute(_MOVE_ON, [self._unsettled[0].id, due.id, self._claim.chunk_id, self._claim.number])
        return bool(self._cursor.rowcount)

    def refused(self, due: MessageData, reason: str) -> None:
        revoke_unsent(due.id, reason=reason, why=Row.Reason.MAIL_REFUSED)

    def skip(self, ids: Iterable[int]) -> None:
        self._skipped = sorted([*self._skipped, *ids])

    def flush(self) -> None:
        if self._unsettled:
            with transaction.atomic():
                save_as_sent([due.token_hash for due in self._unsettled])
                held(self._claim).update(first_delivered_id=None, last_delivered_id=None)
            self._unsettled.clear()


@transaction.atomic
def revoke_unsent(*ids: int, reason: str, why: Row.Reason, offer: GrantKey | None = None) -> int:
    """Take back those of a batch's invitations whose mail is not out, and count their rows as failed; how many.

    With an offer only those that still make it: for another one somebody else answers. Both at once: whoever dies in
    between leaves nobody who counts as invited and was told of nothing.
    """
    unsent = Invitation.objects.open().unsent().sent_with_import().select_for_update().filter(pk__in=ids)
    if offer is not None:
        unsent = unsent.filter(grant=offer.grant_id, inviter=offer.inviter_id)
    rows = dict(unsent.order_by("pk").values_list("pk", "row_id"))
    Invitation.objects.filter(pk__in=rows).update(
        state=Invitation.State.REVOKED,
        answered_at=timezone.now(),
        mail_state=Invitation.Mail.FAILED,
        mail_detail=reason[:300],
    )
    Row.objects.filter(pk__in=rows.values()).update(outcome=Row.Outcome.FAILED, reason=why, detail=reason[:300])
    return len(rows)


@transaction.atomic
def flush_previous_log(chunk: BatchChunk) -> None:
    """Save the states of those that the worker before this one had mailed when it died.

    It would have saved them before it passed one over, so that they are all that lie between the two ids.
    """
    if chunk.last_delivered_id is None:
        return
    # One that was resent since has a new link, whose email is still to come.
    unsent = Invitation.objects.open().unsent().sent_with_import()
    taken = unsent.filter(
        pk__range=(chunk.first_delivered_id, chunk.last_delivered_id),
        batch_id=chunk.batch_id,
        row__number__range=(chunk.first_number, chunk.last_number),
    )
    save_as_sent(list(taken.values_list("token_hash", flat=True)))
    same = BatchChunk.objects.filter(pk=chunk.pk, last_delivered_id=chunk.last_delivered_id)
    same.update(first_delivered_id=None, last_delivered_id=None)

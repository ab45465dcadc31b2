"""The delivery log of a chunk: which emails were delivered, and which recipients were refused.

The invitations of a chunk are sent in the order of their ids. So two ids in the row of the chunk say which of them were
delivered since their states were last saved. That costs a fraction of an UPDATE of an invitation with its indexes. A
worker that takes over the chunk of a dead worker reads these ids first.
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

_SAVE_RANGE = f"""
    UPDATE {BatchChunk._meta.db_table} SET first_delivered_id = %s, last_delivered_id = %s WHERE id = %s AND claims = %s
"""  # noqa: S608


class ChunkDeliveryLog(DeliveryLog):
    """Logs as long as the claim holds the chunk."""

    def __init__(self, claim: ChunkClaim) -> None:
        self._claim = claim
        self._unsaved: list[MessageData] = []
        self._skipped: list[int] = []
        self._cursor = connection.cursor()

    def record_sent(self, data: MessageData) -> bool:
        while self._skipped and self._skipped[0] < data.id:
            # A skipped id must not be inside the range.
            self._skipped.pop(0)
            self.flush()
        self._unsaved.append(data)
        self._cursor.execute(_SAVE_RANGE, [self._unsaved[0].id, data.id, self._claim.chunk_id, self._claim.number])
        return bool(self._cursor.rowcount)

    def record_failed(self, data: MessageData, reason: str) -> None:
        revoke_unsent([data.id], Row.Reason.MAIL_REFUSED, detail=reason)

    def skip(self, ids: Iterable[int]) -> None:
        self._skipped = sorted([*self._skipped, *ids])

    def flush(self) -> None:
        if self._unsaved:
            with transaction.atomic():
                save_as_sent([data.token_hash for data in self._unsaved])
                held(self._claim).update(first_delivered_id=None, last_delivered_id=None)
            self._unsaved.clear()


@transaction.atomic
def revoke_unsent(ids: Iterable[int], reason: Row.Reason, *, detail: str, grant_key: GrantKey | None = None) -> int:
    """Revoke those of a batch's invitations whose email is not sent, and mark their rows as failed. Returns how many.

    With `grant_key`, only invitations that still have it are revoked. Both tables change in one transaction, so that
    nobody counts as invited who never got an email.
    """
    unsent = Invitation.objects.open().unsent().sent_with_import().select_for_update().filter(pk__in=ids)
    if grant_key is not None:
        unsent = unsent.filter(grant=grant_key.grant_id, inviter=grant_key.inviter_id)
    rows = dict(unsent.order_by("pk").values_list("pk", "row_id"))
    Invitation.objects.filter(pk__in=rows).update(
        state=Invitation.State.REVOKED,
        closed_at=timezone.now(),
        mail_state=Invitation.Mail.FAILED,
        mail_detail=detail[:300],
    )
    Row.objects.filter(pk__in=rows.values()).update(outcome=Row.Outcome.FAILED, reason=reason, detail=detail[:300])
    return len(rows)


@transaction.atomic
def flush_previous_log(chunk: BatchChunk) -> None:
    """Save as sent what the previous worker delivered before it died.

    It flushed its log before each invitation that it skipped. So everything between the two ids was delivered.
    """
    if chunk.last_delivered_id is None:
        return
    # One that was resent since has a new link, whose email is still to come.
    unsent = Invitation.objects.open().unsent().sent_with_import()
    delivered = unsent.filter(
        pk__range=(chunk.first_delivered_id, chunk.last_delivered_id),
        batch_id=chunk.batch_id,
        row__number__range=(chunk.first_number, chunk.last_number),
    )
    save_as_sent(list(delivered.values_list("token_hash", flat=True)))
    same = BatchChunk.objects.filter(pk=chunk.pk, last_delivered_id=chunk.last_delivered_id)
    same.update(first_delivered_id=None, last_delivered_id=None)

"""Remembers what the mail server took and what it refused for good, before the next mail may end.

The invitations of a range are mailed in the order of their ids. So two ids in the row of the range tell which of them
were taken since their states were last saved, at a fraction of what an invitation with its indexes would cost. Whoever
takes the range up after a worker died reads them first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator

from django.db import connection, transaction
from django.utils import timezone

from invites.models import Invitation, Row, RowRange
from invites.queries.undoing import not_being_undone
from invites.services.lapsed import Offer
from invites.services.leases import Lease, held
from invites.services.parcels import TO_SEND, Due

_MOVE_ON = f"""
    UPDATE {RowRange._meta.db_table} SET taken_from = %s, taken_to = %s WHERE id = %s AND claims = %s
"""  # noqa: S608


class Record:
    """Saves what the server took or refused: each mail at once."""

    def taken(self, due: Due) -> bool:
        """Called before the next mail may end. False if somebody else is at this work by now."""
        save_as_sent([due.token_hash])
        return True

    def refused(self, due: Due, reason: str) -> None:
        """Called when the mail cannot be sent for good. By the hash, as in `save_as_sent`."""
        Invitation.objects.filter(token_hash=due.token_hash, mail_state__in=TO_SEND).update(
            mail_state=Invitation.Mail.FAILED, mail_detail=reason, mailed_at=timezone.now(), mail_due_at=None
        )

    def leave_out(self, ids: Iterable[int]) -> None:
        """Called for those that stay unsent though later ones may be sent."""

    def settle(self) -> None:
        """Called about every second, and at the end."""


def save_as_sent(token_hashes: Collection[str]) -> None:
    """By the hash, not by the id: after a new link was asked for meanwhile, the mail that counts is still to be sent.

    In plain SQL: it may be once for each mail, and putting the statement together would take longer than the rest. Of
    many the caller has a transaction.
    """
    if not token_hashes:
        return
    marks = ", ".join(["%s"] * len(token_hashes))
    with connection.cursor() as cursor:
        if len(token_hashes) > 1 and connection.features.has_select_for_update:
            # In one order, so that two who are at the same invitations wait for each other and not both.
            cursor.execute(
                f"SELECT FROM {Invitation._meta.db_table} WHERE token_hash IN ({marks}) ORDER BY id FOR NO KEY UPDATE",
                list(token_hashes),
            )
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(
            f"UPDATE {Invitation._meta.db_table} SET mail_state = %s, mail_detail = '', mailed_at = %s,"  # noqa: S608
            f" mail_due_at = NULL WHERE token_hash IN ({marks}) AND mail_state IN (%s, %s)",
            [Invitation.Mail.SENT.value, now, *token_hashes, *TO_SEND],
        )


class TakenOfRange(Record):
    """While the lease is held."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._unsettled: list[Due] = []
        self._left_out: list[int] = []
        self._cursor = connection.cursor()

    def taken(self, due: Due) -> bool:
        while self._left_out and self._left_out[0] < due.id:
            # It must not lie between the two.
            self._left_out.pop(0)
            self.settle()
        self._unsettled.append(due)
        self._cursor.execute(_MOVE_ON, [self._unsettled[0].id, due.id, self._lease.range_id, self._lease.number])
        return bool(self._cursor.rowcount)

    def refused(self, due: Due, reason: str) -> None:
        withdraw(due.id, reason=reason, why=Row.Reason.MAIL_REFUSED)

    def leave_out(self, ids: Iterable[int]) -> None:
        self._left_out = sorted([*self._left_out, *ids])

    def settle(self) -> None:
        if self._unsettled:
            with transaction.atomic():
                save_as_sent([due.token_hash for due in self._unsettled])
                held(self._lease).update(taken_from=None, taken_to=None)
            self._unsettled.clear()


@transaction.atomic
def withdraw(*ids: int, reason: str, why: Row.Reason, offer: Offer | None = None) -> int:
    """Take back those of a batch's invitations whose mail is not out, and count their rows as failed; how many.

    With an offer only those that still make it: for another one somebody else answers. Both at once: whoever dies in
    between leaves nobody who counts as invited and was told of nothing.
    """
    unsent = Invitation.objects.select_for_update().filter(
        not_being_undone(), pk__in=ids, state=Invitation.State.PENDING, mail_state__in=TO_SEND, mail_due_at=None
    )
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
def settle_what_was_taken(row_range: RowRange) -> None:
    """Save the states of those that the worker before this one had mailed when it died.

    It would have saved them before it passed one over, so that they are all that lie between the two ids.
    """
    if row_range.taken_to is None:
        return
    taken = Invitation.objects.filter(
        pk__range=(row_range.taken_from, row_range.taken_to),
        batch_id=row_range.batch_id,
        row__number__range=(row_range.first_number, row_range.last_number),
        state=Invitation.State.PENDING,
        mail_state__in=TO_SEND,
        # One that was sent again since has a new link, whose mail is still to come.
        mail_due_at=None,
    )
    save_as_sent(list(taken.values_list("token_hash", flat=True)))
    RowRange.objects.filter(pk=row_range.pk, taken_to=row_range.taken_to).update(taken_from=None, taken_to=None)


@contextlib.contextmanager
def without_waiting_for_the_disk() -> Iterator[None]:
    """What is committed stays so though this process dies, and a mail costs no more than the server takes for it.

    Only a crash of the database's machine could forget the mails of its last moment. SQLite is set up so already.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")

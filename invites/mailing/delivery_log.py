"""Saves the result of each email before the next one is sent, so a crash can duplicate at most one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator

from django.db import connection
from django.utils import timezone

from invites.mailing.message import MessageData
from invites.mailing.reminders.sending import note_failed, note_sent
from invites.models import EarlierLink, Invitation


class DeliveryLog:
    """Saves each result immediately. A subclass can collect results if what it writes instead survives a crash."""

    def record_sent(self, data: MessageData) -> bool:
        """Called before the next message ends. Returns False if another worker has taken over."""
        if data.reminder:
            note_sent(data.id, data.reminder)
        else:
            save_as_sent([data.token_hash])
        return True

    def record_failed(self, data: MessageData, reason: str) -> None:
        """Called when an email can't be delivered. Finds it by its hash, like `save_as_sent`."""
        if data.reminder:
            note_failed(data.id, reason)
            return
        Invitation.objects.unsent().filter(token_hash=data.token_hash).update(
            mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_finished_at=timezone.now(), mail_due_at=None
        )

    def skip(self, ids: Iterable[int]) -> None:
        """Called for emails that stay unsent while later ones may be sent."""

    def flush(self) -> None:
        """Called about every second, and at the end."""


def save_as_sent(token_hashes: Collection[str]) -> None:
    """Mark the invitations with these links as sent; for several, in the caller's transaction.

    By the hash and not by the id: if an invitation was resent meanwhile, the email with its new link is still to be
    sent, and the earlier link is marked instead. In plain SQL, because this may run once per email, and building the
    query would take longer than the rest.
    """
    if not token_hashes:
        return
    marks = ", ".join(["%s"] * len(token_hashes))
    with connection.cursor() as cursor:
        if len(token_hashes) > 1 and connection.features.has_select_for_update:
            # Locked in a fixed order, so two workers with the same invitations don't deadlock.
            cursor.execute(
                f"SELECT FROM {Invitation._meta.db_table} WHERE token_hash IN ({marks}) ORDER BY id FOR NO KEY UPDATE",
                list(token_hashes),
            )
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(
            f"UPDATE {Invitation._meta.db_table} SET mail_state = %s, mail_detail = '', mail_finished_at = %s,"  # noqa: S608
            f" mail_due_at = NULL WHERE token_hash IN ({marks}) AND mail_state IN (%s, %s)",
            [Invitation.Mail.SENT.value, now, *token_hashes, *Invitation.UNSENT],
        )
        if cursor.rowcount < len(token_hashes):
            earlier = EarlierLink.objects.filter(token_hash__in=token_hashes, mail_state__in=Invitation.UNSENT)
            earlier.update(mail_state=Invitation.Mail.SENT, mail_detail="", mail_finished_at=timezone.now())


@contextlib.contextmanager
def without_waiting_for_disk() -> Iterator[None]:
    """Commits survive a crash of this process, but don't wait for the disk, which would take longer than the email.

    Only a crash of the database's machine could lose the results of its last moment. SQLite is configured like this.
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

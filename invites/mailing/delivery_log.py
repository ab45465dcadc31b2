"""Saves what the mail server took and what it refused for good, before the next email may end."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator

from django.db import connection
from django.utils import timezone

from invites.mailing.message import MessageData
from invites.models import Invitation


class DeliveryLog:
    """Saves what the server took or refused: each mail at once."""

    def taken(self, due: MessageData) -> bool:
        """Called before the next mail may end. False if somebody else is at this work by now."""
        save_as_sent([due.token_hash])
        return True

    def refused(self, due: MessageData, reason: str) -> None:
        """Called when the mail cannot be sent for good. By the hash, as in `save_as_sent`."""
        Invitation.objects.unsent().filter(token_hash=due.token_hash).update(
            mail_state=Invitation.Mail.FAILED, mail_detail=reason, mailed_at=timezone.now(), mail_due_at=None
        )

    def skip(self, ids: Iterable[int]) -> None:
        """Called for those that stay unsent though later ones may be sent."""

    def flush(self) -> None:
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
            [Invitation.Mail.SENT.value, now, *token_hashes, *Invitation.UNSENT],
        )


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

"""Sends invitations, one or hundreds, over one connection, and remembers what became of each.

What was sent is saved after each mail that the server took: a process that dies sends at most the one mail that
was under way a second time.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.utils import timezone

from invites.models import Invitation
from invites.services.delivery import Broken, NotNow, Refused, Sender
from invites.services.letters import Letter
from invites.services.quotas import count_mails, enough_mail
from invites.services.tokens import derive_token, hash_token, link_for

GROUP = 100
LOOK_SECONDS = 1.0
# So many in a row put off by the server, and the rest of the run need not be tried.
PATIENCE = 10

TO_SEND = (Invitation.Mail.QUEUED.value, Invitation.Mail.SENDING.value)

# By the hash, not by the id: after a new link was asked for meanwhile, the mail that counts is still to be sent.
_SAVE_AS_SENT = f"""
    UPDATE {Invitation._meta.db_table} SET mail_state = %s, mail_detail = '', mailed_at = %s, mail_due_at = NULL
    WHERE token_hash = %s AND mail_state IN (%s, %s)
"""  # noqa: S608


@dataclass
class MailRun:
    """What became of the invitations given to `send_invitations`, by id.

    Those that were no longer to be sent (accepted, revoked, sent by somebody else) are in none of the
    lists. `trouble` says why something was put off, for logs; `gave_up` that it was the server as a whole
    that was away or too busy, and not a few recipients of it.
    """

    sent: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    deferred: list[int] = field(default_factory=list)
    trouble: str = ""
    gave_up: bool = False


def send_invitations(invitations: Sequence[Invitation], *, go_on: Callable[[], bool] | None = None) -> MailRun:
    """Sends those of the invitations that are pending and whose mail is queued; the rest are left alone.

    Each is saved as sent, or as failed for good with the server's reason. What met temporary trouble
    stays queued and is returned as deferred, for the caller to try again later. `go_on` is asked after
    each group of 100 and about each second; once it says no, the rest is deferred. Claims nothing: two
    callers with the same invitations at once may both send them.
    """
    run = MailRun()
    ids = [invitation.pk for invitation in invitations]
    with _without_waiting_for_the_disk(), contextlib.closing(_Postman(run, go_on or (lambda: True))) as postman:
        for start in range(0, len(ids), GROUP):
            if postman.ends:
                run.deferred += ids[start:]
                break
            postman.deliver(_still_to_send(ids[start : start + GROUP]))
    return run


def _still_to_send(ids: Sequence[int]) -> Iterable[Invitation]:
    """Read anew for each group: somebody may have revoked one since the run began.

    Without the organization, the inviter and the grant: only the first one of each letter is asked for them.
    """
    unsent = Invitation.objects.filter(pk__in=ids, state=Invitation.State.PENDING, mail_state__in=TO_SEND)
    return unsent.order_by("pk")


class _Postman:
    """One run: the letters already written, the connection, and what is not saved yet."""

    def __init__(self, run: MailRun, go_on: Callable[[], bool]) -> None:
        self.run = run
        self.ends = False
        self._go_on = go_on
        self._put_off_in_a_row = 0
        self._sender = Sender()
        self._letters: dict[tuple[int, int | None], Letter] = {}
        self._had_enough: set[int] = set()
        self._looked_at = self._next_at = time.monotonic()

    def deliver(self, invitations: Iterable[Invitation]) -> None:
        group = list(invitations)
        self._had_enough = count_mails(group)
        for invitation in group:
            if self.ends:
                self.run.deferred.append(invitation.pk)
                continue
            self._keep_pace()
            self._deliver_one(invitation)
            if time.monotonic() - self._looked_at >= LOOK_SECONDS:
                self._look_up()
        self._look_up()

    def close(self) -> None:
        self._sender.close()

    def _deliver_one(self, invitation: Invitation) -> None:
        letter = self._letter_for(invitation)
        try:
            if invitation.pk in self._had_enough:
                raise Refused(f"This address {enough_mail()}")
            link = _link_of(invitation)
            rendered = letter.rendered(invitation, link=link) if self._sender.takes_bytes else None
            self._sender.send(rendered or letter.to(invitation, link=link))
        except (Refused, ValueError) as error:
            reason = str(error) if isinstance(error, Refused) else "No mail can be sent to this address."
            self._put_off_in_a_row = 0
            Invitation.objects.filter(token_hash=invitation.token_hash, mail_state__in=TO_SEND).update(
                mail_state=Invitation.Mail.FAILED, mail_detail=reason, mailed_at=timezone.now(), mail_due_at=None
            )
            self.run.refused.append(invitation.pk)
        except (NotNow, Broken) as error:
            self._put_off_in_a_row += 1
            self.run.gave_up = self.ends = isinstance(error, Broken) or self._put_off_in_a_row >= PATIENCE
            self.run.trouble = str(error)
            self.run.deferred.append(invitation.pk)
        else:
            self._put_off_in_a_row = 0
            _save_as_sent(invitation)
            self.run.sent.append(invitation.pk)

    def _letter_for(self, invitation: Invitation) -> Letter:
        key = (invitation.grant_id, invitation.inviter_id)
        if key not in self._letters:
            self._letters[key] = Letter(invitation)
        return self._letters[key]

    def _keep_pace(self) -> None:
        """Wait until the next mail may go, so that the children of a worker together stay within the rate."""
        if settings.MAILS_PER_SECOND:
            time.sleep(max(0.0, self._next_at - time.monotonic()))
            self._next_at = time.monotonic() + settings.CELERY_WORKER_CONCURRENCY / settings.MAILS_PER_SECOND

    def _look_up(self) -> None:
        self.ends |= not self._go_on()
        self._looked_at = time.monotonic()


def _save_as_sent(invitation: Invitation) -> None:
    """In plain SQL: once for each mail, putting the statement together would take longer than the rest."""
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        cursor.execute(_SAVE_AS_SENT, [Invitation.Mail.SENT.value, now, invitation.token_hash, *TO_SEND])


@contextlib.contextmanager
def _without_waiting_for_the_disk() -> Iterator[None]:
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


def _link_of(invitation: Invitation) -> str:
    """The link made again from the seed; the stored hash follows when the secret key was changed."""
    token = derive_token(invitation.token_seed)
    token_hash = hash_token(token)
    if token_hash != invitation.token_hash:
        Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).update(token_hash=token_hash)
        invitation.token_hash = token_hash
    return link_for(token)

"""Give invitations a new link, and keep what became of the old one for the history of a person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils.translation import ngettext_lazy

from accounts.models import User
from accounts.wording import counted
from invites.invitations.tokens import hashes_for, new_seeds
from invites.models import EarlierLink, Invitation, InvitationRequest

_SENT_TOO_OFTEN = ngettext_lazy(
    "This invitation was already sent to {email} {count} time, which is the limit.",
    "This invitation was already sent to {email} {count} times, which is the limit.",
)
_KEPT = "token_hash, email, mail_state, mail_detail, mail_finished_at, bounced_at, opened_at, opened_with"
# Django would load each invitation and store it again.
_KEEP_LINKS = f"""
    INSERT INTO {EarlierLink._meta.db_table} (invitation_id, {_KEPT}, replaced_at, replaced_by_id)
        SELECT id, {_KEPT}, %s, %s FROM {Invitation._meta.db_table} WHERE id IN ({{marks}})
"""  # noqa: S608 - names of our tables and columns


# Of scheduled invitations. Their days begin when they are sent, however late that is: their time may be changed, and
# suspended organizations send nothing. Until then, they neither expire nor give way to a newer invitation.
NOT_BEFORE_SENT = datetime(9000, 1, 1, tzinfo=UTC)


def expiry_from(now: datetime) -> datetime:
    """When an invitation that is sent now expires."""
    return now + timedelta(days=settings.INVITATION_DAYS)


def renew_links(ids: Sequence[int], *, by: User, now: datetime) -> None:
    """Give each of the invitations, which the caller has locked, a new link, and put its email into the outbox.

    The earlier links stop working. `by` becomes the inviter. Tokens are stored by plain SQL, because `bulk_update`
    would take ten times as long for tens of thousands.
    """
    if not ids:
        return
    seeds = new_seeds(len(ids))
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_LINKS.format(marks=", ".join(["%s"] * len(ids))), [at, by.pk, *ids])
        cursor.executemany(
            f"UPDATE {Invitation._meta.db_table} SET token_seed = %s, token_hash = %s WHERE id = %s",  # noqa: S608
            list(zip(seeds, hashes_for(seeds), ids, strict=True)),
        )
    Invitation.objects.filter(pk__in=ids).update(
        inviter=by,
        expires_at=expiry_from(now),
        mail_state=Invitation.Mail.QUEUED,
        mail_detail="",
        mail_due_at=now,
        mail_deferrals=0,
        mail_crashes=0,
        bounced_at=None,
        opened_at=None,
        opened_with="",
        times_resent=F("times_resent") + 1,
    )
    InvitationRequest.objects.filter(pk__in=ids).delete()


def has_been_sent_too_often(invitation: Invitation) -> bool:
    """Whether its link can't be renewed again."""
    return invitation.times_resent >= settings.RESEND_LIMIT


def sent_too_often_text(invitation: Invitation) -> str:
    return counted(_SENT_TOO_OFTEN, invitation.times_resent + 1, email=invitation.email)

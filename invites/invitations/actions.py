"""What can be done with invitations that wait for an answer: resend or revoke them, one or many."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Membership
from invites.invitations.authorization import check_can_manage, check_may_invite, manageable_grants
from invites.invitations.invite import expiry_from, not_pending, pending_of
from invites.invitations.quotas import daily_mail_limit_reason, has_reached_daily_mail_limit
from invites.invitations.tokens import hashes_for, new_seeds
from invites.invitations.visibility import invitation_is_visible
from invites.models import AccessGrant, Invitation, InvitationQuerySet

CHUNK = 1_000


@dataclass(frozen=True)
class Resent:
    """How many invitations are resent, and how many are not: too soon, too often, or not one's own to give."""

    sent: int
    left: int


@dataclass(frozen=True)
class Revoked:
    """How many invitations were revoked, and how many were not because they give more than one's own access.

    `busy` are the ids of those that another transaction has locked just now.
    """

    count: int
    left: int = 0
    busy: tuple[int, ...] = ()


def resend(by: Membership, invitation: Invitation) -> None:
    """Sends the invitation again, with a new link that works for the full time; the old link dies.

    From now on `by` answers for it. The caller enqueues the task that sends it. Raises AccessDenied, and DomainError:
    "not_pending", "too_soon".
    """
    check_can_manage(by, invitation.grant, to="resend this invitation")
    if not pending_of(by.organization, invitation).exists():
        raise not_pending(invitation)
    if not _renew(by, [invitation.pk], grants=[invitation.grant_id]):
        raise DomainError("too_soon", _why_not(invitation))


def resend_many(by: Membership, invitations: InvitationQuerySet) -> Resent:
    """Resends those of the pending invitations that `resend` would, in small transactions.

    Raises AccessDenied. For more than a few thousand see `directory/bulk_actions.py`.
    """
    check_may_invite(by)
    parts = [resend_some(by, ids) for ids in _chunks(pending_ids(by, invitations))]
    return Resent(sent=sum(part.sent for part in parts), left=sum(part.left for part in parts))


@transaction.atomic
def resend_some(by: Membership, ids: list[int]) -> Resent:
    """Resends those of the invitations that are pending and that `by` may resend, all in one transaction."""
    pending = _pending_among(by, ids)
    found = list(pending.values_list("pk", flat=True))
    sent = _renew(by, found, grants=_within_reach(by, pending))
    return Resent(sent=sent, left=len(found) - sent)


@transaction.atomic
def revoke(by: Membership, invitation: Invitation) -> None:
    """Revokes the invitation: its link stops working.

    Raises AccessDenied, and DomainError: "not_pending".
    """
    check_may_invite(by)
    # Locked, because somebody may be giving it other roles at this moment.
    held = pending_of(by.organization, invitation).select_for_update(no_key=True).first()
    if held is None:
        raise not_pending(invitation)
    check_can_manage(by, held.grant, to="revoke this invitation")
    pending_of(by.organization, invitation).close(Invitation.State.REVOKED)


def revoke_many(by: Membership, invitations: InvitationQuerySet) -> Revoked:
    """Revokes those of the pending invitations that `revoke` would, in small transactions.

    Raises AccessDenied. For more than a few thousand see `directory/bulk_actions.py`.
    """
    check_may_invite(by)
    count = left = 0
    for ids in _chunks(pending_ids(by, invitations)):
        revoked = revoke_some(by, ids)
        count, left = count + revoked.count, left + revoked.left
        # One by one, so that nothing is locked meanwhile that the other transaction may wait for.
        for pk in revoked.busy:
            pending = _pending_among(by, [pk])
            count += pending.filter(grant__in=_within_reach(by, pending)).close(Invitation.State.REVOKED)
    return Revoked(count, left)


@transaction.atomic
def revoke_some(by: Membership, ids: list[int]) -> Revoked:
    """Revokes those of the invitations that are pending and that `by` may revoke.

    Those that another transaction has locked are left.
    """
    pending = _pending_among(by, ids)
    total = pending.count()
    within = pending.filter(grant__in=_within_reach(by, pending))
    left = total - within.count()
    free = set(within.select_for_update(skip_locked=True).values_list("pk", flat=True))
    count = within.filter(pk__in=free).close(Invitation.State.REVOKED)
    return Revoked(count, left, busy=tuple(within.order_by("pk").values_list("pk", flat=True)))


def pending_ids(by: Membership, invitations: InvitationQuerySet) -> list[int]:
    """The ids of those that wait for an answer and that `by` may see, in their order."""
    return list(_pending(by, invitations).order_by("pk").values_list("pk", flat=True))


def _pending_among(by: Membership, ids: list[int]) -> InvitationQuerySet:
    return _pending(by, Invitation.objects.filter(pk__in=ids))


def _pending(by: Membership, invitations: InvitationQuerySet) -> InvitationQuerySet:
    """Invitations that `by` may not see are neither changed nor counted, not even as skipped."""
    return invitations.open().filter(invitation_is_visible(by), organization=by.organization)


def _within_reach(by: Membership, invitations: InvitationQuerySet) -> list[int]:
    """The ids of the grants that `by` could give, of all that the invitations give."""
    return manageable_grants(by, AccessGrant.objects.filter(pk__in=invitations.values("grant_id")))


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _due_again(now: datetime) -> Q:
    """True of an invitation whose last mail is out, some time ago, and that was not sent too often.

    Neither may its address have had enough mail from the organization today.
    """
    out = ~Q(mail_state__in=Invitation.UNSENT)
    rested = Q(mailed_at=None) | Q(mailed_at__lte=now - timedelta(seconds=settings.RESEND_PAUSE))
    return out & rested & Q(times_resent__lt=settings.RESEND_LIMIT) & ~Q(has_reached_daily_mail_limit())


@transaction.atomic
def _renew(by: Membership, ids: list[int], *, grants: Collection[int]) -> int:
    """Gives each a new link and makes its mail due; how many. Of two at once one finds the others locked, then not due.

    `grants` are those that `by` may give: who was given another one meanwhile is left to whoever did that.
    Somebody waits for the page, and it may be tens of thousands: Django's own updates would take ten times as long.
    """
    now = timezone.now()
    due = Invitation.objects.open().filter(_due_again(now), pk__in=ids, grant__in=grants)
    renewed = list(due.select_for_update().order_by("pk").values_list("pk", flat=True))
    seeds = new_seeds(len(renewed))
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE invites_invitation SET token_seed = %s, token_hash = %s WHERE id = %s",
            list(zip(seeds, hashes_for(seeds), renewed, strict=True)),
        )
    Invitation.objects.filter(pk__in=renewed).update(
        inviter=by.user,
        expires_at=expiry_from(now),
        mail_state=Invitation.Mail.QUEUED,
        mail_detail="",
        mail_due_at=now,
        mail_attempts=0,
        mail_crashes=0,
        times_resent=F("times_resent") + 1,
    )
    return len(renewed)


def _why_not(invitation: Invitation) -> str:
    if invitation.times_resent >= settings.RESEND_LIMIT:
        return f"{invitation.email} was sent this invitation {invitation.times_resent + 1} times, which is enough."
    if invitation.mail_state in Invitation.UNSENT:
        return f"The invitation of {invitation.email} is on its way already."
    if Invitation.objects.filter(has_reached_daily_mail_limit(), pk=invitation.pk).exists():
        return f"{invitation.email} {daily_mail_limit_reason()} Try again tomorrow."
    return f"{invitation.email} was sent this invitation a moment ago. Wait a minute before you send it again."

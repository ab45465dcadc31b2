"""What can be done with invitations that wait for an answer: send them again, or take them back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.errors import RuleBroken
from accounts.models import Membership
from accounts.services.grants import Reach, check_grant
from invites.models import Grant, Invitation
from invites.queries.undoing import not_being_undone
from invites.services.granting import check_may_invite, choice_of
from invites.services.quotas import enough_mail, had_enough_mail
from invites.services.single import expiry_from, not_pending, pending_of
from invites.services.tokens import hashes_for, new_seeds

CHUNK = 1_000


@dataclass(frozen=True)
class Resent:
    """How many invitations are sent again, and how many were not: too soon, or beyond one's rights."""

    sent: int
    left: int


def resend(by: Membership, invitation: Invitation) -> None:
    """Sends the invitation again, with a new link that works for the full time; the old link dies.

    From now on `by` answers for it. The caller hints the worker at the mail. Raises RuleBroken:
    "not_allowed", "beyond_rights", "not_pending", "too_soon".
    """
    check_may_invite(by)
    check_grant(by, choice_of(invitation.grant))
    if not pending_of(by.organization, invitation).exists():
        raise not_pending(invitation)
    if not _renew(by, [invitation.pk], grants=[invitation.grant_id]):
        raise RuleBroken("too_soon", _why_not(invitation))


def resend_many(by: Membership, invitations: QuerySet[Invitation]) -> Resent:
    """Sends those of the pending invitations again that `resend` would, in small transactions."""
    check_may_invite(by)
    pending = invitations.filter(not_being_undone(), organization=by.organization, state=Invitation.State.PENDING)
    grants = Grant.objects.filter(pk__in=pending.order_by().values("grant_id")).prefetch_related("roles", "sites")
    reach = Reach(by)
    within = [grant.pk for grant in grants if reach.holds(choice_of(grant))]
    total = pending.count()
    ids = list(pending.filter(_due_again(timezone.now()), grant__in=within).order_by("pk").values_list("pk", flat=True))
    sent = sum(_renew(by, ids[start : start + CHUNK], grants=within) for start in range(0, len(ids), CHUNK))
    return Resent(sent=sent, left=total - sent)


def revoke(by: Membership, invitation: Invitation) -> None:
    """Takes the invitation back: its link stops working. Raises RuleBroken: "not_allowed", "not_pending"."""
    check_may_invite(by)
    if not _revoke(pending_of(by.organization, invitation)):
        raise not_pending(invitation)


def revoke_many(by: Membership, invitations: QuerySet[Invitation]) -> int:
    """Takes back those of the invitations that are pending, in small transactions; how many there were."""
    check_may_invite(by)
    pending = invitations.filter(not_being_undone(), organization=by.organization, state=Invitation.State.PENDING)
    ids = list(pending.order_by("pk").values_list("pk", flat=True))
    return sum(_revoke_some(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK))


def _revoke_some(ids: list[int]) -> int:
    """At once those that nobody is at. The others one by one, with nothing in hand that whoever is at them may want."""
    pending = Invitation.objects.filter(state=Invitation.State.PENDING)
    with transaction.atomic():
        free = set(pending.filter(pk__in=ids).select_for_update(skip_locked=True).values_list("pk", flat=True))
        count = _revoke(pending.filter(pk__in=free))
    return count + sum(_revoke(pending.filter(pk=pk)) for pk in ids if pk not in free)


def _revoke(invitations: QuerySet[Invitation]) -> int:
    return invitations.update(state=Invitation.State.REVOKED, answered_at=timezone.now(), mail_due_at=None)


def _due_again(now: datetime) -> Q:
    """True of an invitation whose last mail is out, some time ago, and that was not sent too often.

    Neither may its address have had enough mail today, from whomever.
    """
    out = Q(mail_state__in=(Invitation.Mail.SENT, Invitation.Mail.FAILED, Invitation.Mail.BOUNCED))
    rested = Q(mailed_at=None) | Q(mailed_at__lte=now - timedelta(seconds=settings.RESEND_PAUSE))
    return out & rested & Q(times_resent__lt=settings.RESEND_LIMIT) & ~Q(had_enough_mail())


@transaction.atomic
def _renew(by: Membership, ids: list[int], *, grants: Collection[int]) -> int:
    """Gives each a new link and makes its mail due; how many. Of two at once one finds the others locked, then not due.

    `grants` are those that `by` may give: who was given another one meanwhile is left to whoever did that.
    Somebody waits for the page, and it may be tens of thousands: Django's own updates would take ten times as long.
    """
    now = timezone.now()
    due = Invitation.objects.filter(
        _due_again(now), not_being_undone(), pk__in=ids, grant__in=grants, state=Invitation.State.PENDING
    )
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
        times_resent=F("times_resent") + 1,
    )
    return len(renewed)


def _why_not(invitation: Invitation) -> str:
    if invitation.times_resent >= settings.RESEND_LIMIT:
        return f"{invitation.email} was sent this invitation {invitation.times_resent + 1} times, which is enough."
    if invitation.mail_state in (Invitation.Mail.QUEUED, Invitation.Mail.SENDING):
        return f"The invitation of {invitation.email} is on its way already."
    if Invitation.objects.filter(had_enough_mail(), pk=invitation.pk).exists():
        return f"{invitation.email} {enough_mail()} Try again tomorrow."
    return f"{invitation.email} was sent this invitation a moment ago. Wait a minute before you send it again."

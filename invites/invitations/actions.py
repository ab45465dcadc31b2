"""Resend and revoke open invitations, one or many."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import about_users, record
from accounts.errors import DomainError
from accounts.models import Membership
from invites.invitations.activity import about_invitation
from invites.invitations.authorization import (
    CANNOT_RESEND,
    CANNOT_REVOKE,
    check_can_manage,
    check_may_invite,
    manageable_grants,
)
from invites.invitations.blocking import blocked_among, check_not_blocked, is_blocked
from invites.invitations.invite import check_not_member, not_pending, pending_of
from invites.invitations.links import has_been_sent_too_often, renew_links, sent_too_often_text
from invites.invitations.quotas import (
    check_recipient_quota,
    consume_invitation_quota,
    daily_mail_limit_text,
    has_reached_daily_mail_limit,
)
from invites.invitations.visibility import invitation_is_visible
from invites.models import AccessGrant, FailureReason, Invitation, InvitationQuerySet

CHUNK = 1_000


@dataclass(frozen=True)
class Resent:
    """How many invitations were resent, and how many were skipped: too soon, too often, or beyond the user's access."""

    sent: int
    skipped: int


@dataclass(frozen=True)
class Revoked:
    """How many invitations were revoked, and how many were skipped because they grant more than the user's access.

    `busy` has the ids of those that another transaction has locked.
    """

    count: int
    skipped: int = 0
    busy: tuple[int, ...] = ()


@transaction.atomic
def resend(by: Membership, invitation: Invitation) -> None:
    """Resend the invitation with a new link, which expires later. The old link stops working.

    `by` becomes its inviter. The caller enqueues the task that sends the email. Raises AccessDenied, and DomainError:
    "not_pending", "too_soon".
    """
    check_can_manage(by, invitation.grant, CANNOT_RESEND)
    if not pending_of(by.organization, invitation).exists():
        raise not_pending(invitation)
    if not _resend(by, [invitation.pk], grants=[invitation.grant_id]):
        raise DomainError("too_soon", _reason_not_resent(invitation))
    record(by.organization_id, Action.RESENT, about_invitation(invitation), by=by)


def resend_many(by: Membership, invitations: InvitationQuerySet) -> Resent:
    """Resend those that `resend` would resend, in small transactions.

    Raises AccessDenied. For more than a few thousand see `directory/bulk_actions.py`.
    """
    check_may_invite(by)
    parts = [_resend_and_record(by, ids) for ids in _chunks(pending_ids(by, invitations))]
    return Resent(sent=sum(part.sent for part in parts), skipped=sum(part.skipped for part in parts))


@transaction.atomic
def _resend_and_record(by: Membership, ids: list[int]) -> Resent:
    resent = resend_some(by, ids)
    if resent.sent:
        record(by.organization_id, Action.RESENT_MANY, about_users(resent.sent), by=by)
    return resent


@transaction.atomic
def resend_some(by: Membership, ids: list[int]) -> Resent:
    """Resend those that are open and that `by` may resend, in one transaction."""
    pending = _pending_among(by, ids)
    found = list(pending.values_list("pk", flat=True))
    sent = _resend(by, found, grants=_manageable_grants(by, pending))
    return Resent(sent=sent, skipped=len(found) - sent)


@transaction.atomic
def revoke(by: Membership, invitation: Invitation) -> None:
    """Revoke the invitation. Its link stops working.

    Raises AccessDenied, and DomainError: "not_pending".
    """
    check_may_invite(by)
    # Locked, because its roles may be changing right now.
    held = pending_of(by.organization, invitation).select_for_update(no_key=True).first()
    if held is None:
        raise not_pending(invitation)
    check_can_manage(by, held.grant, CANNOT_REVOKE)
    pending_of(by.organization, invitation).close(Invitation.State.REVOKED)
    record(by.organization_id, Action.REVOKED, about_invitation(held), by=by)


@transaction.atomic
def invite_again(by: Membership, invitation: Invitation) -> None:
    """Open a declined invitation again, with a new link, and resend it. `by` becomes its inviter.

    Only for an admin who has seen that the invitee declined. The caller enqueues the task that sends the email.
    Raises AccessDenied, and DomainError: "not_declined", "already_member", "address_blocked", "too_often" or
    "over_quota".
    """
    check_can_manage(by, invitation.grant, CANNOT_RESEND)
    organization, held = by.organization, _lock_declined(by, invitation)
    check_can_manage(by, held.grant, CANNOT_RESEND)
    check_not_member(organization, held.email_key, held.email)
    check_not_blocked(held.email_key)
    if has_been_sent_too_often(held):
        raise DomainError("too_often", sent_too_often_text(held))
    check_recipient_quota(organization, held.email_key, held.email)
    held.state, held.answered_at = Invitation.State.PENDING, None
    held.save(update_fields=["state", "answered_at"])
    renew_links([held.pk], by=by.user, now=timezone.now())
    record(organization.pk, Action.INVITED_AGAIN, about_invitation(held), by=by)
    # Last, as for other invitations. Another order could deadlock.
    consume_invitation_quota(organization, by.user, 1)


@transaction.atomic
def unlist(by: Membership, invitation: Invitation) -> None:
    """Remove a declined invitation from the list. Imports still skip its address.

    Raises AccessDenied, and DomainError("not_declined").
    """
    check_can_manage(by, invitation.grant, CANNOT_REVOKE)
    held = _lock_declined(by, invitation)
    check_can_manage(by, held.grant, CANNOT_REVOKE)
    held.is_unlisted = True
    held.save(update_fields=["is_unlisted"])
    record(by.organization_id, Action.UNLISTED, about_invitation(held), by=by)


def _lock_declined(by: Membership, invitation: Invitation) -> Invitation:
    declined = by.organization.invitations.declined().filter(pk=invitation.pk, is_unlisted=False)
    held = declined.select_for_update(no_key=True).first()
    if held is None:
        message = _("The invitation to {email} is no longer declined.").format(email=invitation.email)
        raise DomainError("not_declined", message)
    return held


def revoke_many(by: Membership, invitations: InvitationQuerySet) -> Revoked:
    """Revoke those that `revoke` would revoke, in small transactions.

    Raises AccessDenied. For more than a few thousand see `directory/bulk_actions.py`.
    """
    check_may_invite(by)
    count = skipped = 0
    for ids in _chunks(pending_ids(by, invitations)):
        revoked = _revoke_and_record(by, ids)
        # One at a time, so that this holds no lock that the other transaction may wait for.
        count += revoked.count + sum(_revoke_busy(by, pk) for pk in revoked.busy)
        skipped += revoked.skipped
    return Revoked(count, skipped)


@transaction.atomic
def _revoke_and_record(by: Membership, ids: list[int]) -> Revoked:
    revoked = revoke_some(by, ids)
    if revoked.count:
        record(by.organization_id, Action.REVOKED_MANY, about_users(revoked.count), by=by)
    return revoked


@transaction.atomic
def _revoke_busy(by: Membership, pk: int) -> int:
    """Wait for the transaction that has locked it. Returns how many were revoked: 1, or 0 if it is no longer open."""
    pending = _pending_among(by, [pk])
    count = pending.filter(grant__in=_manageable_grants(by, pending)).close(Invitation.State.REVOKED)
    if count:
        record(by.organization_id, Action.REVOKED_MANY, about_users(count), by=by)
    return count


@transaction.atomic
def revoke_some(by: Membership, ids: list[int]) -> Revoked:
    """Revoke those that are open and that `by` may revoke, except those that another transaction has locked."""
    pending = _pending_among(by, ids)
    total = pending.count()
    within = pending.filter(grant__in=_manageable_grants(by, pending))
    skipped = total - within.count()
    free = set(within.select_for_update(skip_locked=True).values_list("pk", flat=True))
    count = within.filter(pk__in=free).close(Invitation.State.REVOKED)
    return Revoked(count, skipped, busy=tuple(within.order_by("pk").values_list("pk", flat=True)))


def pending_ids(by: Membership, invitations: InvitationQuerySet) -> list[int]:
    """The sorted ids of those that are open and that `by` may see."""
    return list(_pending(by, invitations).order_by("pk").values_list("pk", flat=True))


def _pending_among(by: Membership, ids: list[int]) -> InvitationQuerySet:
    return _pending(by, Invitation.objects.filter(pk__in=ids))


def _pending(by: Membership, invitations: InvitationQuerySet) -> InvitationQuerySet:
    """Without those that `by` may not see: they are neither changed nor counted."""
    return invitations.open().filter(invitation_is_visible(by), organization=by.organization)


def _manageable_grants(by: Membership, invitations: InvitationQuerySet) -> list[int]:
    """The ids of those grants of the invitations that `by` could grant."""
    return manageable_grants(by, AccessGrant.objects.filter(pk__in=invitations.values("grant_id")))


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _may_be_resent(now: datetime) -> Q:
    """A condition: the last email was sent some time ago, no limit is reached, and the address accepts invitations."""
    is_sent = ~Q(mail_state__in=Invitation.UNSENT)
    is_old = Q(mailed_at=None) | Q(mailed_at__lte=now - timedelta(seconds=settings.RESEND_PAUSE))
    return (
        is_sent
        & is_old
        & Q(times_resent__lt=settings.RESEND_LIMIT)
        & ~Q(has_reached_daily_mail_limit())
        & ~Q(is_blocked())
    )


@transaction.atomic
def _resend(by: Membership, ids: list[int], *, grants: Collection[int]) -> int:
    """Give each a new link, and put its email into the outbox. Returns how many.

    `grants` are those that `by` may grant. Invitations that got another grant in the meantime are skipped.
    """
    now = timezone.now()
    due = Invitation.objects.open().filter(_may_be_resent(now), pk__in=ids, grant__in=grants)
    ids_to_resend = list(due.select_for_update().order_by("pk").values_list("pk", flat=True))
    renew_links(ids_to_resend, by=by.user, now=now)
    return len(ids_to_resend)


def _reason_not_resent(invitation: Invitation) -> str:
    email = invitation.email
    if blocked_among([invitation.email_key]):
        return str(FailureReason.ADDRESS_BLOCKED.label)
    if has_been_sent_too_often(invitation):
        return sent_too_often_text(invitation)
    if invitation.mail_state in Invitation.UNSENT:
        return _("The invitation to {email} is already being sent.").format(email=email)
    if Invitation.objects.filter(has_reached_daily_mail_limit(), pk=invitation.pk).exists():
        return daily_mail_limit_text(email)
    return _("The invitation to {email} was just sent. Wait a minute before you resend it.").format(email=email)

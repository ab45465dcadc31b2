"""Resend and revoke an open invitation. For many see directory/bulk/."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership
from invites.invitations.activity import about_invitation
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import (
    CANNOT_RESEND,
    CANNOT_REVOKE,
    check_can_manage,
    check_may_invite,
    lock_offered,
)
from invites.invitations.blocking import blocked_among, check_not_blocked, is_blocked
from invites.invitations.links import has_been_sent_too_often, renew_links, sent_too_often_text
from invites.invitations.may_be_invited import check_not_member
from invites.invitations.pending import not_pending, pending_of
from invites.invitations.quotas import (
    check_recipient_quota,
    consume_invitation_quota,
    daily_mail_limit_text,
    has_reached_daily_mail_limit,
)
from invites.models import FailureReason, Invitation, Outcome

_ACCESS_DELETED = gettext_lazy(
    "The roles or the sites of this invitation were deleted. Choose Invite users, and select new ones."
)


@transaction.atomic
def resend(by: Membership, invitation: Invitation) -> None:
    """Resend the invitation with a new link, which expires later. The old link stops working.

    `by` becomes its inviter. The caller enqueues the task that sends the email. Raises AccessDenied, and DomainError:
    "not_pending", "too_soon".
    """
    check_can_manage(by, invitation.grant, CANNOT_RESEND)
    if not pending_of(by.organization, invitation).exists():
        raise not_pending(invitation)
    now = timezone.now()
    # With its grant, which may have changed since it was checked.
    due = Invitation.objects.open().alias(hurdle=resend_hurdle(now)).filter(hurdle="", grant=invitation.grant_id)
    if not due.select_for_update().filter(pk=invitation.pk):
        raise DomainError("too_soon", _reason_not_resent(invitation))
    renew_links([invitation.pk], by=by.user, now=now)
    record(by.organization_id, Action.RESENT, about_invitation(invitation), by=by)


@transaction.atomic
def revoke(by: Membership, invitation: Invitation) -> None:
    """Revoke the invitation. Its link stops working.

    Raises AccessDenied, and DomainError: "not_pending".
    """
    check_may_invite(by)
    # Locked, because its roles may be changing right now.
    held = only_one(pending_of(by.organization, invitation).select_for_update(no_key=True))
    if held is None:
        raise not_pending(invitation)
    check_can_manage(by, held.grant, CANNOT_REVOKE)
    pending_of(by.organization, invitation).close(Invitation.State.REVOKED)
    record(by.organization_id, Action.REVOKED, about_invitation(held), by=by)


@transaction.atomic
def invite_again(by: Membership, invitation: Invitation) -> None:
    """Open a declined invitation again, with a new link, and resend it. `by` becomes its inviter.

    Only for an admin who has seen that the invitee declined. The caller enqueues the task that sends the email.
    Raises AccessDenied, and DomainError: "not_declined", "gone", "moved_on", "domain_not_allowed", "already_member",
    "already_deactivated", "address_blocked", "too_often" or "over_quota".
    """
    check_can_manage(by, invitation.grant, CANNOT_RESEND)
    # Roles and sites are always locked first. Another order could deadlock. The grant of a declined invitation stays.
    lock_offered(invitation.grant, _ACCESS_DELETED)
    organization, held = by.organization, _lock_declined(by, invitation)
    check_can_manage(by, held.grant, CANNOT_RESEND)
    if held.batch is not None and held.batch.is_being_undone:
        raise DomainError("moved_on", _("The import that invited this person is being undone. Wait until that’s done."))
    if allowed_domains(organization).error(held.email_key):
        raise DomainError("domain_not_allowed", str(FailureReason.DOMAIN_NOT_ALLOWED.label))
    check_not_member(organization, held.email_key, held.email)
    check_not_blocked(held.email_key)
    if has_been_sent_too_often(held):
        raise DomainError("too_often", sent_too_often_text(held))
    check_recipient_quota(organization, held.email_key, held.email)
    held.state, held.closed_at = Invitation.State.PENDING, None
    held.save(update_fields=["state", "closed_at"])
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
    declined = by.organization.invitations.declined_on_list().filter(pk=invitation.pk)
    held = only_one(declined.select_for_update(no_key=True))
    if held is None:
        raise not_declined(invitation)
    return held


def not_declined(invitation: Invitation) -> DomainError:
    """The error if a declined invitation was opened again in the meantime, or removed from the list."""
    message = _("The invitation to {email} is no longer listed as declined, so nothing was changed.")
    return DomainError("not_declined", message.format(email=invitation.email))


def resend_hurdle(now: datetime) -> Case:
    """Why an invitation can't be resent now, as an expression: an `Outcome`, or empty if it can.

    The last email must have been sent some time ago, no limit may be reached, and the address must accept invitations.
    """
    too_soon = Q(mail_finished_at__gt=now - timedelta(seconds=settings.RESEND_PAUSE))
    return Case(
        When(mail_state=Invitation.Mail.SCHEDULED, then=Value(Outcome.SCHEDULED.value)),
        When(is_blocked(), then=Value(Outcome.BLOCKED.value)),
        When(times_resent__gte=settings.RESEND_LIMIT, then=Value(Outcome.TOO_OFTEN.value)),
        When(mail_state__in=Invitation.UNSENT, then=Value(Outcome.SENDING.value)),
        When(has_reached_daily_mail_limit(), then=Value(Outcome.DAILY_LIMIT.value)),
        When(too_soon, then=Value(Outcome.TOO_SOON.value)),
        default=Value(""),
        output_field=CharField(),
    )


def _reason_not_resent(invitation: Invitation) -> str:
    email = invitation.email
    if invitation.is_scheduled:
        return _("The invitation to {email} will be sent later. To send it now, choose Send now.").format(email=email)
    if blocked_among([invitation.email_key]):
        return str(FailureReason.ADDRESS_BLOCKED.label)
    if has_been_sent_too_often(invitation):
        return sent_too_often_text(invitation)
    if invitation.mail_state in Invitation.UNSENT:
        return _("The invitation to {email} is already being sent.").format(email=email)
    if Invitation.objects.filter(has_reached_daily_mail_limit(), pk=invitation.pk).exists():
        return daily_mail_limit_text(email)
    return _("The invitation to {email} was just sent. Wait a minute before you resend it.").format(email=email)

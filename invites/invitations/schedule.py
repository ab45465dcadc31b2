"""Send an invitation later: change its time, send it now, and start it when its time has come.

A scheduled invitation is a pending one whose email has the state `scheduled`. Workers look for due ones every few
seconds: a task of the queue with a date weeks ahead could get lost, and couldn't be changed. Canceling is revoking it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import Change, record
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership
from invites.invitations.activity import about_invitation
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import CANNOT_EDIT, check_can_manage, check_still_allowed
from invites.invitations.blocking import check_not_blocked
from invites.invitations.links import expiry_from
from invites.invitations.may_be_invited import check_not_declined, check_not_member
from invites.invitations.quotas import check_recipient_quota, consume_invitation_quota, fits_into_a_day, next_day
from invites.invitations.send_time import check_send_time
from invites.models import FailureReason, Invitation
from invites.unexpected_errors import log_unexpected

# In one run of the recovery task.
MOST_STARTED = 200
# What an admin reads if the invitation can't be sent at its time, by the code of the broken rule.
_REASONS = {
    "over_quota": FailureReason.OVER_QUOTA,
    "declined": FailureReason.ALREADY_DECLINED,
    "address_blocked": FailureReason.ADDRESS_BLOCKED,
}


@transaction.atomic
def reschedule(by: Membership, invitation: Invitation, send_at: datetime) -> None:
    """Send the invitation at another time. Raises AccessDenied, and DomainError: "not_scheduled", "past", "too_far"."""
    check_send_time(by.organization, send_at)
    held = _lock(by, invitation)
    if held.mail_due_at is None:
        raise not_scheduled(invitation)
    change = Change(before={"send_at": held.mail_due_at.isoformat()}, after={"send_at": send_at.isoformat()})
    held.mail_due_at = send_at
    held.save(update_fields=["mail_due_at"])
    record(by.organization_id, Action.RESCHEDULED, about_invitation(held), by=by, change=change)


@transaction.atomic
def send_now(by: Membership, invitation: Invitation) -> None:
    """Send a scheduled invitation now, also one of an import. `by` becomes its inviter.

    Everything is checked again. The caller enqueues the task that sends it. Raises AccessDenied, and DomainError:
    "not_scheduled", and for what has changed since it was scheduled the codes of `invite_person`.
    """
    held = _lock(by, invitation)
    held.inviter = by.user
    _check(held)
    record(by.organization_id, Action.SENT_NOW, about_invitation(held), by=by)
    _queue(held)


def find_due() -> list[int]:
    """The ids of invitations whose time has come. Those of imports are started together: see imports/schedule.py.

    Those of suspended organizations wait.
    """
    due = Invitation.objects.scheduled().filter(mail_due_at__lte=timezone.now()).of_active_organizations()
    return list(due.order_by("mail_due_at", "pk").values_list("pk", flat=True)[:MOST_STARTED])


def start_due() -> set[int]:
    """Put the due invitations into the outbox, after checking everything again.

    One that can't be sent anymore counts as not delivered, and its page says why. If only today's quota is used up, it
    waits for the next day. Returns the ids of the organizations whose outbox has something new.
    """
    organizations = set()
    for pk in find_due():
        try:
            organizations |= _start(pk)
        except Exception as error:
            # It may be the fault of this one, and the others shouldn't have to wait for it.
            log_unexpected("scheduled_invitation_failed", error, invitation=pk)
    return organizations


@transaction.atomic
def _start(pk: int) -> set[int]:
    # Asked again under the lock: an admin may have changed its time or revoked it just now.
    due = Invitation.objects.scheduled().filter(pk=pk, mail_due_at__lte=timezone.now())
    held = only_one(due.select_for_update(no_key=True, of=("self",)).select_related("organization", "grant"))
    if held is None:
        return set()
    try:
        with transaction.atomic():
            _check(held)
    except DomainError as broken:
        if broken.code == "over_quota" and fits_into_a_day(1):
            _wait_for_quota(held)
        else:
            _fail(held, broken.code)
        return set()
    _queue(held)
    return {held.organization_id}


def _check(held: Invitation) -> None:
    """Check a locked invitation as if it were invited now. Raises DomainError."""
    organization = held.organization
    check_still_allowed(held.inviter_id, organization, held.grant)
    if allowed_domains(organization).error(held.email_key):
        raise DomainError(FailureReason.DOMAIN_NOT_ALLOWED, str(FailureReason.DOMAIN_NOT_ALLOWED.label))
    check_not_member(organization, held.email_key, held.email)
    check_not_declined(organization, held.email_key, held.email)
    check_not_blocked(held.email_key)
    check_recipient_quota(organization, held.email_key, held.email)
    # It was counted on the day when it was scheduled. Each day has its own quota.
    if held.created_at.astimezone(UTC).date() != datetime.now(UTC).date():
        consume_invitation_quota(organization, held.inviter, 1)


def _queue(held: Invitation) -> None:
    now = timezone.now()
    Invitation.objects.filter(pk=held.pk).update(
        inviter=held.inviter, mail_state=Invitation.Mail.QUEUED, mail_due_at=now, expires_at=expiry_from(now)
    )


def _wait_for_quota(held: Invitation) -> None:
    assert held.mail_due_at is not None
    send_at = next_day()
    change = Change(before={"send_at": held.mail_due_at.isoformat()}, after={"send_at": send_at.isoformat()})
    Invitation.objects.filter(pk=held.pk).update(mail_due_at=send_at)
    record(held.organization_id, Action.RESCHEDULED, about_invitation(held), by=None, change=change)


def _fail(held: Invitation, code: str) -> None:
    invitations = Invitation.objects.filter(pk=held.pk)
    if code in ("already_member", "already_deactivated"):
        invitations.close(Invitation.State.REVOKED)
        record(held.organization_id, Action.REVOKED, about_invitation(held), by=None)
        return
    invitations.update(
        mail_state=Invitation.Mail.FAILED,
        mail_detail=_REASONS.get(code, code),
        mail_due_at=None,
        expires_at=expiry_from(timezone.now()),
    )


def _lock(by: Membership, invitation: Invitation) -> Invitation:
    check_can_manage(by, invitation.grant, CANNOT_EDIT)
    scheduled = by.organization.invitations.scheduled().open().filter(pk=invitation.pk)
    held = only_one(scheduled.select_for_update(no_key=True, of=("self",)).select_related("organization", "grant"))
    if held is None:
        raise not_scheduled(invitation)
    # Checked again while it is locked, because it may have changed since the page was shown.
    check_can_manage(by, held.grant, CANNOT_EDIT)
    return held


def not_scheduled(invitation: Invitation) -> DomainError:
    message = _("The invitation to {email} isn’t scheduled anymore. Reload the page.")
    return DomainError("not_scheduled", message.format(email=invitation.email))

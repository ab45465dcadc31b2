"""Sends the invitations that no batch sends: those of single people, and those sent again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from invites.models import Invitation
from invites.services.lapsed import Offer, lapsed_among
from invites.services.mailing import send_invitations
from invites.services.parcels import TO_SEND

SLICE = 50
LEASE = timedelta(minutes=10)
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=15)
MAX_ATTEMPTS = 60
GIVEN_UP = "The mail server could not be reached, or stayed busy."


def unsent_single_invitations(now: datetime | None = None) -> QuerySet[Invitation]:
    """The invitations whose mail is due now and that nobody holds, longest due first."""
    return Invitation.objects.filter(
        state=Invitation.State.PENDING, mail_state__in=TO_SEND, mail_due_at__lte=now or timezone.now()
    ).order_by("mail_due_at", "pk")


def organizations_with_due_mail() -> list[int]:
    """Ids of the organizations for which `send_due_invitations` has work, for the sweep."""
    return list(unsent_single_invitations().order_by().values_list("organization_id", flat=True).distinct())


def send_due_invitations(organization_id: int) -> timedelta | None:
    """Sends up to 50 mails of the organization that are due; after how long more may be due, None for nothing more.

    They are claimed first, by moving on when they are due: whoever dies with them leaves them to be
    found again when the lease has run out. Temporary trouble moves them on with growing pauses, and what the pace
    kept back to when it may go.
    """
    claimed = {invitation.pk: invitation for invitation in _claim(organization_id)}
    if not claimed:
        return None
    _fail_lapsed(claimed)
    run = send_invitations(list(claimed))
    Invitation.objects.filter(pk__in=run.put_off, mail_state=Invitation.Mail.QUEUED).update(
        mail_state=Invitation.Mail.SENDING
    )
    _put_off(claimed[pk] for pk in (*run.put_off, *run.deferred))
    opens_in = timedelta(seconds=run.opens_in or 0)
    _keep_back((claimed[pk] for pk in (*run.too_fast, *run.left_alone)), opens_in)
    if run.too_fast:
        return opens_in
    return timedelta(0) if len(claimed) == SLICE and not run.trouble else None


@transaction.atomic
def _claim(organization_id: int) -> list[Invitation]:
    now = timezone.now()
    due = unsent_single_invitations(now).filter(organization_id=organization_id)
    found = list(due.select_for_update(skip_locked=True)[:SLICE])
    Invitation.objects.filter(pk__in=[invitation.pk for invitation in found]).update(
        mail_due_at=now + LEASE, mail_attempts=F("mail_attempts") + 1
    )
    return found


def _fail_lapsed(claimed: dict[int, Invitation]) -> None:
    """Links that would not work are not mailed: the list says why, and somebody else can send them again."""
    offers = {pk: Offer(invitation.grant_id, invitation.inviter_id) for pk, invitation in claimed.items()}
    for offer, reason in lapsed_among(offers.values()).items():
        ids = [pk for pk, each in offers.items() if each == offer]
        hashes = [claimed.pop(pk).token_hash for pk in ids]
        Invitation.objects.filter(token_hash__in=hashes, mail_state__in=TO_SEND).update(
            mail_state=Invitation.Mail.FAILED, mail_detail=reason, mail_due_at=None
        )


def _put_off(invitations: Iterable[Invitation]) -> None:
    now = timezone.now()
    for invitation in invitations:
        unsent = Invitation.objects.filter(token_hash=invitation.token_hash, mail_state__in=TO_SEND)
        if invitation.mail_attempts + 1 >= MAX_ATTEMPTS:
            unsent.update(mail_state=Invitation.Mail.FAILED, mail_detail=GIVEN_UP, mailed_at=now, mail_due_at=None)
        else:
            pause = min(FIRST_PAUSE * 2 ** min(invitation.mail_attempts, 10), LONGEST_PAUSE)
            unsent.update(mail_due_at=now + pause)


def _keep_back(invitations: Iterable[Invitation], opens_in: timedelta) -> None:
    """Nobody has refused these, so that it counts as no attempt."""
    for invitation in invitations:
        unsent = Invitation.objects.filter(token_hash=invitation.token_hash, mail_state__in=TO_SEND)
        unsent.update(mail_due_at=timezone.now() + opens_in, mail_attempts=F("mail_attempts") - 1)

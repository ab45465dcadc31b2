"""Sends the invitations that no batch sends: those of single people, and those sent again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from invites.models import Invitation
from invites.queries.undoing import not_being_undone
from invites.services.lapsed import Offer, lapsed_among
from invites.services.mailing import MailRun, Turn, send_invitations
from invites.services.parcels import TO_SEND
from invites.services.pauses import GIVEN_UP, pause_after
from invites.services.shifts import Shift, take_shift, without_shift

SLICE = 50
MAX_ATTEMPTS = 60


def unsent_single_invitations(now: datetime | None = None) -> QuerySet[Invitation]:
    """The invitations whose mail is due now and that nobody holds, longest due first."""
    due = Q(state=Invitation.State.PENDING, mail_state__in=TO_SEND, mail_due_at__lte=now or timezone.now())
    return Invitation.objects.filter(due, not_being_undone()).order_by("mail_due_at", "pk")


def organizations_with_due_mail() -> list[int]:
    """Ids of the organizations for which `send_due_invitations` has work that nobody is at, for the sweep."""
    due = unsent_single_invitations().order_by().values_list("organization_id", flat=True)
    return without_shift(due.distinct())


class More(NamedTuple):
    """There is more to send, after the wait. Whoever goes on brings what was `handed_over`."""

    wait: timedelta
    handed_over: float | None


def send_due_invitations(organization_id: int, handed_over: float | None = None) -> More | None:
    """Sends up to 50 mails of the organization that are due, for one turn; None when it need not be called again.

    Nothing is done while another worker is at it. Whoever dies leaves its mails due, for the sweep to find. Temporary
    trouble moves them on with growing pauses, and what the pace kept back to when it may go.
    """
    shift = take_shift(organization_id, handed_over)
    if shift is None:
        return None
    run = _send({invitation.pk: invitation for invitation in _due(organization_id)[:SLICE]}, shift)
    wait = timedelta(seconds=run.opens_in or 0) if run.too_fast else timedelta(0)
    if not run.gave_up and _due(organization_id, wait=wait).exists():
        following = shift.hand_over(wait=wait)
        return More(wait, following) if following is not None else None
    shift.end()
    # Who invited somebody at this moment found a worker at it, and relies on that.
    return More(wait, None) if not run.gave_up and _due(organization_id).exists() else None


def _due(organization_id: int, *, wait: timedelta = timedelta(0)) -> QuerySet[Invitation]:
    return unsent_single_invitations(timezone.now() + wait).filter(organization_id=organization_id)


def _send(due: dict[int, Invitation], shift: Shift) -> MailRun:
    _fail_lapsed(due)
    run = send_invitations(list(due), turn=Turn(shift.keep))
    Invitation.objects.filter(pk__in=run.put_off, mail_state=Invitation.Mail.QUEUED).update(
        mail_state=Invitation.Mail.SENDING
    )
    # Where the server was of no use to anybody, the others need not ask it now.
    _put_off(due[pk] for pk in (*run.put_off, *(run.deferred if run.gave_up else ())))
    kept_back = [due[pk].token_hash for pk in (*run.too_fast, *run.left_alone)]
    Invitation.objects.filter(token_hash__in=kept_back, mail_state__in=TO_SEND).update(
        mail_due_at=timezone.now() + timedelta(seconds=run.opens_in or 0)
    )
    return run


def _fail_lapsed(due: dict[int, Invitation]) -> None:
    """Links that would not work are not mailed: the list says why, and somebody else can send them again."""
    offers = {pk: Offer(invitation.grant_id, invitation.inviter_id) for pk, invitation in due.items()}
    for offer, reason in lapsed_among(offers.values()).items():
        ids = [pk for pk, each in offers.items() if each == offer]
        hashes = [due.pop(pk).token_hash for pk in ids]
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
            unsent.update(mail_due_at=now + pause_after(invitation.mail_attempts), mail_attempts=F("mail_attempts") + 1)

"""Invite one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.models import Membership
from accounts.organizations.access_changes import granted
from accounts.organizations.grants import AccessSelection
from invites.checking import Cells, check_cells
from invites.invitations.activity import about_invitation
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import (
    check_may_invite,
    create_grant,
)
from invites.invitations.blocking import check_not_blocked
from invites.invitations.late_rows import join_import, lock_late_row
from invites.invitations.links import (
    NOT_BEFORE_SENT,
    expiry_from,
)
from invites.invitations.may_be_invited import (
    already_invited,
    check_not_declined,
    check_not_invited,
    check_not_member,
    make_room,
)
from invites.invitations.messages import written_by
from invites.invitations.quotas import check_recipient_quota, consume_invitation_quota
from invites.invitations.send_time import check_send_time
from invites.invitations.tokens import derive_token, hash_token, new_seed
from invites.models import Invitation, Row
from invites.problems import explain


def invite_person(
    by: Membership,
    send_at: datetime | None = None,
    row: Row | None = None,
    despite_decline: bool = False,
    /,
    *,
    selection: AccessSelection,
    message: str = "",
    **cells: str,
) -> Invitation:
    """Create an invitation and put its email into the outbox. The caller enqueues the task that sends it.

    With `send_at`, it is sent at that time, and everything is checked again: see schedule.py.

    The cells are checked like those of a file. An earlier invitation for the address is replaced if it expired, was not
    delivered, or belongs to an import that is being undone, and if `by` could grant it. If `by` knows that the invitee
    declined it (`despite_decline`), it is replaced, too.

    With the `row` of an import that has ended, which wasn't invited, the person joins the import. `message` replaces
    that of the import, even if it is empty.

    Raises AccessDenied, and DomainError: "bad_cell", "bad_message", "already_member", "already_deactivated",
    "already_invited", "declined", "address_blocked", "over_quota", "past", "too_far", and with a row "moved_on".
    """
    check_may_invite(by)
    if send_at is not None:
        check_send_time(by.organization, send_at)
    written = written_by(by, message)
    if row is not None:
        written["message_by"] = by.user
    person = check_cells(Cells(**cells), row=1, line=1, allowed=allowed_domains(by.organization))
    if person.problems:
        raise DomainError("bad_cell", explain(person.problems[0]))
    organization, email = by.organization, person.values.email
    now = timezone.now()
    try:
        with transaction.atomic():
            # Locks are always taken in this order. Another one could deadlock.
            if row is not None:
                lock_late_row(by, row)
            grant = create_grant(by, selection)
            make_room(by, person.email_key, despite_decline=despite_decline)
            check_not_invited(by, person.email_key, email)
            # After the previous check: once an invitation is no longer open, its invitee is a member or has declined.
            check_not_member(organization, person.email_key, email)
            check_not_declined(organization, person.email_key, email)
            check_not_blocked(person.email_key)
            check_recipient_quota(organization, person.email_key, email)
            seed = new_seed()
            invitation = Invitation.objects.create(
                organization=organization,
                grant=grant,
                inviter=by.user,
                email_key=person.email_key,
                **person.values._asdict(),
                **written,
                token_seed=seed,
                token_hash=hash_token(derive_token(seed)),
                created_at=now,
                expires_at=NOT_BEFORE_SENT if send_at else expiry_from(now),
                mail_state=Invitation.Mail.SCHEDULED if send_at else Invitation.Mail.QUEUED,
                mail_due_at=send_at or now,
                row=row,
                batch=row.batch if row else None,
            )
            if row is not None:
                join_import(row, invitation)
            change = granted(selection)
            if send_at is not None:
                change = replace(change, after={**change.after, "send_at": send_at.isoformat()})
            record(organization.pk, Action.INVITED, about_invitation(invitation), by=by, change=change)
            # Last, as for imports. Another order could deadlock.
            consume_invitation_quota(organization, by.user, 1)
            return invitation
    except IntegrityError as error:
        # Two admins invited the same person at the same time. The constraint allows one of them.
        raise already_invited(by, email) from error

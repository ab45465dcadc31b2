"""Invite one person, and change the roles and sites of an open invitation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.models import Membership, Organization, User
from accounts.organizations.access_changes import action_for, change_between, granted
from accounts.organizations.grants import AccessSelection
from invites.checking import ANY_DOMAIN, Cells, check_cells, email_key
from invites.invitations.activity import about_invitation
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import (
    CANNOT_EDIT,
    CANNOT_REPLACE,
    check_can_manage,
    check_may_invite,
    create_grant,
    lock_grantable,
    selection_of,
)
from invites.invitations.blocking import check_not_blocked
from invites.invitations.late_rows import join_import, lock_late_row
from invites.invitations.links import (
    NOT_BEFORE_SENT,
    expiry_from,
    has_been_sent_too_often,
    renew_links,
    sent_too_often_text,
)
from invites.invitations.messages import written_by
from invites.invitations.quotas import check_recipient_quota, consume_invitation_quota
from invites.invitations.send_time import check_send_time
from invites.invitations.tokens import derive_token, hash_token, new_seed
from invites.invitations.visibility import sees_everybody
from invites.models import Invitation, InvitationQuerySet, Row
from invites.problems import explain


def invite_person(
    by: Membership, send_at: datetime | None = None, /, *, selection: AccessSelection, message: str = "", **cells: str
) -> Invitation:
    """Create an invitation and put its email into the outbox. The caller enqueues the task that sends it.

    With `send_at`, it is sent at that time, and everything is checked again: see schedule.py.

    The cells are checked like those of a file. An earlier invitation for the address is replaced if it expired, was not
    delivered, or belongs to an import that is being undone, and if `by` could grant it. Raises AccessDenied, and
    DomainError: "bad_cell", "bad_message", "already_member", "already_deactivated", "already_invited", "declined",
    "address_blocked", "over_quota", "past", "too_far".
    """
    return _invite(by, selection, Cells(**cells), message=message, send_at=send_at)


def invite_despite_decline(
    by: Membership,
    row: Row | None,
    send_at: datetime | None = None,
    /,
    *,
    selection: AccessSelection,
    message: str = "",
    **cells: str,
) -> Invitation:
    """The same for an admin who knows that the invitee declined an earlier invitation, which is replaced.

    `row` is that of an import that has ended, as for `invite_late_row`.
    """
    return _invite(by, selection, Cells(**cells), message=message, row=row, despite_decline=True, send_at=send_at)


def invite_late_row(
    by: Membership,
    row: Row,
    send_at: datetime | None = None,
    /,
    *,
    selection: AccessSelection,
    message: str = "",
    **cells: str,
) -> Invitation:
    """The same for a row whose import has ended, and which wasn't invited: the person joins the import.

    `message` replaces that of the import, even if it is empty.

    Also raises DomainError("moved_on").
    """
    return _invite(by, selection, Cells(**cells), row=row, message=message, send_at=send_at)


def _invite(
    by: Membership,
    selection: AccessSelection,
    cells: Cells,
    *,
    message: str,
    row: Row | None = None,
    despite_decline: bool = False,
    send_at: datetime | None = None,
) -> Invitation:
    check_may_invite(by)
    if send_at is not None:
        check_send_time(by.organization, send_at)
    written = written_by(by, message)
    if row is not None:
        written["message_by"] = by.user
    person = check_cells(cells, row=1, line=1, allowed=allowed_domains(by.organization))
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
            _make_room(by, person.email_key, despite_decline=despite_decline)
            _check_not_invited(by, person.email_key, email)
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
        raise _already_invited(by, email) from error


def change_invitation(
    by: Membership,
    invitation: Invitation,
    selection: AccessSelection,
    *,
    cells: Cells | None = None,
    shown: Cells | None = None,
    message: str | None = None,
) -> bool:
    """Replace the roles and sites of an open invitation, and with `cells` the names, the description and the address.

    `shown` are the cells that `by` has seen. What `by` hasn't changed stays as it is now: somebody else may have
    corrected it meanwhile.

    If the roles or sites have changed, `by` becomes its inviter, and the link in the email keeps working. If the
    address has changed, the link stops working and the invitation is resent to the new address; that counts as one more
    invitation and as one more resend. A scheduled invitation is only changed, and sent at its time; `message` replaces
    its personal message. Returns whether it was resent. Then the caller enqueues the task that sends it.

    Raises AccessDenied when `by` can't grant what the invitation gives now or what was chosen, or couldn't grant an
    earlier invitation for the new address. Raises DomainError: "not_pending", "bad_cell", "bad_message", "sent_already"
    if the message can't be changed anymore, "too_often", and for the new address "already_member",
    "already_deactivated", "already_invited", "declined", "address_blocked", "over_quota".
    """
    check_may_invite(by)
    values: dict[str, str] = {}
    if cells is not None:
        values = _changed_values(by, invitation, cells, shown=shown)
    written = {} if message is None else {**written_by(by, message), "message_by": by.user}
    try:
        with transaction.atomic():
            return _change_locked(by, invitation, selection, values, written)
    except IntegrityError as error:
        # Somebody invited the new address at the same time. The constraint allows one of them.
        raise _already_invited(by, values.get("email", invitation.email)) from error


def _changed_values(by: Membership, invitation: Invitation, cells: Cells, *, shown: Cells | None) -> dict[str, str]:
    """What `by` has entered and not only been shown, by column. Raises DomainError("bad_cell")."""
    person = check_cells(cells, row=1, line=1, allowed=ANY_DOMAIN)
    is_as_shown = shown is not None and cells.email.strip() == shown.email.strip()
    # An address that stays is fine, even if the organization has changed its domains since.
    if not is_as_shown and person.email_key != invitation.email_key:
        person = check_cells(cells, row=1, line=1, allowed=allowed_domains(by.organization))
    if person.problems:
        raise DomainError("bad_cell", explain(person.problems[0]))
    seen = shown._asdict() if shown else {}
    values = {name: value for name, value in person.values._asdict().items() if value != seen.get(name)}
    if is_as_shown:
        # The browser says what was shown, so nothing of it is stored: not even another spelling.
        values.pop("email", None)
    return values


def _change_locked(
    by: Membership,
    invitation: Invitation,
    selection: AccessSelection,
    values: Mapping[str, str],
    written: Mapping[str, str | User | None],
) -> bool:
    # Roles and sites are always locked first. Another order could deadlock.
    lock_grantable(by, selection)
    held = _lock(by, invitation, email_key(values.get("email", invitation.email)))
    # Checked while it is locked, because it may have changed since the page was shown.
    check_can_manage(by, held.grant, CANNOT_EDIT)
    if written and not held.is_scheduled:
        raise DomainError("sent_already", _("The email has been sent in the meantime, so its message can’t change."))
    change = change_between(selection_of(held.grant), selection)
    if action_for(change):
        held.grant, held.inviter = create_grant(by, selection), by.user
        held.save(update_fields=["grant", "inviter"])
    before = {name: getattr(held, name) for name in Cells._fields}
    after = {name: value for name, value in values.items() if value != before[name]}
    if "email" in after:
        _check_correction(by, held, after["email"])
    is_corrected = "email" in after and not held.is_scheduled
    if is_corrected:
        renew_links([held.pk], by=by.user, now=timezone.now())
    if after:
        for name, value in after.items():
            setattr(held, name, value)
        held.email_key = email_key(held.email)
        held.save(update_fields=[*after, "email_key", "person_key"])
    if written:
        # An author without a message: that of the import isn't used either.
        Invitation.objects.filter(pk=held.pk).update(**written)
    if after or written or action_for(change):
        details = {name: before[name] for name in after}
        change = replace(change, before={**change.before, **details}, after={**change.after, **after})
        action = Action.ADDRESS_CORRECTED if is_corrected else Action.INVITATION_CHANGED
        record(by.organization_id, action, about_invitation(held), by=by, change=change)
    if is_corrected:
        # Last, as for imports. Another order could deadlock.
        consume_invitation_quota(by.organization, by.user, 1)
    return is_corrected


def _lock(by: Membership, invitation: Invitation, new_key: str) -> Invitation:
    """Lock the invitation, and one that is pending for the new address, in the order of their ids."""
    pending = by.organization.invitations.filter(state=Invitation.State.PENDING)
    both = pending.filter(Q(pk=invitation.pk) | Q(email_key=new_key)).select_for_update(no_key=True).order_by("pk")
    held = next((each for each in both if each.pk == invitation.pk), None)
    if held is None or not pending_of(by.organization, invitation).exists():
        raise not_pending(invitation)
    return held


def _check_correction(by: Membership, held: Invitation, email: str) -> None:
    """Check that the invitation can be sent to this address instead. Replaces an earlier invitation that is useless."""
    if has_been_sent_too_often(held):
        raise DomainError("too_often", sent_too_often_text(held))
    new_key = email_key(email)
    if new_key != held.email_key:
        _make_room(by, new_key, despite_decline=False)
        _check_not_invited(by, new_key, email)
        check_not_member(by.organization, new_key, email)
        check_not_declined(by.organization, new_key, email)
        check_not_blocked(new_key)
    check_recipient_quota(by.organization, new_key, email)


def pending_of(organization: Organization, invitation: Invitation) -> InvitationQuerySet:
    """A queryset that contains the invitation only while it is open, for conditional updates."""
    return organization.invitations.open().filter(pk=invitation.pk)


def not_pending(invitation: Invitation) -> DomainError:
    """The error if the invitation was accepted or revoked in the meantime."""
    return DomainError(
        "not_pending", _("The invitation to {email} is no longer pending.").format(email=invitation.email)
    )


class AlreadyDeactivatedError(DomainError):
    """The address belongs to `membership`, which is deactivated. Reactivating it doesn't need an invitation."""

    def __init__(self, membership: Membership, email: str) -> None:
        message = _("{email} is deactivated in {organization}. Ask someone who can manage users to reactivate them.")
        super().__init__("already_deactivated", message.format(email=email, organization=membership.organization.name))
        self.membership = membership


def check_not_member(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("already_member"), or AlreadyDeactivatedError."""
    found = organization.memberships.select_related("organization", "user").filter(user__email=email_key).first()
    if found is None:
        return
    if found.deactivated_at is not None:
        raise AlreadyDeactivatedError(found, email)
    raise DomainError(
        "already_member",
        _("{email} is already a member of {organization}.").format(email=email, organization=organization.name),
    )


def _make_room(by: Membership, email_key: str, *, despite_decline: bool) -> None:
    """Replace an earlier invitation that no longer works, if `by` could have granted it."""
    replaceable = by.organization.invitations.replaceable(undelivered=True).for_address(email_key)
    declined = by.organization.invitations.declined().for_address(email_key)
    for found in (replaceable, declined) if despite_decline else (replaceable,):
        for held in found.select_for_update(no_key=True):
            check_can_manage(by, held.grant, CANNOT_REPLACE)
        found.close(Invitation.State.REPLACED)


def _check_not_invited(by: Membership, email_key: str, email: str) -> None:
    if by.organization.invitations.open().for_address(email_key).exists():
        raise _already_invited(by, email)


def check_not_declined(organization: Organization, email_key: str, email: str) -> None:
    """Raises DomainError("declined")."""
    declined = organization.invitations.declined().for_address(email_key).first()
    if declined is not None:
        raise DomainError("declined", declined_text(declined, email))


def declined_text(declined: Invitation, email: str) -> str:
    """ "ann@example.com declined an invitation to Acme on Nov 3.", with the year if it isn't this one."""
    local = timezone.localtime(declined.closed_at)
    when = date_format(local, "MONTH_DAY_FORMAT" if local.year == timezone.localtime().year else "DATE_FORMAT")
    return _("{email} declined an invitation to {organization} on {date}.").format(
        email=email, organization=declined.organization.name, date=when
    )


def _already_invited(by: Membership, email: str) -> DomainError:
    """Every inviter may learn that the address is already invited, but only some may see the list."""
    if sees_everybody(by):
        message = _("{email} is already invited to {organization}. To send another email, choose Resend in the list.")
    else:
        message = _("{email} is already invited to {organization}.")
    return DomainError("already_invited", message.format(email=email, organization=by.organization.name))

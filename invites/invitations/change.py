"""Change an open invitation: its roles and sites, and what it says about the person. See actions.py, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.models import Membership, User
from accounts.organizations.access_changes import action_for, change_between
from accounts.organizations.grants import AccessSelection
from invites.checking import ANY_DOMAIN, Cells, check_cells, email_key
from invites.invitations.activity import about_invitation
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import (
    CANNOT_EDIT,
    check_can_manage,
    check_may_invite,
    create_grant,
    lock_grantable,
    selection_of,
)
from invites.invitations.blocking import check_not_blocked
from invites.invitations.links import (
    has_been_sent_too_often,
    renew_links,
    sent_too_often_text,
)
from invites.invitations.may_be_invited import (
    already_invited,
    check_not_declined,
    check_not_invited,
    check_not_member,
    make_room,
)
from invites.invitations.messages import written_by
from invites.invitations.pending import not_pending, pending_of
from invites.invitations.quotas import check_recipient_quota, consume_invitation_quota
from invites.models import Invitation
from invites.problems import explain


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
        raise already_invited(by, values.get("email", invitation.email)) from error


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
        make_room(by, new_key, despite_decline=False)
        check_not_invited(by, new_key, email)
        check_not_member(by.organization, new_key, email)
        check_not_declined(by.organization, new_key, email)
        check_not_blocked(new_key)
    check_recipient_quota(by.organization, new_key, email)

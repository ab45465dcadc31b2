"""Invite the people whom an import skipped because they declined an earlier invitation: an admin chose to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.models import Membership
from invites.imports.activity import about_import
from invites.imports.bulk_insert import AnyOf, insert_invitations, people_in
from invites.imports.confirm import ACCESS_DELETED
from invites.imports.invite import blocked_among, members_among, without
from invites.invitations.activity import granted_by
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import lock_offered, lock_to_change, manageable_grants, user_powers_of
from invites.invitations.quotas import consume_invitation_quota
from invites.models import AccessGrant, Batch, Invitation, Row

# In one request. It takes less than half a second.
MOST = 1_000


@dataclass(frozen=True)
class InvitedAgain:
    """How many people were invited, and how many of the first thousand weren't.

    They are members or invited by now, don't accept invitations, or declined one that grants more than the user's
    access. `other_domains` more have an address that the organization no longer allows.
    """

    count: int
    skipped: int
    other_domains: int = 0


def declined_rows(batch: Batch) -> QuerySet[Row]:
    """The rows that were skipped because the person had declined, apart from people who were erased since."""
    if batch.state not in Batch.ENDED or batch.undone_at is not None or batch.emptied_at is not None:
        return batch.rows.none()
    rows = batch.rows.filter(outcome=Row.Outcome.SKIPPED, reason=Row.Reason.ALREADY_DECLINED)
    return rows.exclude(email_key="")


def unconfirmed_powers(batch: Batch) -> tuple[str, ...]:
    """What the import's roles allow, if that has to be confirmed: a role may allow more than when the import ran."""
    powers = user_powers_of(batch.grant)
    return () if set(batch.confirmed_powers).issuperset(powers) else powers


@transaction.atomic
def invite_declined(by: Membership, batch: Batch, *, confirmed: Collection[str] = ()) -> InvitedAgain:
    """Invite them with the roles and sites of the import. The caller enqueues the task that sends the emails.

    The declined invitations are replaced. `confirmed` are the `unconfirmed_powers` that `by` has seen. Raises
    AccessDenied, and DomainError: "moved_on", "gone", "changed", "over_quota".
    """
    lock_to_change(by, batch)
    if batch.state not in Batch.ENDED or batch.undone_at is not None:
        raise DomainError("moved_on", _("This import was undone in the meantime."))
    if batch.emptied_at is not None:
        raise DomainError("moved_on", _("The names and addresses of this import have been deleted."))
    lock_offered(batch.grant, ACCESS_DELETED)
    if not set(confirmed).issuperset(unconfirmed_powers(batch)):
        raise DomainError("changed", _("The roles of this import have changed. Review them before you invite anyone."))
    chosen = list(declined_rows(batch).order_by("number").values_list("pk", flat=True)[:MOST])
    rows = batch.rows.filter(AnyOf(F("pk"), set(chosen)))
    people = people_in(rows)
    allowed = allowed_domains(batch.organization)
    others = [person for person in people if allowed.error(person.email_key)]
    possible = without(people, [*members_among(batch, people), *blocked_among(people), *others])
    replaced = _replace_declined(by, batch, {person.email_key for person in possible})
    possible = [person for person in possible if person.email_key in replaced]
    now = timezone.now()
    # The time of a scheduled import that was canceled. These are sent now.
    batch.send_at = None
    insert_invitations(batch, possible, now=now, expires_at=now + timedelta(days=settings.INVITATION_DAYS))
    invited = Invitation.objects.filter(AnyOf(F("row_id"), {person.row_id for person in possible}), batch=batch)
    count = invited.update(inviter=by.user, mail_due_at=now)
    rows.filter(pk__in=invited.values("row_id")).update(outcome=Row.Outcome.INVITED, reason=Row.Reason.NONE)
    batch.outcome_counts = None
    batch.save(update_fields=["outcome_counts"])
    if count:
        subject = about_import(batch, count=count)
        record(batch.organization_id, Action.INVITED_AGAIN, subject, by=by, change=granted_by(batch.grant))
    # Last, as for other invitations. Another order could deadlock.
    consume_invitation_quota(batch.organization, by.user, count)
    return InvitedAgain(count, skipped=len(people) - count - len(others), other_domains=len(others))


def _replace_declined(by: Membership, batch: Batch, keys: set[str]) -> set[str]:
    """Replace the declined invitations to these addresses that `by` could grant. Returns their addresses."""
    declined = Invitation.objects.declined().filter(AnyOf(F("email_key"), keys), organization=batch.organization_id)
    grants = AccessGrant.objects.filter(pk__in=declined.values("grant_id"))
    declined = declined.filter(grant__in=manageable_grants(by, grants))
    # Locked in the order of their ids, to avoid deadlocks.
    found = dict(declined.select_for_update(no_key=True).order_by("pk").values_list("pk", "email_key"))
    Invitation.objects.declined().filter(AnyOf(F("pk"), set(found))).close(Invitation.State.REPLACED)
    return set(found.values())

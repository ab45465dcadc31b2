"""Let the emails of a chunk be sent when the time of its import has come, after checking everyone again.

If the import was stopped before, nobody is emailed: the invitations are revoked, and their rows count as not invited.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.lookups import only_one
from invites.checking import Cells
from invites.imports.bulk_insert import AnyOf, Person
from invites.imports.chunks import ChunkClaim, held
from invites.imports.invite import blocked_among, declined_among, members_among, without
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.links import expiry_from
from invites.invitations.quotas import refund_invitation_quota
from invites.models import Batch, BatchChunk, FailureReason, Invitation, InvitationQuerySet, Row

Outcome, Reason = Row.Outcome, Row.Reason
# How many are revoked in the request of an admin who cancels.
FEW = 2_000


@transaction.atomic
def release_chunk(claim: ChunkClaim) -> None:
    """Queue the emails of the chunk, or revoke the invitations of an import that was stopped.

    Does nothing if the claim was lost or the chunk is at another stage. Whether the inviters may still grant the access
    is checked where the emails are sent.
    """
    chunk = only_one(held(claim).select_for_update().filter(stage=BatchChunk.Stage.RELEASE))
    if chunk is None:
        return
    batch = Batch.objects.select_related("organization", "inviter").get(pk=claim.batch_id)
    people = _people(_scheduled(chunk))
    # Not its state: a stopped import may be checking corrections of its other rows.
    if batch.was_stopped:
        _drop(batch, people, Outcome.FAILED, Reason.STOPPED)
    elif claim.is_hopeless:
        # Avoids whatever the earlier attempts died of, so that the batch can end.
        _drop(batch, people, Outcome.FAILED, Reason.NONE, detail=FailureReason.NOT_INVITED)
    else:
        _queue(batch, people)
    chunk.stage, chunk.attempts = BatchChunk.Stage.MAIL, 0
    chunk.save(update_fields=["stage", "attempts"])


def _scheduled(chunk: BatchChunk) -> InvitationQuerySet:
    """The invitations of the chunk that wait for its time. One that an admin has sent already isn't among them."""
    rows = Row.objects.filter(
        batch_id=chunk.batch_id,
        number__range=(chunk.first_number, chunk.last_number),
        outcome=Outcome.INVITED,
    )
    ids = set(rows.values_list("pk", flat=True))
    scheduled = Invitation.objects.scheduled().sent_with_import().filter(AnyOf(F("row_id"), ids))
    # Locked in the order of their ids, to avoid deadlocks.
    return scheduled.select_for_update(no_key=True).order_by("pk")


def _people(scheduled: InvitationQuerySet) -> list[Person]:
    """As they will be invited: an admin may have corrected what the file says."""
    records = scheduled.values_list("row_id", "email_key", "person_key", *Cells._fields)
    return [Person(row_id, email, key, Cells(*values)) for row_id, email, key, *values in records]


def _queue(batch: Batch, people: Collection[Person]) -> None:
    allowed = allowed_domains(batch.organization)
    everyone = list(people)
    others = [person for person in everyone if allowed.error(person.email_key)]
    _drop(batch, others, Outcome.FAILED, Reason.NONE, detail=FailureReason.DOMAIN_NOT_ALLOWED)
    left = without(everyone, others)
    members = members_among(batch, left)
    deactivated = members_among(batch, members, memberships__deactivated_at__isnull=False)
    _drop(batch, without(members, deactivated), Outcome.SKIPPED, Reason.ALREADY_MEMBER)
    _drop(batch, deactivated, Outcome.SKIPPED, Reason.DEACTIVATED)
    left = without(left, members)
    blocked = blocked_among(left)
    _drop(batch, blocked, Outcome.SKIPPED, Reason.ADDRESS_BLOCKED)
    left = without(left, blocked)
    declined = declined_among(batch, left)
    _drop(batch, declined, Outcome.SKIPPED, Reason.ALREADY_DECLINED)
    _of(without(left, declined)).update(mail_state=Invitation.Mail.QUEUED, expires_at=expiry_from(timezone.now()))


def _drop(batch: Batch, people: Collection[Person], outcome: str, reason: str, *, detail: str = "") -> None:
    """Revoke the invitations of these people, and give their rows the outcome."""
    if not people:
        return
    _of(people).close(Invitation.State.REVOKED)
    rows = Row.objects.filter(AnyOf(F("pk"), {person.row_id for person in people}))
    rows.update(outcome=outcome, reason=reason, detail=detail)
    refund_invitation_quota(batch, len(people))


def _of(people: Collection[Person]) -> InvitationQuerySet:
    return Invitation.objects.scheduled().filter(AnyOf(F("row_id"), {person.row_id for person in people}))

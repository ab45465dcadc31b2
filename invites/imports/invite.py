"""Invite the staged rows of a batch, chunk by chunk: every address once, whoever works beside or dies."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.errors import ServiceError
from accounts.models import Membership, User
from invites.imports.bulk_insert import Person, insert_invitations, people_in, renew_statistics
from invites.imports.chunks import ChunkClaim, held
from invites.imports.stop import stop_batch
from invites.invitations.authorization import check_still_allowed, manageable_grants
from invites.invitations.quotas import consume_invitation_quota, refund_invitation_quota
from invites.models import AccessGrant, Batch, BatchChunk, Invitation, Row
from invites.unexpected_errors import ask_support

# A chunk is invited in one statement, and mailed by one worker: large, and yet some for each worker.
FEWEST_ROWS = 200
MOST_ROWS = 5_000
RANGES = 8
# In the first chunk: PostgreSQL is told of the others before they come.
MANY_ROWS = 1_000


def begin_inviting(batch: Batch) -> None:
    """Cut the waiting rows into chunks. Called in the transaction that makes the batch `inviting`.

    Raises DomainError("over_quota"), with nothing done, when they are more people than may be invited today.
    """
    numbers = list(waiting(batch.rows.all()).order_by("number").values_list("number", flat=True))
    consume_invitation_quota(batch.organization, batch.inviter, len(numbers))
    size = min(MOST_ROWS, max(FEWEST_ROWS, len(numbers) // RANGES))
    cuts = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    BatchChunk.objects.bulk_create(
        [BatchChunk(batch=batch, first_number=cut[0], last_number=cut[-1]) for cut in cuts], batch_size=500
    )
    batch.inviting_at = timezone.now()
    batch.save(update_fields=["inviting_at"])


def invite_chunk(claim: ChunkClaim) -> None:
    """Give every waiting row of the chunk its outcome: an invitation, or the reason why not.

    One transaction: after it the rows, the invitations and the stage of the chunk agree. Nothing is
    done when the claim was lost or the chunk is past this stage. An inviter who lost the right stops
    the batch.
    """
    try:
        invited = _invite_waiting_rows(claim)
    except ServiceError as broken:
        # Outside of the transaction: whoever stops locks the batch first and its chunks then.
        stop_batch(Batch.objects.get(pk=claim.batch_id), reason=broken.message)
        return
    if invited and _is_first_of_many(claim):
        renew_statistics()


def _is_first_of_many(claim: ChunkClaim) -> bool:
    """Whether the chunk is the one with which the tables begin to grow by thousands."""
    chunks = BatchChunk.objects.filter(batch_id=claim.batch_id).order_by("first_number")
    first = chunks.values_list("pk", F("last_number") - F("first_number")).first()
    return first is not None and first[0] == claim.chunk_id and first[1] + 1 >= MANY_ROWS


@transaction.atomic
def _invite_waiting_rows(claim: ChunkClaim) -> bool:
    """False when there was nothing to do."""
    chunk = held(claim).select_for_update().filter(stage=BatchChunk.Stage.INVITE).first()
    if chunk is None:
        return False
    batch = Batch.objects.select_related("organization", "inviter", "grant").get(pk=claim.batch_id)
    rows = batch.rows.filter(number__range=(chunk.first_number, chunk.last_number))
    if claim.is_hopeless:
        # Does nothing that earlier attempts may have died of. The other chunks must not wait for this one.
        failed = waiting(rows).update(outcome=Row.Outcome.FAILED, detail=_not_invited(batch))
        refund_invitation_quota(batch, failed)
    else:
        check_still_allowed(batch.inviter, batch.organization, batch.grant)
        _decide(batch, rows)
    chunk.stage, chunk.attempts = BatchChunk.Stage.MAIL, 0
    chunk.save(update_fields=["stage", "attempts"])
    return True


def _not_invited(batch: Batch) -> str:
    told = "These people could not be invited. Import them again."
    return f"{told} {ask_support(batch.error_reference)}" if batch.error_reference else told


def waiting(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the rows about which nothing was decided yet."""
    return rows.filter(outcome=Row.Outcome.WAITING)


def _decide(batch: Batch, rows: QuerySet[Row]) -> None:
    """Invite everybody among the waiting rows who is neither a member nor invited.

    Who is invited already is told by the constraint, which looks at each anyway.
    """
    people = people_in(waiting(rows))
    members = _members_among(batch, people)
    new = _without(people, members)
    conflicting = _insert(batch, new)
    if conflicting and _make_room(batch, conflicting):
        conflicting = _insert(batch, conflicting)
    # Looked at again: of who accepted an earlier invitation since, the constraint knew no more.
    joined = _members_among(batch, _without(new, conflicting))
    if joined:
        batch.invitations.filter(row__in=[person.row_id for person in joined]).delete()
    _skip(rows, [*members, *joined], Row.Reason.ALREADY_MEMBER)
    _skip(rows, conflicting, Row.Reason.ALREADY_INVITED)
    invited = waiting(rows).update(outcome=Row.Outcome.INVITED)
    # Last: others who invite to this organization wait for it.
    refund_invitation_quota(batch, len(people) - invited)


def _without(people: Sequence[Person], others: Collection[Person]) -> Sequence[Person]:
    excluded = {person.row_id for person in others}
    return [person for person in people if person.row_id not in excluded] if excluded else people


def _members_among(batch: Batch, people: Sequence[Person]) -> list[Person]:
    """Those who are members by now."""
    members = User.objects.filter(
        memberships__organization_id=batch.organization_id, email__any_of={person.email_key for person in people}
    )
    found = set(members.values_list("email", flat=True))
    return [person for person in people if person.email_key in found] if found else []


def _insert(batch: Batch, people: Sequence[Person]) -> list[Person]:
    """Store an invitation for each that no other one forbids; for whom there is none."""
    now = timezone.now()
    expires_at = now + timedelta(days=settings.INVITATION_DAYS)
    if insert_invitations(batch, people, now=now, expires_at=expires_at) == len(people):
        return []
    rows = batch.rows.filter(pk__any_of={person.row_id for person in people})
    stored = set(rows.filter(invitation__isnull=False).values_list("pk", flat=True))
    return [person for person in people if person.row_id not in stored]


def _make_room(batch: Batch, people: Collection[Person]) -> bool:
    """Whether an invitation of any of them has expired or is being taken back, and so can be replaced by a new one.

    Only by somebody who could have given what it gives.
    """
    dead = Invitation.objects.replaceable().filter(
        organization_id=batch.organization_id, email_key__any_of={person.email_key for person in people}
    )
    inviter = Membership.objects.filter(organization=batch.organization_id, user=batch.inviter_id).first()
    if inviter is None:
        return False
    dead = dead.filter(grant__in=manageable_grants(inviter, AccessGrant.objects.filter(pk__in=dead.values("grant_id"))))
    # In one order, so that two who are at the same invitations wait for each other and not both.
    ids = set(dead.select_for_update().order_by("pk").values_list("pk", flat=True))
    return bool(Invitation.objects.filter(pk__any_of=ids).close(Invitation.State.REPLACED))


def _skip(rows: QuerySet[Row], people: Collection[Person], reason: Row.Reason) -> None:
    if people:
        skipped = waiting(rows).filter(pk__any_of={person.row_id for person in people})
        skipped.update(outcome=Row.Outcome.SKIPPED, reason=reason)

"""Invite the staged rows of a batch, chunk by chunk. Every address is invited once, even if workers die or race."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.errors import AccessDenied, DomainError
from accounts.lookups import only_one
from accounts.models import Membership, User
from invites.imports.bulk_insert import AnyOf, Person, insert_invitations, people_in, renew_statistics
from invites.imports.chunks import ChunkClaim, held
from invites.imports.stop import stop_batch
from invites.invitations.allowed_domains import allowed_domains
from invites.invitations.authorization import check_still_allowed, manageable_grants
from invites.invitations.links import NOT_BEFORE_SENT, expiry_from
from invites.invitations.quotas import consume_invitation_quota, refund_invitation_quota
from invites.models import AccessGrant, Batch, BatchChunk, BlockedAddress, FailureReason, Invitation, Row
from invites.models.erased_address import erased_key
from invites.reasons import as_reason

# A chunk is invited in one statement and sent by one worker: large, but several for each worker.
MIN_CHUNK_ROWS = 200
MAX_CHUNK_ROWS = 5_000
CHUNKS = 8
# From this size of the first chunk, PostgreSQL gets new statistics after it.
MANY_ROWS = 1_000


def begin_inviting(batch: Batch) -> None:
    """Divide the waiting rows into chunks, in the transaction that makes the batch `inviting`.

    If its time has passed while it waited for an admin, it is sent as soon as everyone is invited. So are those who are
    invited after it has ended or was stopped.
    Raises DomainError("over_quota"), with nothing done, if there are more people than may be invited today.
    """
    numbers = list(waiting(batch.rows.all()).order_by("number").values_list("number", flat=True))
    consume_invitation_quota(batch.organization, batch.working_inviter, len(numbers))
    if batch.has_invited:
        # Those of the people who were invited first are done.
        batch.chunks.filter(stage=BatchChunk.Stage.DONE).delete()
    size = min(MAX_CHUNK_ROWS, max(MIN_CHUNK_ROWS, len(numbers) // CHUNKS))
    BatchChunk.objects.bulk_create(
        [
            BatchChunk(batch=batch, first_number=cut[0], last_number=cut[-1], people=len(cut))
            for cut in _cuts(numbers, size)
        ],
        batch_size=500,
    )
    now = timezone.now()
    if batch.send_at is not None and (batch.has_invited or batch.send_at <= now):
        batch.send_at = None
    batch.inviting_started_at = batch.inviting_started_at or now
    batch.save(update_fields=["inviting_started_at", "send_at"])


def _cuts(numbers: Sequence[int], size: int) -> list[list[int]]:
    """Parts of at most `size` rows. The rows of a part are near each other, because workers read all those between."""
    cuts: list[list[int]] = []
    for number in numbers:
        if not cuts or len(cuts[-1]) == size or number - cuts[-1][0] >= max(size, MAX_CHUNK_ROWS):
            cuts.append([])
        cuts[-1].append(number)
    return cuts


def invite_chunk(claim: ChunkClaim) -> None:
    """Give every waiting row of the chunk its outcome: an invitation, or the reason why not.

    Rows, invitations and the stage of the chunk change in one transaction. Does nothing if the claim was lost or the
    chunk is past this stage. Stops the batch if the inviter lost the permission.
    """
    try:
        chunk = _invite_waiting_rows(claim)
    except (DomainError, AccessDenied) as broken:
        # Outside of the transaction, because stopping locks the batch before its chunks. Access is denied to an inviter
        # who has left since the rows were claimed.
        code = broken.code if isinstance(broken, DomainError) else FailureReason.INVITER_LEFT
        stop_batch(Batch.objects.get(pk=claim.batch_id), reasons=[as_reason(code)])
        return
    if chunk and _is_first_of_many(chunk):
        renew_statistics()


def _is_first_of_many(chunk: BatchChunk) -> bool:
    """Whether this is the first chunk of a large batch, so that the tables are about to grow by thousands of rows."""
    if chunk.last_number - chunk.first_number + 1 < MANY_ROWS:
        return False
    return not BatchChunk.objects.filter(batch=chunk.batch_id, first_number__lt=chunk.first_number).exists()


@transaction.atomic
def _invite_waiting_rows(claim: ChunkClaim) -> BatchChunk | None:
    """The chunk; None if there was nothing to do."""
    chunk = only_one(held(claim).select_for_update().filter(stage=BatchChunk.Stage.INVITE))
    if chunk is None:
        return None
    batch = Batch.objects.select_related("organization", "inviter", "continued_by", "grant").get(pk=claim.batch_id)
    if not batch.organization.is_active:
        # It was suspended since the chunk was claimed. The claim expires.
        return None
    rows = batch.rows.filter(number__range=(chunk.first_number, chunk.last_number))
    if claim.is_hopeless:
        # Avoids whatever the earlier attempts died of, so that the batch can end.
        failed = waiting(rows).update(outcome=Row.Outcome.FAILED, detail=FailureReason.NOT_INVITED)
        refund_invitation_quota(batch, failed)
    else:
        check_still_allowed(batch.working_inviter_id, batch.organization, batch.grant)
        _decide(batch, rows)
    chunk.stage, chunk.attempts = BatchChunk.Stage.MAIL, 0
    if batch.send_at is not None:
        chunk.stage, chunk.claimed_until = BatchChunk.Stage.HELD, None
    chunk.save(update_fields=["stage", "attempts", "claimed_until"])
    return chunk


def waiting(rows: QuerySet[Row]) -> QuerySet[Row]:
    """Those of the rows that are not decided yet."""
    return rows.filter(outcome=Row.Outcome.WAITING)


def _decide(batch: Batch, rows: QuerySet[Row]) -> None:
    """Invite everyone in the waiting rows who is neither a member nor invited, and hasn't declined or reported abuse.

    The address must still be allowed.

    The unique constraint, which is checked anyway, tells who is invited already.
    """
    waiting_now = people_in(waiting(rows))
    people = _allowed(batch, rows, waiting_now)
    members = members_among(batch, people)
    blocked = blocked_among(without(people, members))
    new = without(people, [*members, *blocked])
    conflicting = _insert(batch, new)
    if conflicting and _make_room(batch, conflicting):
        conflicting = _insert(batch, conflicting)
    # Asked again: people who accepted an earlier invitation meanwhile no longer conflict with the constraint.
    joined = members_among(batch, without(new, conflicting))
    # So are people who have just declined.
    declined = declined_among(batch, without(new, [*conflicting, *joined]))
    if joined or declined:
        batch.invitations.filter(row__in=[person.row_id for person in (*joined, *declined)]).delete()
    skipped = [*members, *joined]
    deactivated = members_among(batch, skipped, memberships__deactivated_at__isnull=False)
    _skip(rows, without(skipped, deactivated), Row.Reason.ALREADY_MEMBER)
    _skip(rows, deactivated, Row.Reason.DEACTIVATED)
    _skip(rows, blocked, Row.Reason.ADDRESS_BLOCKED)
    _skip(rows, declined, Row.Reason.ALREADY_DECLINED)
    _skip(rows, conflicting, Row.Reason.ALREADY_INVITED)
    invited = waiting(rows).update(outcome=Row.Outcome.INVITED)
    # Last, because it locks the quota of the organization until the commit.
    refund_invitation_quota(batch, len(waiting_now) - invited)


def _allowed(batch: Batch, rows: QuerySet[Row], people: Sequence[Person]) -> Sequence[Person]:
    """The people whose address the organization allows. The others fail: it allowed them when the file was checked."""
    allowed = allowed_domains(batch.organization)
    others = [person for person in people if allowed.error(person.email_key)]
    if others:
        failed = waiting(rows).filter(AnyOf(F("pk"), {person.row_id for person in others}))
        failed.update(outcome=Row.Outcome.FAILED, detail=FailureReason.DOMAIN_NOT_ALLOWED)
    return without(people, others)


def without(people: Sequence[Person], others: Collection[Person]) -> Sequence[Person]:
    excluded = {person.row_id for person in others}
    return [person for person in people if person.row_id not in excluded] if excluded else people


def members_among(batch: Batch, people: Sequence[Person], **only: bool) -> list[Person]:
    """Those who are members now, including deactivated ones. `only` narrows the memberships."""
    if not people:
        return []
    members = User.objects.filter(
        AnyOf(F("email"), {person.email_key for person in people}),
        memberships__organization_id=batch.organization_id,
        **only,
    )
    found = set(members.values_list("email", flat=True))
    return [person for person in people if person.email_key in found] if found else []


def blocked_among(people: Sequence[Person]) -> list[Person]:
    """Those whose address accepts no invitations."""
    blocked = BlockedAddress.objects.current()
    # Most installations have none.
    if not blocked.exists():
        return []
    found = set(blocked.filter(AnyOf(F("email_key"), _keys_of(people))).values_list("email_key", flat=True))
    return _with_keys(people, found)


def _keys_of(people: Iterable[Person]) -> set[str]:
    """Their addresses, and what is kept of them if they were erased."""
    keys = {person.email_key for person in people}
    return keys | {erased_key(key) for key in keys}


def _with_keys(people: Sequence[Person], found: set[str]) -> list[Person]:
    if not found:
        return []
    return [each for each in people if not found.isdisjoint((each.email_key, erased_key(each.email_key)))]


def declined_among(batch: Batch, people: Sequence[Person]) -> list[Person]:
    """Those who declined an earlier invitation to the organization. Only an admin who knows that invites them again."""
    declined = Invitation.objects.declined().filter(organization=batch.organization_id)
    # Most organizations have none.
    if not declined.exists():
        return []
    of_these = declined.filter(AnyOf(F("email_key"), _keys_of(people)))
    return _with_keys(people, set(of_these.values_list("email_key", flat=True)))


def _insert(batch: Batch, people: Sequence[Person]) -> list[Person]:
    """Store an invitation for each, except for conflicts with pending invitations. Returns the people in conflict."""
    now = timezone.now()
    expires_at = expiry_from(now) if batch.send_at is None else NOT_BEFORE_SENT
    if insert_invitations(batch, people, now=now, expires_at=expires_at) == len(people):
        return []
    rows = batch.rows.filter(AnyOf(F("pk"), {person.row_id for person in people}))
    stored = set(rows.filter(invitation__isnull=False).values_list("pk", flat=True))
    return [person for person in people if person.row_id not in stored]


def _make_room(batch: Batch, people: Collection[Person]) -> bool:
    """Replace invitations that expired or are being undone. True if there were any, so that inviting can be retried.

    Only those whose access the inviter can give.
    """
    replaceable = Invitation.objects.replaceable().filter(
        AnyOf(F("email_key"), {person.email_key for person in people}), organization_id=batch.organization_id
    )
    members = Membership.objects.active().filter(organization=batch.organization_id)
    inviter = only_one(members.filter(user=batch.working_inviter_id))
    if inviter is None:
        return False
    grants = AccessGrant.objects.filter(pk__in=replaceable.values("grant_id"))
    replaceable = replaceable.filter(grant__in=manageable_grants(inviter, grants))
    # Locked in the order of their ids, to avoid deadlocks.
    ids = set(replaceable.select_for_update().order_by("pk").values_list("pk", flat=True))
    return bool(Invitation.objects.filter(AnyOf(F("pk"), ids)).close(Invitation.State.REPLACED))


def _skip(rows: QuerySet[Row], people: Collection[Person], reason: Row.Reason) -> None:
    if people:
        skipped = waiting(rows).filter(AnyOf(F("pk"), {person.row_id for person in people}))
        skipped.update(outcome=Row.Outcome.SKIPPED, reason=reason)

"""The summary of a batch and the responses to its invitations, counted from its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count, Q

from invites.models import Batch, Invitation, InvitationQuerySet, Row

Outcome, Reason, Mail = Row.Outcome, Row.Reason, Invitation.Mail
# As far as we know. All states are listed so that the index `invitation_by_mail` fits.
DELIVERED = [state for state in Mail.values if state not in (*Invitation.UNDELIVERED, Mail.SCHEDULED)]


@dataclass(frozen=True)
class Summary:
    """The rows of one batch by outcome: rows = invited + skipped + problems + failed + waiting.

    `scheduled`, `accepted`, `waiting_answer`, `bounced`, `expired`, `declined` and `revoked` are parts of `invited`;
    `undone` are those of `revoked` that are revoked by undoing the batch. `waiting` is 0 in a batch that has ended: its
    waiting rows count as `failed`, and in a stopped batch as `stopped`, which is a part of `failed`. In one that is
    done, they were fixed since: `fixed` is a part of `problems`. In both, they can still be invited, and `invitable` is
    their number. `skips` has the skipped rows by their reason.
    """

    rows: int = 0
    invited: int = 0
    accepted: int = 0
    waiting_answer: int = 0
    bounced: int = 0
    expired: int = 0
    declined: int = 0
    scheduled: int = 0
    revoked: int = 0
    undone: int = 0
    skips: Counter[str] = field(default_factory=Counter)
    problems: int = 0
    fixed: int = 0
    invitable: int = 0
    skipped_by_admin: int = 0
    failed: int = 0
    stopped: int = 0
    mail_refused: int = 0
    waiting: int = 0

    @property
    def to_fix(self) -> int:
        """The rows with problems that no admin has skipped."""
        return self.problems - self.skipped_by_admin

    @property
    def unfixed(self) -> int:
        """The rows with problems that no admin has skipped or fixed."""
        return self.to_fix - self.fixed

    @property
    def left(self) -> int:
        """The rows of an import that has ended whose people can still join it, once their problems are fixed."""
        return self.problems - self.fixed + self.invitable

    @property
    def never_emailed(self) -> int:
        """The people whose invitations were revoked when the import stopped, before anything was sent."""
        return self.stopped - (self.invitable - self.fixed)

    @property
    def skipped(self) -> int:
        return self.skips.total()

    @property
    def open(self) -> int:
        """The invitations that an undo would revoke."""
        return self.invited - self.accepted - self.declined - self.revoked

    @property
    def unanswered(self) -> int:
        """People who can be reminded. Those whose link has expired get a new one."""
        return self.waiting_answer + self.expired


def summary_of(batch: Batch) -> Summary:
    """Count the batch's rows and the responses to its invitations."""
    summary = outcomes_of(batch)
    responses = _responses(batch) if summary.invited else Counter()
    revoked = responses["revoked"] - never_sent(batch).count() if responses["revoked"] else 0
    undone = min(revoked, responses["undone"])
    gone = responses["accepted"] + responses["bounced"] + responses["expired"] + responses["declined"] + revoked
    return replace(
        summary,
        accepted=responses["accepted"],
        bounced=responses["bounced"],
        expired=responses["expired"],
        declined=responses["declined"],
        revoked=revoked,
        undone=undone,
        scheduled=responses["scheduled"],
        waiting_answer=summary.invited - gone - responses["scheduled"],
    )


def never_sent(batch: Batch) -> InvitationQuerySet:
    """The revoked invitations whose first email couldn't be sent, or wasn't when the time of the import had come.

    Their people don't count as invited: their rows have failed, or are skipped.
    """
    return batch.invitations.filter(
        mail_state__in=(Mail.FAILED, Mail.SCHEDULED), row__outcome__in=(Outcome.FAILED, Outcome.SKIPPED)
    )


def outcomes_of(batch: Batch, counts: list[list[Any]] | None = None) -> Summary:
    """The summary without the responses. Indexes alone answer it.

    The banner on every page passes the `counts` that the batch has stored, because to count 200,000 rows takes a while.
    """
    if not batch.keeps_rows:
        return Summary()
    # Those of an import that is being undone aren't open.
    bounced = batch.invitations.filter(state=Invitation.State.PENDING).undelivered()
    counts = outcome_counts(batch) if counts is None else counts
    rows = Counter({(outcome, reason): count for outcome, reason, count in counts})
    by_outcome: Counter[str] = Counter()
    for (outcome, _), count in rows.items():
        by_outcome[outcome] += count
    waiting = by_outcome[Outcome.WAITING]
    # Rows that were fixed after the import had ended, and aren't invited yet.
    fixed = waiting if batch.state == Batch.State.DONE else 0
    never_invited = waiting if batch.state in Batch.ENDED and not fixed else 0
    stopped = never_invited if batch.state == Batch.State.STOPPED else 0
    invitable = waiting if batch.can_be_continued else 0
    # Workers are about to revoke these.
    unsent = batch.invitations.scheduled().sent_with_import().count() if batch.state == Batch.State.STOPPED else 0
    return Summary(
        rows=by_outcome.total(),
        invited=by_outcome[Outcome.INVITED] - unsent,
        bounced=bounced.count() if by_outcome[Outcome.INVITED] and not batch.is_being_undone else 0,
        skips=Counter({reason.value: rows[Outcome.SKIPPED, reason] for reason in Row.SKIP_REASONS}),
        problems=by_outcome[Outcome.PROBLEM] + fixed,
        fixed=fixed,
        invitable=invitable,
        skipped_by_admin=rows[Outcome.PROBLEM, Reason.SKIPPED_BY_ADMIN],
        failed=by_outcome[Outcome.FAILED] + never_invited + unsent,
        stopped=rows[Outcome.FAILED, Reason.STOPPED] + stopped + unsent,
        mail_refused=rows[Outcome.FAILED, Reason.MAIL_REFUSED],
        waiting=waiting - never_invited - fixed,
    )


def outcome_counts(batch: Batch) -> list[list[Any]]:
    """The number of rows by outcome and reason. Once a batch has ended, it is stored in the batch."""
    counts = batch.rows.order_by().values_list("outcome", "reason").annotate(count=Count("*"))
    return [list(count) for count in counts]


def _responses(batch: Batch) -> Counter[str]:
    """Count the invitations that don't wait for a response, by the reason. Same conditions as `rows_of`.

    The groups are in the order of the index `invitation_by_mail`, and the others are ranges of an index.
    """
    counted: Counter[str] = Counter()
    groups = batch.invitations.order_by().values("mail_state", "state").annotate(count=Count("*"))
    for mail_state, state, count in groups.values_list("mail_state", "state", "count"):
        if state in (Invitation.State.ACCEPTED, Invitation.State.DECLINED):
            counted[state] += count
        elif state != Invitation.State.PENDING or batch.is_being_undone:
            counted["revoked"] += count
            counted["undone"] += count if state == Invitation.State.PENDING else 0
        elif mail_state == Invitation.Mail.SCHEDULED:
            counted["scheduled"] += count
        elif mail_state in Invitation.UNDELIVERED:
            counted["bounced"] += count
        else:
            counted["delivered"] += count
    if counted["delivered"]:
        pending = batch.invitations.filter(mail_state__in=DELIVERED, state=Invitation.State.PENDING)
        counted["expired"] = pending.expired().count()
    if batch.undone_at:
        closed = (Invitation.State.REVOKED, Invitation.State.REPLACED)
        counted["undone"] += batch.invitations.filter(state__in=closed, closed_at__gte=batch.undone_at).count()
    return counted


def has_emailed(batch: Batch) -> bool:
    """Whether somebody's invitation was sent or is being sent: of a scheduled import, an admin can send single ones."""
    return batch.invitations.filter(mail_state__in=[each for each in Mail.values if each != Mail.SCHEDULED]).exists()


def awaiting_response(batch: Batch) -> InvitationQuerySet:
    """The invitations of the batch that wait for a response, including expired ones."""
    return batch.invitations.open().with_link().exclude(mail_state__in=Invitation.UNDELIVERED)


def invited_counts(batches: Iterable[Batch]) -> dict[int, int]:
    """How many people each batch invited, by batch id."""
    rows = Row.objects.filter(batch__in=list(batches), outcome=Outcome.INVITED).order_by()
    return dict(rows.values_list("batch_id").annotate(count=Count("*")))


def revoked_counts(batches: Iterable[Batch]) -> dict[int, int]:
    """How many invitations of each batch were revoked, by batch id."""
    invitations = Invitation.objects.filter(batch__in=list(batches)).order_by()
    revoked = invitations.filter(row__outcome=Outcome.INVITED).exclude(
        Q(state__in=(Invitation.State.ACCEPTED, Invitation.State.DECLINED)) | invitations.is_open()
    )
    return dict(revoked.values_list("batch_id").annotate(count=Count("*")))


def summary_as_json(batch: Batch) -> dict[str, Any]:
    """The batch as the commands print it. The counts add up to `rows` at any time."""
    summary = outcomes_of(batch)
    return {
        "batch": batch.pk,
        "state": str(batch.state),
        "rows": summary.rows,
        "invited": summary.invited,
        "skipped": {reason.value: summary.skips[reason] for reason in Row.SKIP_REASONS},
        "problems": summary.problems,
        "failed": summary.failed,
        "waiting": summary.waiting,
    }

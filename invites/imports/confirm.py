"""Let an admin confirm the number of people before everyone in a file may invite or manage users.

A batch whose roles hold one of `USER_POWERS` waits where inviting would begin, once: at the end of the check, or when
an admin has corrected the rows. A command confirms in advance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.activity.actions import Action
from accounts.activity.log import record
from accounts.errors import DomainError
from accounts.lookups import only_one
from accounts.models import Membership, Organization
from accounts.organizations.grants import lock_selection
from invites.imports.activity import about_import, source_now
from invites.imports.invite import begin_inviting, waiting
from invites.imports.selectors.grid import edited_rows, grid_rows
from invites.imports.selectors.summary import outcomes_of
from invites.imports.stop import stop_batch
from invites.invitations.activity import granted_by
from invites.invitations.authorization import lock_offered, lock_to_change, selection_of, user_powers_of
from invites.models import Batch, Row
from invites.reasons import as_reason

# An import that nobody confirms is stopped after this time.
WAITS_FOR_CONFIRMATION = timedelta(days=7)
ACCESS_DELETED = gettext_lazy(
    "The roles or the sites of this import were deleted. Invite people one by one instead, and select new ones."
)


@dataclass(frozen=True)
class Question:
    """What an admin confirms: how many people will have which of `USER_POWERS`.

    `asked_at` changes whenever the batch is asked about again, because its rows or its access may have changed.
    """

    count: int
    powers: tuple[str, ...]
    asked_at: datetime | None


def needs_confirmation(batch: Batch) -> bool:
    """Whether inviting would give a power that nobody has confirmed for these people.

    Those who are invited after the import has ended were not among the people whose number was confirmed.
    """
    if batch.has_invited:
        return bool(user_powers_of(batch.grant))
    return not set(batch.confirmed_powers).issuperset(user_powers_of(batch.grant))


def question_about(batch: Batch) -> Question:
    """What has to be confirmed now, for a batch that waits for it."""
    count = waiting(batch.rows.all()).count()
    return Question(count, user_powers_of(batch.grant), batch.progressed_at)


def has_rows_to_correct(batch: Batch) -> bool:
    """Whether an admin has come from the rows to correct, and can go back to them.

    A command that invites only the valid rows, or cells as they are written, never shows the others.
    """
    has_problems = not batch.only_valid and grid_rows(batch).exists()
    is_damaged = not batch.as_written and batch.has_damaged_cells
    return has_problems or is_damaged or edited_rows(batch).exists()


def ask_to_confirm(batch: Batch, *, by: Membership) -> None:
    """Make a locked batch wait for a confirmation. `by`, who wants to invite, gets its banner."""
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.NEEDS_CONFIRMATION,
        notice=[],
        banner_closed_at=None,
        late_banner_for=None,
        progressed_at=timezone.now(),
        **_inviter(batch, by),
    )
    batch.refresh_from_db()


@transaction.atomic
def confirm_access(batch: Batch, seen: Question, *, by: Membership) -> None:
    """Invite everyone, as `by` has confirmed after seeing the question `seen`. `by` becomes the inviter.

    Raises AccessDenied; DomainError "moved_on" if the batch no longer waits, and "changed" if the question isn't the
    same anymore; ExplainedError "over_quota".
    """
    _lock_waiting(batch, by)
    # A change of the permissions of a role waits, or has been committed.
    lock_selection(selection_of(batch.grant))
    now = question_about(batch)
    if now != seen:
        raise DomainError("changed", _("The people or their access have changed. Review them before you confirm."))
    batch.confirmed_powers = list(now.powers)
    batch.save(update_fields=["confirmed_powers"])
    change = granted_by(batch.grant)
    record(batch.organization_id, Action.IMPORT_CONFIRMED, about_import(batch, count=now.count), by=by, change=change)
    if batch.has_invited:
        check_access_exists(batch)
    start_inviting(batch, by=by)


def check_access_exists(batch: Batch) -> None:
    """Lock the roles and sites of an import that had ended. Only unfinished imports protect theirs from deletion.

    Raises DomainError("gone").
    """
    lock_offered(batch.grant, ACCESS_DELETED)


def _inviter(batch: Batch, by: Membership) -> dict[str, Any]:
    """Who invites: of an import that had ended, the inviter of the others stays."""
    if not batch.has_invited:
        return {"inviter": by.user}
    return {"continued_by": by.user, "continued_at": timezone.now()}


def _counts_before(batch: Batch) -> dict[str, Any]:
    """For the progress and the result of those who are invited after the import had ended."""
    if not batch.has_invited:
        return {}
    summary = outcomes_of(batch)
    skipped = sum(summary.skips[reason.value] for reason in Row.SKIPPED_WHILE_INVITING)
    # Not the waiting rows of a stopped import, which count as failed until now.
    failed = batch.rows.filter(outcome=Row.Outcome.FAILED).count()
    counts = {"invited": summary.invited, "skipped": skipped, "failed": failed}
    return {"counts_before": counts, "result_emailed_at": None}


def start_inviting(batch: Batch, *, by: Membership) -> None:
    """Invite the waiting rows of a locked batch. Raises ExplainedError: "over_quota"."""
    Batch.objects.filter(pk=batch.pk).update(
        state=Batch.State.INVITING,
        only_valid=True,
        source=source_now(batch),
        notice=[],
        state_reasons=[],
        was_stopped=False,
        banner_closed_at=None,
        late_banner_for=None,
        progressed_at=timezone.now(),
        **_inviter(batch, by),
        **_counts_before(batch),
    )
    batch.refresh_from_db()
    begin_inviting(batch)


@transaction.atomic
def go_back_to_rows(batch: Batch, *, by: Membership) -> None:
    """Let the rows be corrected again. Raises AccessDenied, and DomainError "moved_on"."""
    _lock_waiting(batch, by)
    if not (batch.has_invited or has_rows_to_correct(batch)):
        raise _moved_on()
    _wait_for_corrections(batch)


def _wait_for_corrections(batch: Batch) -> None:
    Batch.objects.filter(pk=batch.pk).update(state=batch.correctable_state, progressed_at=timezone.now())
    batch.refresh_from_db()


@transaction.atomic
def cancel_unconfirmed(batch: Batch, *, by: Membership) -> None:
    """Stop a batch that waits for a confirmation, without a banner: `by` has chosen another file instead.

    Raises AccessDenied, and DomainError "moved_on".
    """
    _lock_waiting(batch, by)
    stop_batch(batch, by=by)
    Batch.objects.filter(pk=batch.pk).update(banner_closed_at=timezone.now())


def _lock_waiting(batch: Batch, by: Membership) -> None:
    lock_to_change(by, batch)
    if batch.state != Batch.State.NEEDS_CONFIRMATION:
        raise _moved_on()


def _moved_on() -> DomainError:
    return DomainError("moved_on", _("This import is no longer waiting for a confirmation."))


def stop_forgotten() -> int:
    """Stop the batches that nobody has confirmed in time. Returns how many there were.

    Those of suspended organizations wait, because nobody can confirm them.

    Those with rows to correct wait for corrections again, as before the question: somebody may have worked on them for
    hours.
    """
    forgotten = Batch.objects.filter(
        state=Batch.State.NEEDS_CONFIRMATION,
        progressed_at__lt=timezone.now() - WAITS_FOR_CONFIRMATION,
        organization__in=Organization.objects.active(),
    )
    reason = as_reason("not_confirmed", days=WAITS_FOR_CONFIRMATION.days)
    count = 0
    for batch in forgotten:
        with transaction.atomic():
            locked = only_one(forgotten.select_for_update(no_key=True).filter(pk=batch.pk))
            if locked and (locked.has_invited or has_rows_to_correct(locked)):
                _wait_for_corrections(locked)
            elif locked:
                count += stop_batch(locked, reasons=[reason])
    return count

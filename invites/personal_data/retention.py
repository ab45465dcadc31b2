"""Delete the names and addresses in the rows of old imports and of old changes to many users.

Invitations and members stay, and so do all counts: each row keeps its number, its outcome and the reason. From the
first chunk on, nobody can fix a row of the import anymore.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from invites.checking import Cells
from invites.imports.stop import stop_batch
from invites.models import Batch, BulkAction, BulkActionRow, FailureReason
from invites.reasons import as_reason

# Emptied in one transaction.
CHUNK = 2_000
# How many imports, and how many changes, are started at each recovery.
BEGUN_AT_ONCE = 20

# Replies of a mail server may repeat the address.
_WITHOUT_REPLY = Case(When(detail__in=FailureReason.values, then=F("detail")), default=Value(""))
EMPTY_ROW: dict[str, Any] = {
    **dict.fromkeys((*Cells._fields, "email_key", "person_key"), ""),
    **dict.fromkeys(("cells", "edit", "doubts", "open_doubts", "fixable_doubts")),
    "problems": [],
    "detail": _WITHOUT_REPLY,
}
EMPTY_CHANGE = {"name": "", "email": ""}


def find_batches_to_empty() -> list[int]:
    """The ids of imports that ended long ago, that nobody has fixed for as long, or that a worker began to empty."""
    begun = list(Batch.objects.filter(emptied_to__isnull=False).values_list("pk", flat=True)[:BEGUN_AT_ONCE])
    if (due := _is_due()) is None:
        return begun
    old = Batch.objects.filter(due, state__in=Batch.ENDED, is_being_undone=False).order_by("ended_at")
    ids = list(old.values_list("pk", flat=True)[:BEGUN_AT_ONCE])
    return begun + ids + list(_forgotten().values_list("pk", flat=True)[:BEGUN_AT_ONCE])


def _forgotten() -> QuerySet[Batch]:
    """Imports that wait for corrections. They never end, so what counts is when somebody last worked on them."""
    days: int = settings.IMPORT_ROWS_DAYS
    if not days:
        return Batch.objects.none()
    last = timezone.now() - timedelta(days=days)
    return Batch.objects.filter(state=Batch.State.NEEDS_CORRECTION, progressed_at__lt=last).order_by("progressed_at")


def find_actions_to_empty() -> list[int]:
    """The same for changes to many users."""
    begun = list(BulkAction.objects.filter(emptied_to__isnull=False).values_list("pk", flat=True)[:BEGUN_AT_ONCE])
    if (due := _is_due()) is None:
        return begun
    old = BulkAction.objects.filter(due).order_by("ended_at")
    return begun + list(old.values_list("pk", flat=True)[:BEGUN_AT_ONCE])


def _is_due() -> Q | None:
    days: int = settings.IMPORT_ROWS_DAYS
    return Q(emptied_at=None, ended_at__lt=timezone.now() - timedelta(days=days)) if days else None


@transaction.atomic
def empty_batch(batch_id: int) -> bool:
    """Empty the next rows of the import. True if there may be more. Does nothing while somebody changes it.

    If it waits for corrections, it is stopped first.
    """
    batches = Batch.objects.select_for_update(no_key=True, skip_locked=True)
    if forgotten := _forgotten().select_for_update(no_key=True, skip_locked=True).filter(pk=batch_id).first():
        stop_batch(forgotten, reasons=[as_reason("not_fixed", days=settings.IMPORT_ROWS_DAYS)])
    batch = batches.filter(pk=batch_id, state__in=Batch.ENDED, is_being_undone=False).first()
    if batch is None:
        return False
    if batch.emptied_at is None:
        _begin(batch)
    if batch.emptied_to is None:
        return False
    numbers = list(
        batch.rows.filter(number__gt=batch.emptied_to).order_by("number").values_list("number", flat=True)[:CHUNK]
    )
    if numbers:
        batch.rows.filter(number__gt=batch.emptied_to, number__lte=numbers[-1]).update(**EMPTY_ROW)
    batch.emptied_to = numbers[-1] if numbers else None
    batch.save(update_fields=["emptied_to"])
    return bool(numbers)


def _begin(batch: Batch) -> None:
    """Delete what the import itself has of people. The names of columns may be the first row."""
    batch.emptied_at, batch.emptied_to = timezone.now(), 0
    batch.preview, batch.rejection, batch.read_as = None, None, {}
    batch.warnings, batch.ignored_columns = [], []
    batch.banner_closed_at = batch.banner_closed_at or batch.emptied_at
    fields = ("preview", "rejection", "read_as", "warnings", "ignored_columns", "banner_closed_at", "emptied_at")
    batch.save(update_fields=fields)
    batch.parts.all().delete()


@transaction.atomic
def empty_action(action_id: int) -> bool:
    """Empty the next rows of the change. True if there may be more."""
    actions = BulkAction.objects.select_for_update(no_key=True, skip_locked=True)
    action = actions.filter(pk=action_id).exclude(state=BulkAction.State.RUNNING).first()
    if action is None:
        return False
    if action.emptied_at is None:
        action.emptied_at, action.emptied_to = timezone.now(), 0
    if action.emptied_to is None:
        return False
    rows = BulkActionRow.objects.filter(action=action, pk__gt=action.emptied_to).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    BulkActionRow.objects.filter(pk__in=ids).update(**EMPTY_CHANGE)
    action.emptied_to = ids[-1] if ids else None
    action.save(update_fields=["emptied_at", "emptied_to"])
    return bool(ids)

"""One action on many members and invitations, what is left of it, and what became of each person."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import Organization, User


class Outcome(models.TextChoices):
    """What a bulk action did to one person: a change, nothing, or why the person was skipped."""

    CHANGED = "changed", "Changed"
    SAME = "same", "No change"
    BEYOND = "beyond", "Has access that the admin doesn't have"
    LAST_MANAGER = "last_manager", "The last person who can invite and manage users"
    YOURSELF = "yourself", "The admin who started it"
    NO_ROLES = "no_roles", "Would have no role left"
    NO_SITES = "no_sites", "Would have no site left"
    HAS_ALL_SITES = "has_all_sites", "Has all sites"
    IS_MEMBER = "is_member", "Is a member already"
    NOT_JOINED = "not_joined", "Hasn't joined yet"
    MAY_NOT_MANAGE = "may_not_manage", "The admin may not manage users"
    MAY_NOT_INVITE = "may_not_invite", "The admin may not invite users"
    SENDING = "sending", "Is being sent"
    SCHEDULED = "scheduled", "Will be sent later"
    TOO_SOON = "too_soon", "Was just sent"
    TOO_OFTEN = "too_often", "Was sent too often"
    DAILY_LIMIT = "daily_limit", "The address got too many emails today"
    DECLINED = "declined", "Declined the invitation"
    BLOCKED = "blocked", "The address doesn't accept invitations"
    CHANGED_SINCE = "changed_since", "Was changed since"
    ACCESS_DELETED = "access_deleted", "Had a role or site that was deleted"
    GONE = "gone", "Was removed, or has accepted or lost the invitation"


class BulkAction(models.Model):
    """An admin changes many members and invitations at once.

    The people were chosen when it was started, and are listed in its chunks. `done` of `total` were handled. `counts`
    has how many of these had which `Outcome`, and there is a `BulkActionRow` for each.
    """

    class Kind(models.TextChoices):
        ROLES = "roles", "Change roles"
        SITES = "sites", "Change sites"
        RESEND = "resend", "Resend"
        REVOKE = "revoke", "Revoke"
        DEACTIVATE = "deactivate", "Deactivate"
        REACTIVATE = "reactivate", "Reactivate"
        REMOVE = "remove", "Remove"

    class Mode(models.TextChoices):
        ADD = "add", "Add"
        REMOVE = "remove", "Remove"
        REPLACE = "replace", "Replace"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="bulk_actions")
    started_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="bulk_actions")
    source: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, db_default={}, help_text="Of its entry in the activity log: see accounts/activity/source.py."
    )
    kind = models.CharField(max_length=10, choices=Kind)
    mode = models.CharField(max_length=10, choices=Mode, blank=True, help_text="What to do with roles or sites.")
    access: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, db_default={}, help_text="The chosen roles and sites, with their names: see bulk/change.py."
    )
    undo_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="undos")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    stop_reason = models.CharField(max_length=20, blank=True, help_text="A FailureReason, unless an admin stopped it.")
    error_reference = models.CharField(
        max_length=20, blank=True, help_text="The reference of the unexpected error that stopped it."
    )

    total = models.PositiveIntegerField()
    expected = models.PositiveIntegerField(help_text="How many would be changed, as counted when it was started.")
    done = models.PositiveIntegerField(default=0)
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict, db_default={})

    created_at = models.DateTimeField(default=timezone.now)
    progressed_at = models.DateTimeField(default=timezone.now, help_text="When a worker last worked on it.")
    ended_at = models.DateTimeField(null=True, blank=True)
    banner_closed_at = models.DateTimeField(null=True, blank=True)
    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="When names and addresses were deleted: invites/personal_data/retention.py."
    )
    emptied_to = models.BigIntegerField(
        null=True, blank=True, help_text="While a worker empties the rows: those up to this id are done."
    )
    claimed_until = models.DateTimeField(null=True, blank=True, help_text="A worker has claimed it until then.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often a chunk was started but not finished.")

    class Meta:
        indexes = (
            models.Index(fields=["progressed_at"], condition=models.Q(state="running"), name="bulk_action_running"),
            models.Index(fields=["ended_at"], condition=models.Q(emptied_at=None), name="bulk_action_not_emptied"),
            models.Index(fields=["id"], condition=models.Q(emptied_to__isnull=False), name="bulk_action_being_emptied"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.total:,} users"

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING

    @property
    def has_failed(self) -> bool:
        """Whether it ended before it was done, and nobody stopped it."""
        return self.state == self.State.STOPPED and bool(self.stop_reason)

    @property
    def is_undo(self) -> bool:
        return self.undo_of_id is not None

    @property
    def changed(self) -> int:
        """How many people were changed so far."""
        return self.counts.get(Outcome.CHANGED, 0)


class BulkActionChunk(models.Model):
    """Some of the people of a bulk action: members or invitations. Deleted in the transaction that handles them."""

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="chunks")
    membership_ids: models.JSONField[list[int], list[int]] = models.JSONField(default=list)
    invitation_ids: models.JSONField[list[int], list[int]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Chunk {self.pk} of bulk action {self.action_id}"


class BulkActionRow(models.Model):
    """What became of one person. It is kept when the person leaves, so it has no foreign key to them.

    `before` and `after` are what the action changed, for those who were changed: `{"roles": [1, 2]}`,
    `{"sites": [3], "all_sites": false}` or `{"deactivated_at": "2026-11-29T10:00:00+00:00"}`, with the ids of roles and
    sites. A person's history finds its rows by `membership_id` or `invitation_id`, with `at` as the time.
    """

    action = models.ForeignKey(BulkAction, on_delete=models.CASCADE, related_name="rows", db_index=False)
    membership_id = models.BigIntegerField(null=True)
    invitation_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=320)
    email = models.CharField(max_length=320)
    outcome = models.CharField(max_length=20, choices=Outcome)
    before: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    after: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (
            models.Index(fields=["action", "id"], name="bulk_action_row_by_action"),
            models.Index(fields=["action", "outcome", "id"], name="bulk_action_row_by_outcome"),
            models.Index(
                fields=["membership_id"], condition=models.Q(membership_id__isnull=False), name="bulk_action_row_member"
            ),
            models.Index(
                fields=["invitation_id"], condition=models.Q(invitation_id__isnull=False), name="bulk_action_row_invite"
            ),
        )

    def __str__(self) -> str:
        return f"{self.email}: {self.outcome}"

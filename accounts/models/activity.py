"""The activity log of organizations."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.activity.actions import Action, Affected, Channel


class ActivityEntry(models.Model):
    """One entry in the activity log of an organization: see accounts/activity/log.py.

    No foreign keys: IDs and names are copied as they were. The database rejects every change of an entry.
    """

    organization_id = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=30, choices=Action)

    actor_id = models.BigIntegerField(null=True, help_text="ID of the user who did it. Empty for the product itself.")
    actor_name = models.CharField(max_length=320, blank=True)
    actor_email = models.CharField(max_length=320, blank=True)

    affected = models.CharField(max_length=20, choices=Affected)
    affected_id = models.BigIntegerField(null=True)
    affected_name = models.CharField(max_length=320, blank=True)
    affected_email = models.CharField(max_length=320, blank=True)
    affected_count = models.PositiveIntegerField(null=True, help_text="How many users, if it is about several.")
    details: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, help_text="Names and values before and after."
    )

    channel = models.CharField(max_length=10, choices=Channel)
    command = models.CharField(max_length=60, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    idempotency_key = models.CharField(
        max_length=120, blank=True, help_text="Only the first entry with the same key is stored."
    )

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name_plural = "activity entries"
        indexes = (
            models.Index(fields=["organization_id", "-at", "-id"], name="activity_by_time"),
            models.Index(
                fields=["organization_id", "affected", "affected_id", "-at", "-id"], name="activity_by_affected"
            ),
            models.Index(fields=["at"], name="activity_by_age"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["idempotency_key"], condition=~models.Q(idempotency_key=""), name="one_activity_entry_per_key"
            ),
        )

    def __str__(self) -> str:
        return self.get_action_display()


class ActivityDeletion(models.Model):
    """While there is a row, entries of the activity log can be deleted. Only on SQLite: see accounts/activity/log.py.

    The row exists only inside a transaction, and SQLite has one writing transaction at a time.
    """

    def __str__(self) -> str:
        return "The activity log can be deleted from"


class ActivityErasure(models.Model):
    """While there is a row, an entry can lose its names and addresses. Only on SQLite, as `ActivityDeletion`."""

    def __str__(self) -> str:
        return "A person is being erased from the activity log"

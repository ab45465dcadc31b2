"""Automatic reminders of invitations."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Organization
from invites.models.invitation import Invitation


class Reminder(models.Model):
    """A reminder that was put into the outbox. An organization sends each person at most one of each kind, ever.

    The address identifies the person, so that nobody gets more after a resend or a new invitation. A reminder is
    started before it is given to the mail server, and never started twice: one that a worker began before it died may
    have been sent, and counts as sent.
    """

    class Kind(models.TextChoices):
        AFTER = "after", "Days after the invitation"
        BEFORE = "before", "Days before the link expires"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    # The person still counts as reminded when the invitation is deleted with its import.
    invitation = models.ForeignKey(
        Invitation, on_delete=models.DO_NOTHING, related_name="reminders", db_constraint=False
    )
    email_key = models.CharField(max_length=320)
    kind = models.CharField(max_length=10, choices=Kind)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organization", "email_key", "kind"], name="one_reminder_per_person_and_kind"
            ),
        )
        indexes = (
            models.Index(fields=["organization"], condition=models.Q(sent_at__isnull=True), name="reminder_unsent"),
        )

    def __str__(self) -> str:
        return f"Reminder ({self.kind}) of invitation {self.invitation_id}"


class ReminderCursor(models.Model):
    """How far the reminders of one kind have come. Exists while an organization has switched them on.

    Invitations are looked at once, in the order of the time that decides: when the email was sent, or when the link
    expires. Those up to `position`, and at `position` up to `position_id`, have been looked at.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="reminder_cursors")
    kind = models.CharField(max_length=10, choices=Reminder.Kind)
    position = models.DateTimeField()
    position_id = models.BigIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now, db_index=True, help_text="When to look again.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization", "kind"], name="one_reminder_cursor_per_kind"),)

    def __str__(self) -> str:
        return f"Reminders ({self.kind}) of organization {self.organization_id}"

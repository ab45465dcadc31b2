"""The rows of a batch that one worker invites."""

from __future__ import annotations

from django.db import models

from invites.models.batch import Batch


class BatchChunk(models.Model):
    """A few hundred rows of a batch that one worker claims, invites and emails (imports/chunks.py)."""

    class Stage(models.TextChoices):
        INVITE = "invite", "Invite"
        # Everyone is invited, and nothing is sent before the time of the batch. Then everyone is checked again.
        HELD = "held", "Held"
        RELEASE = "release", "Release"
        MAIL = "mail", "Mail"
        DONE = "done", "Done"

    # No worker has anything to do with these.
    IDLE = (Stage.DONE, Stage.HELD)

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    first_number = models.PositiveIntegerField()
    last_number = models.PositiveIntegerField()
    people = models.PositiveIntegerField(default=0, db_default=0, help_text="How many of its rows waited at first.")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.INVITE)
    claimed_until = models.DateTimeField(null=True, blank=True)
    claims = models.PositiveIntegerField(
        default=0, help_text="How often it was claimed. Identifies a claim, as a fencing token."
    )
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How many claims in a row expired because workers died."
    )
    suspects_given_up = models.PositiveSmallIntegerField(
        default=0, help_text="How many emails were given up because workers died while sending them."
    )
    retry_at = models.DateTimeField(null=True, blank=True, help_text="When it can be claimed again.")
    backoff_count = models.PositiveSmallIntegerField(default=0, help_text="How many retries in a row failed.")
    mail_retry_at = models.DateTimeField(
        null=True, blank=True, help_text="When temporary failures are retried. Other emails don't have to wait."
    )
    # Everything between these two invitations was delivered, but is not saved as sent yet: see chunk_delivery_log.py.
    first_delivered_id = models.BigIntegerField(null=True, blank=True, help_text="The ID of an invitation.")
    last_delivered_id = models.BigIntegerField(null=True, blank=True, help_text="The ID of an invitation.")

    class Meta:
        ordering = ("first_number",)
        constraints = (models.UniqueConstraint(fields=["batch", "first_number"], name="one_chunk_per_start"),)
        indexes = (models.Index(fields=["stage", "claimed_until"], name="chunk_by_stage"),)

    def __str__(self) -> str:
        return f"Rows {self.first_number} to {self.last_number} of batch {self.batch_id}"

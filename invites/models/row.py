"""A row of an imported file."""

from __future__ import annotations

from typing import Any

from django.db import models

from accounts.models import User
from accounts.names import LONGEST_KEY
from invites.models.batch import Batch


class Row(models.Model):
    """A row of the file, numbered as in a spreadsheet, and its outcome.

    A row that still waits when its batch has ended counts as failed. Its outcome is not updated, because there may be
    200,000 of them.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting", "Waiting"
        INVITED = "invited", "Invited"
        SKIPPED = "skipped", "Skipped"
        PROBLEM = "problem", "Problem"
        FAILED = "failed", "Failed"

    class Reason(models.TextChoices):
        NONE = "", ""
        ALREADY_MEMBER = "already_member", "Already a member"
        ALREADY_INVITED = "already_invited", "Already invited"
        DEACTIVATED = "deactivated", "Deactivated"
        ALREADY_DECLINED = "already_declined", "Declined earlier"
        ADDRESS_BLOCKED = "address_blocked", "Address blocked"
        DUPLICATE = "duplicate", "Duplicate"
        ADDRESS_OF_ANOTHER = "address_of_another", "Someone else's address"
        STOPPED = "stopped", "The import was stopped"
        MAIL_REFUSED = "mail_refused", "The mail server rejected the address"
        NOT_A_PERSON = "not_a_person", "Not a person"
        SKIPPED_BY_ADMIN = "skipped_by_admin", "Skipped by an admin"

    # Why rows are skipped: while people are invited, and before. imports/presentation/skip_reasons.py words them.
    SKIPPED_WHILE_INVITING = (
        *(Reason.ALREADY_MEMBER, Reason.ALREADY_INVITED, Reason.DEACTIVATED),
        *(Reason.ALREADY_DECLINED, Reason.ADDRESS_BLOCKED),
    )
    SKIPPED_BEFORE = (Reason.DUPLICATE, Reason.NOT_A_PERSON, Reason.ADDRESS_OF_ANOTHER)
    SKIP_REASONS = (*SKIPPED_WHILE_INVITING, *SKIPPED_BEFORE)

    # Without a constraint, to store thousands of rows faster: see Invitation.
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="rows", db_index=False, db_constraint=False)
    number = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    email = models.CharField(max_length=320)
    email_key = models.CharField(max_length=320)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    description = models.TextField(blank=True)
    person_key = models.CharField(
        max_length=LONGEST_KEY,
        blank=True,
        default="",
        db_default="",
        help_text="The names and the address, folded: accounts/names.py. Those in the file if a cell has a problem.",
    )
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING, db_default=Outcome.WAITING)
    reason = models.CharField(max_length=20, choices=Reason, blank=True, default="", db_default="")
    detail = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Why the row failed: a FailureReason or the reply of the mail server.",
    )
    duplicate_of = models.PositiveIntegerField(
        null=True, blank=True, help_text="The number of the row that has the same address and is kept."
    )
    problems = models.JSONField(
        default=list, db_default=[], help_text="Problems as invites.checking reports them, in codes and values."
    )
    problem_codes = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="The codes of the problems that the check found, separated and surrounded by spaces.",
    )
    suggested_codes = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="The codes of problems that have a suggestion."
    )
    cells = models.JSONField(null=True, blank=True, help_text="The cells in the file, for a row with problems.")
    edit: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True,
        blank=True,
        help_text="What an admin changed or decided: the current cells and the original problems.",
    )
    version = models.PositiveIntegerField(default=0, db_default=0, help_text="How many times it was edited.")
    doubts: models.JSONField[list[dict[str, Any]] | None, list[dict[str, Any]] | None] = models.JSONField(
        null=True,
        blank=True,
        help_text="Warnings about cells of a valid row: code, column, value and suggestion. None without any.",
    )
    open_doubts = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many of these cells are as they were in the file."
    )
    fixable_doubts = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How many of those have a suggestion."
    )
    edited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["batch", "number"], name="one_row_per_number"),)
        # Has everything that pages count, so that they needn't read 200,000 rows with all their problems.
        indexes = (
            models.Index(
                fields=["batch", "outcome", "reason", "problem_codes", "suggested_codes"], name="row_by_outcome"
            ),
            # Most rows have no doubts.
            models.Index(
                fields=["batch", "outcome", "open_doubts", "fixable_doubts"],
                condition=models.Q(doubts__isnull=False),
                name="row_by_doubt",
            ),
            # For the search in imports. Most rows are invited, and wait until then.
            models.Index(
                fields=["batch", "outcome", "person_key", "id"],
                condition=models.Q(outcome__in=("failed", "problem", "skipped")),
                name="left_row_by_name",
            ),
            # For the deletion of a user. Most rows have no editor.
            models.Index(fields=["edited_by"], condition=models.Q(edited_by__isnull=False), name="row_by_editor"),
        )

    def __str__(self) -> str:
        return f"Row {self.number} of batch {self.batch_id}"

    @property
    def editor(self) -> User | None:
        """Who last changed the row, if it differs from the first upload.

        A row that nobody has edited since its file was checked can have an editor from the corrected file.
        """
        is_changed = Row.has_changes(edit=self.edit, reason=self.reason, version=self.version)
        return self.edited_by if is_changed else None

    @classmethod
    def has_changes(cls, *, edit: object, reason: str, version: int) -> bool:
        """Whether a row with an editor and these values differs from the first upload."""
        return edit is not None or reason == cls.Reason.SKIPPED_BY_ADMIN or version == 0

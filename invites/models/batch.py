"""A batch is one import. A job may be changing its rows, and files like it may be read in the same way."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils import timezone

from accounts.models import Organization, User
from invites.models.access_grant import AccessGrant

# A code and its values.
Reason = dict[str, Any]


class BatchQuerySet(models.QuerySet["Batch"]):
    """Filters for batches."""

    def correctable(self) -> Self:
        """Those whose rows can be corrected. The same as `Batch.can_be_corrected`."""
        return self.filter(self.is_continuable() | models.Q(state=Batch.State.NEEDS_CORRECTION))

    @staticmethod
    def is_continuable() -> models.Q:
        """`Batch.can_be_continued` as a condition."""
        is_stopped = models.Q(state=Batch.State.STOPPED, inviting_started_at__isnull=False)
        return models.Q(is_stopped | models.Q(state=Batch.State.DONE), undone_at=None, emptied_at=None)

    @staticmethod
    def is_urgent() -> models.Q:
        """`Batch.is_urgent` as a condition."""
        failed = models.Q(state__in=(Batch.State.REJECTED, Batch.State.FAILED))
        stopped = models.Q(models.Q(state=Batch.State.STOPPED), ~models.Q(state_reasons=[]))
        return models.Q(failed | stopped | models.Q(state__in=Batch.WAITING), undone_at=None)


class Batch(models.Model):
    """One uploaded file and its result."""

    class State(models.TextChoices):
        CHECKING = "checking", "Checking"
        NEEDS_ANSWER = "needs_answer", "Needs answer"
        REJECTED = "rejected", "Not imported"
        NEEDS_CORRECTION = "needs_correction", "Needs fixing"
        NEEDS_CONFIRMATION = "needs_confirmation", "Needs confirmation"
        INVITING = "inviting", "Inviting"
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"
        FAILED = "failed", "Failed"

    RUNNING = (State.CHECKING, State.INVITING)
    # It waits for an admin.
    WAITING = (State.NEEDS_ANSWER, State.NEEDS_CORRECTION, State.NEEDS_CONFIRMATION)
    ENDED = (State.REJECTED, State.DONE, State.STOPPED, State.FAILED)

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="batches", db_index=False)
    inviter = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="batches")
    source: models.JSONField[dict[str, str], dict[str, str]] = models.JSONField(
        default=dict, db_default={}, help_text="Of its entry in the activity log: see accounts/activity/source.py."
    )
    grant = models.ForeignKey(AccessGrant, on_delete=models.RESTRICT, related_name="batches")
    state = models.CharField(max_length=20, choices=State, default=State.CHECKING)
    state_reasons: models.JSONField[list[Reason], list[Reason]] = models.JSONField(
        default=list, blank=True, help_text="Why it was stopped or failed: see invites/reasons.py."
    )
    message = models.TextField(blank=True, default="", db_default="", help_text="Plain text for everyone in the file.")
    message_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Who wrote the message."
    )
    only_valid = models.BooleanField(default=False, help_text="Invite the valid rows of a file with problems.")
    as_written = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Invite people although cells look damaged, without asking: with the names and addresses as written.",
    )
    has_damaged_cells = models.BooleanField(
        default=False, db_default=False, help_text="The check found valid cells that look damaged."
    )
    confirmed_powers: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Permissions to invite or manage users that an admin has confirmed for everyone in the file.",
    )

    outcome_counts: models.JSONField[list[list[Any]] | None, list[list[Any]] | None] = models.JSONField(
        null=True,
        blank=True,
        help_text="The number of rows by outcome and reason when everyone was invited, for the banner on every page. "
        "Empty before that, and once a row has changed since.",
    )

    file_name = models.CharField(max_length=255, blank=True, help_text="Empty for pasted rows.")
    pasted_at = models.DateTimeField(null=True, blank=True, help_text="When its rows were pasted instead of uploaded.")
    file_size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    encoding = models.CharField(max_length=40, blank=True)
    delimiter = models.CharField(max_length=20, blank=True)
    ignored_columns = models.JSONField(default=list)
    rejection: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True,
        blank=True,
        help_text="The problem of the file, with the names of its columns if they are wrong.",
    )
    warnings = models.JSONField(default=list)

    reading: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, db_default={}, help_text="How admins decided to read the file: see checking.ReadingOptions."
    )
    preview: models.JSONField[dict[str, Any] | None, dict[str, Any] | None] = models.JSONField(
        null=True, blank=True, help_text="What has to be known of the file to decide how to read it."
    )
    read_as: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        default=dict, db_default={}, help_text="How the check read the file, for its page."
    )
    first_row = models.PositiveSmallIntegerField(
        default=1,
        db_default=1,
        help_text="The number of the first row of the stored file. 0 if it begins with column names that we added.",
    )
    skipped_numbers = models.JSONField(
        default=list, help_text="Numbers of the rows that a corrected file skips. Empty once it is checked."
    )
    known_rows: models.JSONField[dict[str, list[int]], dict[str, list[int]]] = models.JSONField(
        default=dict,
        db_default={},
        help_text="Numbers of rows without an address that a corrected file kept, as 'people' or 'not_people'. "
        "Empty once it is checked.",
    )
    authors: models.JSONField[list[int], list[int]] = models.JSONField(
        default=list,
        db_default=[],
        help_text="IDs of the users who uploaded, corrected or edited the stored file, including deleted accounts.",
    )
    row_editors: models.JSONField[dict[str, list[int]], dict[str, list[int]]] = models.JSONField(
        default=dict,
        db_default={},
        help_text="Numbers of the edited rows that a corrected file kept, by user ID. Empty once it is checked.",
    )
    notice: models.JSONField[list[Reason], list[Reason]] = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        help_text="Why a corrected file wasn't used, or why nobody was invited: see invites/reasons.py.",
    )

    rows_checked = models.PositiveIntegerField(default=0, help_text="Progress of the check.")
    bytes_checked = models.PositiveBigIntegerField(default=0, help_text="Progress of the check.")
    row_total = models.PositiveIntegerField(default=0, help_text="How many rows the file has, once it is checked.")

    created_at = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True)
    inviting_started_at = models.DateTimeField(null=True, blank=True)
    send_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When its emails will be sent. Empty once that has begun, and without a schedule.",
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    was_stopped = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It was stopped, and nobody was invited since. So it is stopped again once it has been corrected.",
    )
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When the import was undone.")
    is_being_undone = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Undoing has started, so its pending invitations count as revoked.",
    )
    banner_closed_at = models.DateTimeField(null=True, blank=True)
    late_banner_for = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose correction job ended after the import had. Empty once its banner is closed.",
    )
    emptied_at = models.DateTimeField(
        null=True, blank=True, help_text="When names and addresses were deleted: invites/personal_data/retention.py."
    )
    emptied_to = models.PositiveIntegerField(
        null=True, blank=True, help_text="While a worker empties the rows: those up to this number are done."
    )
    continued_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When people were last invited whose rows were fixed after the import had ended.",
    )
    continued_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Who invited those."
    )
    counts_before: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(
        default=dict, db_default={}, help_text="How many were invited and skipped, and failed, before it was continued."
    )
    result_emailed_at = models.DateTimeField(null=True, blank=True, help_text="When the result was emailed.")
    result_email_claimed_until = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Until when a worker holds the result email. After a failure, when it is retried.",
    )

    progressed_at = models.DateTimeField(
        default=timezone.now, help_text="When a worker or an admin last made progress."
    )
    claimed_until = models.DateTimeField(
        null=True, blank=True, help_text="When the claim of the checking worker expires."
    )
    claims = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How often it was claimed. Identifies a claim, as a fencing token."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How many times the check was started.")
    error_reference = models.CharField(
        max_length=9,
        blank=True,
        default="",
        db_default="",
        help_text="Reference of the last unexpected error. It's also in the log.",
    )
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="When undoing is retried after an unexpected error."
    )
    mail_retry_at = models.DateTimeField(
        null=True, blank=True, help_text="When sending is retried after the mail server was down."
    )

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name_plural = "batches"
        indexes = (
            models.Index(fields=["organization", "-created_at"], name="batch_by_time"),
            models.Index(fields=["state"], name="batch_by_state"),
            models.Index(fields=["organization"], condition=models.Q(is_being_undone=True), name="batch_being_undone"),
            models.Index(
                fields=["ended_at"], condition=models.Q(result_emailed_at=None), name="batch_result_not_emailed"
            ),
            models.Index(fields=["ended_at"], condition=models.Q(emptied_at=None), name="batch_not_emptied"),
            models.Index(fields=["id"], condition=models.Q(emptied_to__isnull=False), name="batch_being_emptied"),
        )

    def __str__(self) -> str:
        return f"Pasted {self.pasted_at:%Y-%m-%d %H:%M}" if self.pasted_at else self.file_name

    @property
    def is_running(self) -> bool:
        return self.state in self.RUNNING

    @property
    def current_job(self) -> CorrectionJob | None:
        """The job that is changing rows of a checked batch, if there is one."""
        return getattr(self, "job", None)

    def is_work_of(self, user_id: int) -> bool:
        """Whether this user started the work that is running."""
        job = self.current_job
        return user_id in (self.working_inviter_id, job.started_by_id if job else None)

    @property
    def working_inviter(self) -> User | None:
        """Who invites the people that wait: the inviter, or the admin who continued the import after it had ended."""
        return self.continued_by if self.continued_at else self.inviter

    @property
    def working_inviter_id(self) -> int | None:
        return self.continued_by_id if self.continued_at else self.inviter_id

    @property
    def has_invited(self) -> bool:
        """Whether people were invited before. Then only the rows that were left can still be corrected."""
        return self.inviting_started_at is not None

    @property
    def can_be_corrected(self) -> bool:
        """Whether its rows can be corrected: it waits for that, or it can be continued."""
        return self.can_be_continued or self.state == self.State.NEEDS_CORRECTION

    @property
    def can_be_continued(self) -> bool:
        """Whether the rows that are left can join it: it is done or was stopped, and neither undone nor emptied."""
        is_stopped = self.state == self.State.STOPPED and self.has_invited
        is_kept = self.undone_at is None and self.emptied_at is None
        return is_kept and (is_stopped or self.state == self.State.DONE)

    @property
    def correctable_state(self) -> str:
        """The state in which its rows can be corrected."""
        if not self.has_invited:
            return self.State.NEEDS_CORRECTION
        return self.State.STOPPED if self.was_stopped else self.State.DONE

    @property
    def is_urgent(self) -> bool:
        """Whether an admin has to know: it failed, stopped although nobody stopped it, or waits for an admin."""
        stopped = self.state == self.State.STOPPED and bool(self.state_reasons)
        failed = stopped or self.state in (self.State.REJECTED, self.State.FAILED)
        return self.undone_at is None and (failed or self.state in self.WAITING)

    @property
    def keeps_rows(self) -> bool:
        """Whether its rows count. If the file was rejected or its check never finished, its rows will be deleted."""
        unchecked = self.state in (self.State.STOPPED, self.State.FAILED) and self.checked_at is None
        return not (unchecked or self.state == self.State.REJECTED)

    @property
    def is_at_work(self) -> bool:
        """Whether workers are changing it, so its page has to follow."""
        return self.is_running or self.is_being_undone


class RememberedReading(models.Model):
    """How an organization reads files with these column names, because an admin has chosen so."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="remembered_readings", db_index=False
    )
    signature = models.CharField(max_length=32, help_text="Identifies the column names.")
    column_names: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    reading: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        help_text="See checking.ReadingOptions."
    )
    file_name = models.CharField(max_length=255, blank=True, help_text="The file for which it was chosen.")
    pasted_at = models.DateTimeField(null=True, blank=True, help_text="When its rows were pasted, if it is no file.")
    chosen_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-chosen_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["organization", "signature"], name="one_reading_per_columns"),)

    def __str__(self) -> str:
        return ", ".join(self.column_names)


class CorrectionJob(models.Model):
    """A change of many or all rows of a batch, done by a worker in chunks.

    As long as a batch has a job, it is `checking`, and nobody can edit its rows. The rows up to `last_number` are done:
    another worker continues from there.
    """

    class Action(models.TextChoices):
        USE_FILE = "use_file", "Use a corrected file"
        USE_ROWS = "use_rows", "Use the rows of a corrected file, after the import has ended"
        APPLY = "apply", "Apply the suggestions for a kind of problem"
        FIX = "fix", "Use the suggestions for cells that look like mistakes"
        CHECK = "check", "Check the edited rows again"

    class Then(models.TextChoices):
        STAY = "", "Wait for the admin"
        INVITE_VALID = "invite_valid", "Invite the valid rows"
        INVITE_IF_FIXED = "invite_if_fixed", "Invite them if nothing is left to fix"

    batch = models.OneToOneField(Batch, primary_key=True, on_delete=models.CASCADE, related_name="job")
    action = models.CharField(max_length=10, choices=Action)
    code = models.CharField(max_length=40, blank=True, help_text="The kind of problem.")
    then = models.CharField(max_length=20, choices=Then, blank=True, default=Then.STAY)
    started_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    last_number = models.PositiveIntegerField(default=0, help_text="Rows up to this number are done.")
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    is_stopped = models.BooleanField(
        default=False, help_text="The remaining rows aren't changed, and nobody is invited."
    )

    # For a corrected file, whose content is in the upload parts.
    file_name = models.CharField(max_length=255, blank=True)
    file_size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    grant = models.ForeignKey(AccessGrant, null=True, on_delete=models.RESTRICT, related_name="jobs")

    def __str__(self) -> str:
        return f"{self.get_action_display()} in batch {self.batch_id}"

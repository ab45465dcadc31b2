"""A batch is one import: its file, its rows, and the work that is left to do."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import Organization, User
from invites.models.access_grant import AccessGrant

# A code and its values.
Reason = dict[str, Any]


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


class UploadPart(models.Model):
    """A piece of an uploaded file, kept until its batch has ended.

    Files are in the database so that they are stored in one transaction with their batch, and every worker machine can
    read them.
    """

    SIZE = 1024 * 1024

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="parts", db_index=False)
    is_correction = models.BooleanField(
        default=False, db_default=False, help_text="Part of a corrected file that isn't used yet."
    )
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=["batch", "is_correction", "number"], name="one_upload_part_per_number"),
        )

    def __str__(self) -> str:
        return f"Part {self.number} of batch {self.batch_id}"


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
                fields=["batch", "outcome", "email_key", "first_name", "last_name", "id"],
                condition=models.Q(outcome="skipped"),
                name="skipped_row_by_name",
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

"""Invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import Organization, User
from accounts.names import PersonKeyField
from invites.models.access_grant import AccessGrant
from invites.models.batch import Batch
from invites.models.erased_address import erased_key
from invites.models.row import Row


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Filters for invitations, which can be combined: `.open().unsent()`."""

    def open(self) -> Self:
        """Not accepted and not revoked; expired ones are included.

        An invitation whose import is being undone counts as revoked, even if workers haven't saved that yet.
        """
        return self.filter(self.is_open())

    @staticmethod
    def is_open() -> models.Q:
        """The same as a condition. Without a join, so that an UPDATE that waited for a lock checks the state again."""
        return models.Q(state=Invitation.State.PENDING) & ~InvitationQuerySet._is_being_undone()

    def open_in(self, organization: Organization, *, some_undone: bool = True) -> Self:
        """The open invitations of an organization, for long lists: PostgreSQL and SQLite answer from an index alone.

        Needs another query for the imports that are being undone. Callers who know that there are none say so.
        """
        invitations = self.filter(organization=organization, state=Invitation.State.PENDING)
        if not some_undone:
            return invitations
        undone = Batch.objects.filter(organization=organization, is_being_undone=True).order_by()
        ids = list(undone.values_list("pk", flat=True))
        return invitations.exclude(batch__in=ids) if ids else invitations

    def expired(self, now: datetime | None = None) -> Self:
        """Those whose link no longer works. Combine it with `open`."""
        return self.filter(expires_at__lte=now or timezone.now())

    def unexpired(self, now: datetime | None = None) -> Self:
        """Those whose link works if they are open."""
        return self.filter(expires_at__gt=now or timezone.now())

    def replaceable(self, *, undelivered: bool = False) -> Self:
        """Pending ones that don't keep anyone from being invited again.

        They expired, or their import is being undone; with `undelivered`, also those whose email wasn't delivered.
        """
        is_useless = models.Q(expires_at__lte=timezone.now()) | self._is_being_undone()
        if undelivered:
            is_useless |= models.Q(mail_state__in=Invitation.UNDELIVERED)
        return self.filter(is_useless, state=Invitation.State.PENDING)

    def scheduled(self) -> Self:
        """Those that are sent later. They are open, but their links don't exist yet."""
        return self.filter(state=Invitation.State.PENDING, mail_state=Invitation.Mail.SCHEDULED)

    def with_link(self) -> Self:
        """Those whose link exists, because they aren't scheduled anymore."""
        return self.exclude(mail_state=Invitation.Mail.SCHEDULED)

    def unsent(self) -> Self:
        """Those whose email no server has accepted or refused yet."""
        return self.filter(mail_state__in=Invitation.UNSENT)

    def sent_with_import(self) -> Self:
        """Those whose email is not in the outbox. If it is unsent, their import sends it."""
        return self.filter(mail_due_at=None)

    def to_send(self) -> Self:
        """The same, and those that are to get a reminder."""
        return self.filter(mail_state__in=(*Invitation.UNSENT, Invitation.Mail.REMINDING))

    def due(self, now: datetime | None = None) -> Self:
        """Open ones whose email or reminder is in the outbox and may be sent now.

        Those of suspended organizations wait.
        """
        return self.open().to_send().filter(mail_due_at__lte=now or timezone.now()).of_active_organizations()

    def of_active_organizations(self) -> Self:
        """Without those of suspended organizations and of those that are being deleted.

        These are excluded: if the active ones were listed, SQLite would go through all of their invitations.
        """
        return self.exclude(organization__in=Organization.objects.inactive().values("pk"))

    def undelivered(self) -> Self:
        """Those whose email bounced, or whose reminder was refused. Combine it with `open`."""
        return self.filter(mail_state__in=Invitation.UNDELIVERED)

    def declined(self) -> Self:
        """Those whose invitee said no, including those that an admin removed from the list."""
        return self.filter(state=Invitation.State.DECLINED)

    def declined_on_list(self) -> Self:
        """The same without those that an admin removed from the list."""
        return self.declined().filter(is_unlisted=False)

    def pending_of_batch(self) -> Self:
        """The pending ones of a batch. All mail states are listed so that the index `invitation_by_mail` fits."""
        return self.filter(state=Invitation.State.PENDING, mail_state__in=Invitation.Mail.values)

    def for_address(self, email_key: str) -> Self:
        """Also the decline of a person who was erased since."""
        return self.filter(email_key__in=(email_key, erased_key(email_key)))

    def close(self, state: str) -> int:
        """Give them their final state, and remove their email from the outbox. Returns how many."""
        return self.update(state=state, closed_at=timezone.now(), mail_due_at=None)

    @staticmethod
    def _is_being_undone() -> models.Q:
        return models.Q(batch__in=Batch.objects.filter(is_being_undone=True).values("pk"))


class Invitation(models.Model):
    """An offer to one address to join an organization with the roles and sites of a grant.

    Rows and invitations have no foreign key constraints, because imports store thousands of them: with constraints,
    inviting 100,000 people takes 40 percent more CPU time on PostgreSQL (8.1 s, not 5.7 s; on SQLite it takes 5 s with
    and without them). References stay valid all the same. A worker locks the chunk that it invites, so the deletion of
    a batch waits for it, and receivers.py deletes what the worker stored meanwhile. A grant that isn't the batch's is
    stored in one transaction with the reference to it, and only deleted with the organization. If an inviter is deleted
    at the same moment, the reference dangles and reads as None, as it does after a deletion.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Invite pending"
        ACCEPTED = "accepted", "Accepted"
        REVOKED = "revoked", "Revoked"
        REPLACED = "replaced", "Replaced by a newer invitation"
        # The invitee said no. Nobody emails them again, unless an admin explicitly chooses to.
        DECLINED = "declined", "Declined"

    class Mail(models.TextChoices):
        """The state of the email with the current link. After a new link, it is queued again.

        Scheduled: nothing sends it before its time, which is `mail_due_at`, or that of its import. The invitation is
        pending all the same, so that every rule for pending ones holds: one for each address, its roles and sites stay,
        admins can change and revoke it.

        Queued: not tried yet. Deferred: failed temporarily, and is retried. Sent: accepted by a mail server. Reminding:
        sent, and a reminder is in the outbox. Bounced: accepted, but then returned. Failed: a permanent failure, or
        given up, with the reason in `mail_detail`. If the first email of an import fails, its invitation is revoked as
        well.
        """

        SCHEDULED = "scheduled", "Scheduled"
        QUEUED = "queued", "Queued"
        DEFERRED = "deferred", "Deferred by the mail server"
        SENT = "sent", "Sent"
        REMINDING = "reminding", "Sent, and a reminder is to be sent"
        BOUNCED = "bounced", "Bounced"
        FAILED = "failed", "Failed"

    UNSENT = (Mail.QUEUED.value, Mail.DEFERRED.value)
    DELIVERED = (Mail.SENT.value, Mail.REMINDING.value)
    # These people still count as invited: the email bounced, or a reminder was refused.
    UNDELIVERED = (Mail.BOUNCED.value, Mail.FAILED.value)

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations", db_index=False, db_constraint=False
    )
    grant = models.ForeignKey(
        AccessGrant, on_delete=models.RESTRICT, related_name="invitations", db_index=False, db_constraint=False
    )
    inviter = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    row = models.OneToOneField(
        Row, null=True, blank=True, on_delete=models.RESTRICT, related_name="invitation", db_constraint=False
    )
    batch = models.ForeignKey(
        Batch,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="invitations",
        db_index=False,
        db_constraint=False,
    )
    email = models.CharField(max_length=320)
    email_key = models.CharField(max_length=320, help_text="The lowercase form, which identifies a person.")
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    description = models.TextField(blank=True)
    person_key = PersonKeyField()
    message = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Plain text for this person. The message of an import is stored with its batch.",
    )
    message_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="Who wrote the message.",
    )

    state = models.CharField(max_length=10, choices=State, default=State.PENDING, db_default=State.PENDING)
    token_seed = models.CharField(max_length=32, help_text="The token is derived from it and the secret key.")
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(help_text="Far in the future until a scheduled invitation is sent.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was accepted, declined or revoked.")
    is_unlisted = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Declined, and an admin removed it from the list. Imports still skip the address.",
    )
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )

    mail_state = models.CharField(max_length=10, choices=Mail, default=Mail.QUEUED, db_default=Mail.QUEUED)
    mail_detail = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="A FailureReason, or what the mail server answered.",
    )
    mail_finished_at = models.DateTimeField(
        null=True, blank=True, help_text="When a mail server accepted the email, or sending it failed for good."
    )
    bounced_at = models.DateTimeField(null=True, blank=True)
    mail_due_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When an email outside of a batch is due or scheduled; claims and backoff postpone it.",
    )
    mail_deferrals = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many times in a row sending it failed temporarily."
    )
    mail_crashes = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How many workers died while sending it."
    )
    times_resent = models.PositiveSmallIntegerField(default=0, db_default=0)
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When the current link was first opened.")
    opened_with = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="The user agent.")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["token_hash"], name="one_invitation_per_token"),
            models.UniqueConstraint(
                fields=["organization", "email_key"],
                condition=models.Q(state="pending"),
                name="one_pending_invitation_per_address",
            ),
        )
        # A foreign key without its own index is the first column of one of these, or rarely set.
        indexes = (
            models.Index(
                fields=["accepted_by"], condition=models.Q(accepted_by__isnull=False), name="invitation_by_acceptor"
            ),
            # Has all columns that are needed to count the expired ones of each inviter.
            models.Index(
                fields=["organization", "expires_at", "id", "state", "inviter", "grant"],
                condition=models.Q(state="pending"),
                name="pending_invitation_by_expiry",
            ),
            # Has all that the page of an import counts. Those of a chunk expire at the same moment, so it stays small.
            models.Index(fields=["batch", "mail_state", "state", "expires_at"], name="invitation_by_mail"),
            # For the responses to an import over time. An import stores none of these.
            models.Index(
                fields=["batch", "state", "closed_at"],
                condition=models.Q(closed_at__isnull=False),
                name="invitation_by_closing",
            ),
            # For reminders. Invitations that are being stored aren't in it.
            models.Index(
                fields=["organization", "mail_finished_at", "id"],
                condition=models.Q(state="pending", mail_state="sent"),
                name="sent_invitation_by_time",
            ),
            # Has all columns that the users page needs to skip invitations, so that it needn't read their rows.
            models.Index(
                fields=["organization", "person_key", "id", "expires_at", "state", "grant"],
                condition=models.Q(state="pending"),
                name="pending_invitation_by_name",
            ),
            # Has all columns that are needed to count scheduled ones with any filter.
            models.Index(
                fields=["organization", "person_key", "id", "expires_at", "state", "mail_state", "grant"],
                condition=models.Q(state="pending", mail_state="scheduled"),
                name="scheduled_invitation_by_name",
            ),
            # For the search in imports. An import stores none of these.
            models.Index(
                fields=["organization", "person_key", "id", "state"],
                condition=~models.Q(state="pending"),
                name="closed_invitation_by_name",
            ),
            # For the list, and for each import. Few invitations are declined.
            models.Index(
                fields=["organization", "person_key", "id"],
                condition=models.Q(state="declined", is_unlisted=False),
                name="declined_invitation_by_name",
            ),
            models.Index(
                fields=["organization", "email_key"],
                condition=models.Q(state="declined"),
                name="declined_invitation_by_address",
            ),
            # To count them for the tabs of the users page. Rarely any are scheduled.
            models.Index(
                fields=["organization", "state", "mail_state", "batch"],
                condition=models.Q(state="pending", mail_state="scheduled"),
                name="scheduled_invitation",
            ),
            # For all organizations, and for the outbox of each.
            models.Index(
                fields=["mail_due_at"], condition=models.Q(mail_due_at__isnull=False), name="invitation_mail_due"
            ),
            models.Index(
                fields=["organization", "mail_due_at"],
                condition=models.Q(mail_due_at__isnull=False),
                name="invitation_in_outbox",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} to {self.organization_id}"

    @property
    def is_expired(self) -> bool:
        return self.state == self.State.PENDING and self.expires_at <= timezone.now()

    @property
    def is_declined_on_list(self) -> bool:
        """The same as the filter `declined_on_list`."""
        return self.state == self.State.DECLINED and not self.is_unlisted

    @property
    def is_scheduled(self) -> bool:
        return self.state == self.State.PENDING and self.mail_state == self.Mail.SCHEDULED

    @property
    def scheduled_at(self) -> datetime | None:
        """When it will be sent: at a time of its own, or with its import. None unless it is scheduled."""
        if not self.is_scheduled:
            return None
        return self.mail_due_at or (self.batch.send_at if self.batch else None)

    @property
    def message_source(self) -> Invitation | Batch:
        """What has its personal message: the invitation itself, or else its import.

        An admin who fixed a row of an import may have removed the message for its person: then the invitation has an
        author and an empty message.
        """
        has_own = bool(self.message or self.message_by_id)
        return self if has_own or self.batch is None else self.batch

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

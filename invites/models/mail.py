"""Daily quotas, rate limits and backoff of email."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import Organization, User


class DailyInviteCount(models.Model):
    """How many people one inviter invited to an organization in one day."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    inviter = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    day = models.DateField()
    invitations = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization", "day", "inviter"], name="one_count_per_inviter_and_day"),
        )

    def __str__(self) -> str:
        return f"{self.invitations} on {self.day}"


class DailyRecipientMail(models.Model):
    """How many invitations an organization emailed to one address in one day."""

    day = models.DateField()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    email_key = models.CharField(max_length=320)
    emails = models.PositiveIntegerField(default=1)
    last_token_hash = models.CharField(max_length=64, help_text="The invitation link that was counted last.")

    class Meta:
        # The day comes first, so that the rows of past days are deleted by this index.
        constraints = (
            models.UniqueConstraint(
                fields=["day", "organization", "email_key"], name="one_count_per_recipient_and_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.emails} on {self.day}"


class RateLimitBucket(models.Model):
    """When more email can be sent: in total, by one organization, or to one domain."""

    key = models.CharField(max_length=320, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class DomainBackoff(models.Model):
    """A domain that deferred recipients, and when email to it is retried."""

    domain = models.CharField(max_length=255, primary_key=True)
    deferrals = models.PositiveIntegerField(default=0, help_text="How many recipients in a row it deferred.")
    backoff_count = models.PositiveIntegerField(default=0, help_text="How many backoffs in a row it had.")
    retry_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.domain


class SendLock(models.Model):
    """Lets one worker at a time send the invitations in the outbox of an organization: mailing/send_lock.py."""

    organization = models.OneToOneField(Organization, primary_key=True, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=32, help_text="Identifies the holder.")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Send lock of organization {self.organization_id}"


class ReplyToRequest(models.Model):
    """A reply-to address that an organization wants to use, until its owner confirms it with the link in an email."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, related_name="reply_to_request")
    email = models.CharField(max_length=320)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    token_seed = models.CharField(max_length=32, help_text="The token is derived from it and the secret key.")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.email} for {self.organization_id}"

"""What members are told about invitations that expire."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership


class ExpiryNotice(models.Model):
    """The banner that a member closed, and the emails that they get: see directory/expiry_email.py."""

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="expiry_notice"
    )
    closed_at = models.DateTimeField(null=True, help_text="When the member closed the banner.")
    closed_expiring = models.PositiveIntegerField(default=0, help_text="The numbers that it showed then.")
    closed_expired = models.PositiveIntegerField(default=0)

    email_day = models.DateField(null=True, help_text="The organization's day of the last email.")
    counted_at = models.DateTimeField(null=True, help_text="When it was decided to send it.")
    email_due_at = models.DateTimeField(null=True, help_text="Set while it is to be sent; claims postpone it.")
    email_started_at = models.DateTimeField(null=True, help_text="When it was given to the mail server.")

    class Meta:
        indexes = (
            models.Index(
                fields=["email_due_at"], condition=models.Q(email_due_at__isnull=False), name="expiry_email_due"
            ),
        )

    def __str__(self) -> str:
        return f"Notice of expiring invitations for member {self.membership_id}"

"""What members are told about invitations that expire."""

from __future__ import annotations

from django.db import models

from accounts.models import Membership


class ExpiryNotice(models.Model):
    """The banner that a member closed. Stored when they close it first."""

    membership = models.OneToOneField(
        Membership, primary_key=True, on_delete=models.CASCADE, related_name="expiry_notice"
    )
    closed_at = models.DateTimeField(null=True, help_text="When the member closed the banner.")
    closed_expiring = models.PositiveIntegerField(default=0, help_text="The numbers that it showed then.")
    closed_expired = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"Notice of expiring invitations for member {self.membership_id}"

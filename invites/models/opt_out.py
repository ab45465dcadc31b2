"""What invitees want from us: no further invitations, or a new one."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.utils import timezone

from accounts.models import Organization, User
from invites.models.invitation import Invitation


class BlockedAddressQuerySet(models.QuerySet["BlockedAddress"]):
    """Filters for blocked addresses."""

    def current(self) -> Self:
        """Those whose block no operator has lifted."""
        return self.filter(lifted_at=None)


class BlockedAddress(models.Model):
    """An address that reported abuse. No organization can send invitations to it until an operator lifts the block.

    Organizations learn nothing about it, except that the address doesn't accept invitations.
    """

    email_key = models.CharField(max_length=320)
    reported_at = models.DateTimeField(default=timezone.now)
    organization = models.ForeignKey(
        Organization,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Whose invitation was reported. Only operators may know.",
    )
    inviter = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Who had sent the invitation."
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    objects = BlockedAddressQuerySet.as_manager()

    class Meta:
        ordering = ("-reported_at", "-pk")
        verbose_name_plural = "blocked addresses"
        constraints = (
            models.UniqueConstraint(
                fields=["email_key"], condition=models.Q(lifted_at=None), name="one_block_per_address"
            ),
        )

    def __str__(self) -> str:
        return self.email_key


class InvitationRequest(models.Model):
    """The invitee asked for a new invitation, on the page of a link that no longer works.

    There is one row per invitation, however often they ask. It is deleted when the invitation is sent again.
    A deleted invitation may leave its row behind: a cascade would load thousands of invitations to delete them. Queries
    join the invitation, so nobody sees such a row.
    """

    invitation = models.OneToOneField(
        Invitation, primary_key=True, on_delete=models.DO_NOTHING, related_name="request", db_constraint=False
    )
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_at = models.DateTimeField(default=timezone.now)
    dismissed_at = models.DateTimeField(
        null=True, blank=True, help_text="When an admin said no. Asking again undoes it."
    )

    class Meta:
        indexes = (
            models.Index(
                fields=["organization", "-asked_at"],
                condition=models.Q(dismissed_at=None),
                name="open_request_by_time",
            ),
        )

    def __str__(self) -> str:
        return f"Request for invitation {self.invitation_id}"

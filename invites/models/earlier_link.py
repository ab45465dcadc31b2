"""A link of an invitation that no longer works."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from invites.models.invitation import Invitation


class EarlierLink(models.Model):
    """A link of an invitation that was replaced by a newer one, and what became of its email.

    The invitation itself describes the current link. So only resending stores something here, and importing doesn't.
    The fields mean the same as those of the invitation. Deleting users or invitations is rare, so that there are no
    constraints for every insert to check. They are deleted with their organization in receivers.py: a cascade would
    load thousands of invitations to delete them.
    """

    invitation = models.ForeignKey(
        Invitation, on_delete=models.DO_NOTHING, related_name="earlier_links", db_constraint=False
    )
    token_hash = models.CharField(max_length=64, db_index=True)
    email = models.CharField(max_length=320)
    mail_state = models.CharField(max_length=10, choices=Invitation.Mail)
    mail_detail = models.CharField(max_length=300, blank=True)
    mail_finished_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_with = models.CharField(max_length=300, blank=True)
    replaced_at = models.DateTimeField()
    replaced_by = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )

    def __str__(self) -> str:
        return f"Earlier link of invitation {self.invitation_id}"

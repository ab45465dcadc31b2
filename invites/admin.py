"""The admin site for operators. It is read-only, because manual edits would break summaries, and hides all tokens.

Only the block of an address that reported abuse can be lifted here.
"""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import ReadOnlyAdmin
from accounts.models import User
from invites.invitations.blocking import lift_block
from invites.models import Batch, BatchChunk, BlockedAddress, Invitation, Row


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "organization", "inviter", "state", "row_total", "created_at", "ended_at")
    list_filter = ("state", "organization")
    search_fields = ("file_name", "inviter__email", "organization__name")
    list_select_related = ("organization", "inviter")
    date_hierarchy = "created_at"


@admin.register(Row)
class RowAdmin(ReadOnlyAdmin):
    list_display = ("batch", "number", "email", "outcome", "reason", "detail")
    list_filter = ("outcome", "reason")
    search_fields = ("email_key", "batch__file_name")
    list_select_related = ("batch",)
    show_full_result_count = False


@admin.register(BatchChunk)
class BatchChunkAdmin(ReadOnlyAdmin):
    list_display = ("batch", "first_number", "last_number", "stage", "attempts", "claimed_until", "retry_at")
    list_filter = ("stage",)
    list_select_related = ("batch",)


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    list_display = ("email", "organization", "state", "mail_state", "mail_detail", "created_at", "expires_at")
    list_filter = ("state", "mail_state", "organization")
    search_fields = ("email_key", "first_name", "last_name")
    list_select_related = ("organization",)
    exclude = ("token_seed", "token_hash")
    show_full_result_count = False


@admin.register(BlockedAddress)
class BlockedAddressAdmin(ReadOnlyAdmin):
    """The reports of abuse, newest first."""

    list_display = ("email_key", "reported_at", "organization", "inviter", "lifted_at", "lifted_by")
    list_filter = ("organization",)
    search_fields = ("email_key", "organization__name", "inviter__email")
    list_select_related = ("organization", "inviter", "lifted_by")
    actions = ("lift",)

    @admin.action(description="Lift the block, so that these addresses can be invited again")
    def lift(self, request: HttpRequest, queryset: QuerySet[BlockedAddress]) -> None:
        """For each selected address."""
        if isinstance(request.user, User):
            count = sum(lift_block(block, by=request.user) for block in queryset)
            self.message_user(request, f"{count} lifted.")

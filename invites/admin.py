"""The admin site for operators. It is read-only, because manual edits would break summaries, and hides all tokens."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin import ReadOnlyAdmin
from invites.models import Batch, BatchChunk, Invitation, Row


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

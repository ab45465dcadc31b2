"""Imports, below `o/<slug>/`."""

from django.urls import URLPattern, include, path

from invites.imports.views import (
    batch_actions,
    batches,
    confirm,
    declined,
    grid,
    progress,
    reactivate,
    reading,
    remembered,
    schedule,
    upload,
)

app_name = "imports"

_batch: list[URLPattern] = [
    path("", batches.batch_page, name="batch"),
    path("reading/", reading.batch_reading, name="batch_reading"),
    path("reading/delete/", reading.batch_delete, name="batch_delete"),
    path("confirm/", confirm.batch_confirm, name="batch_confirm"),
    path("problems/", grid.batch_problems, name="batch_problems"),
    path("problems.csv", grid.batch_problems_file, name="batch_problems_file"),
    path("invite-valid/", batch_actions.batch_invite_valid, name="batch_invite_valid"),
    path("stop/", batch_actions.batch_stop, name="batch_stop"),
    path("resend/", batch_actions.batch_resend, name="batch_resend"),
    path("schedule/", schedule.batch_schedule, name="batch_schedule"),
    path("send-now/", schedule.batch_send_now, name="batch_send_now"),
    path("undo/", batch_actions.batch_undo, name="batch_undo"),
    path("invite-declined/", declined.batch_invite_declined, name="batch_invite_declined"),
    path("reactivate/", reactivate.batch_reactivate, name="batch_reactivate"),
    path("close-banner/", batch_actions.batch_close_banner, name="batch_close_banner"),
    path("report.csv", batches.batch_download, name="batch_download"),
    path("dialog/", progress.batch_progress, {"place": "dialog"}, name="batch_dialog"),
    path("progress/", progress.batch_progress, {"place": "page"}, name="batch_progress"),
]

urlpatterns = [
    path("import/", upload.import_file, name="import"),
    path("import/understand/", upload.understand_pasted, name="understand_pasted"),
    path("import/sample_batch_invite.csv", upload.sample_file, name="sample"),
    path("settings/imports/", remembered.remembered_readings, name="remembered_readings"),
    path("settings/imports/<int:pk>/forget/", remembered.forget_reading, name="forget_reading"),
    path("batches/", batches.batch_list, name="batches"),
    path("batches/<int:pk>/", include(_batch)),
]

"""Addresses of users, invitations and batches."""

from django.urls import URLPattern, path

from invites.views import batches, imports, progress

BATCH = "o/<slug:organization>/batches/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("o/<slug:organization>/import/", imports.import_file, name="import"),
    path("o/<slug:organization>/import/sample_batch_invite.csv", imports.sample_file, name="sample"),
    path("o/<slug:organization>/batches/", batches.batch_list, name="batches"),
    path(BATCH, batches.batch_page, name="batch"),
    path(f"{BATCH}problems/", batches.batch_problems, name="batch_problems"),
    path(f"{BATCH}invite-valid/", batches.batch_invite_valid, name="batch_invite_valid"),
    path(f"{BATCH}stop/", batches.batch_stop, name="batch_stop"),
    path(f"{BATCH}close-banner/", batches.batch_close_banner, name="batch_close_banner"),
    path(f"{BATCH}report.csv", batches.batch_download, name="batch_download"),
    path(f"{BATCH}dialog/", progress.batch_progress, {"place": "dialog"}, name="batch_dialog"),
    path(f"{BATCH}dialog/events/", progress.batch_events, {"place": "dialog"}, name="batch_dialog_events"),
    path(f"{BATCH}progress/", progress.batch_progress, {"place": "page"}, name="batch_progress"),
    path(f"{BATCH}progress/events/", progress.batch_events, {"place": "page"}, name="batch_progress_events"),
    path("o/<slug:organization>/banners/", progress.banners, name="banners"),
    path("o/<slug:organization>/indicator/", progress.indicator, name="indicator"),
    path("o/<slug:organization>/indicator/events/", progress.shell_events, name="indicator_events"),
]

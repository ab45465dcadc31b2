"""Addresses of users, invitations and batches."""

from django.urls import URLPattern, path

from invites.views import accept, batches, bulk_actions, imports, invite, mending, progress, users

BATCH = "o/<slug:organization>/batches/<int:pk>/"
BULK = "o/<slug:organization>/users/selected/<int:pk>/"

urlpatterns: list[URLPattern] = [
    path("o/<slug:organization>/users/", users.users, name="users"),
    path("o/<slug:organization>/users/selected/", invite.people_bulk, name="people_bulk"),
    path("o/<slug:organization>/users/<int:pk>/", users.member_edit, name="member_edit"),
    path("o/<slug:organization>/users/<int:pk>/remove/", users.member_remove, name="member_remove"),
    path(BULK, bulk_actions.bulk_action, {"place": "dialog"}, name="bulk_action"),
    path(f"{BULK}events/", bulk_actions.bulk_action_events, {"place": "dialog"}, name="bulk_action_events"),
    path(f"{BULK}banner/", bulk_actions.bulk_action, {"place": "banner"}, name="bulk_action_banner"),
    path(
        f"{BULK}banner/events/", bulk_actions.bulk_action_events, {"place": "banner"}, name="bulk_action_banner_events"
    ),
    path(f"{BULK}stop/", bulk_actions.bulk_action_stop, name="bulk_action_stop"),
    path(f"{BULK}close-banner/", bulk_actions.bulk_action_close_banner, name="bulk_action_close_banner"),
    path("o/<slug:organization>/invite/", invite.invite, name="invite"),
    path("o/<slug:organization>/invitations/<int:pk>/", invite.invitation_edit, name="invitation_edit"),
    path("o/<slug:organization>/invitations/<int:pk>/resend/", invite.invitation_resend, name="invitation_resend"),
    path("o/<slug:organization>/invitations/<int:pk>/revoke/", invite.invitation_revoke, name="invitation_revoke"),
    path("i/<str:token>/", accept.invitation_link, name="invitation_link"),
    path("invitation/", accept.invitation, name="invitation"),
    path("invitation/switch/", accept.invitation_switch, name="invitation_switch"),
    path("o/<slug:organization>/import/", imports.import_file, name="import"),
    path("o/<slug:organization>/import/sample_batch_invite.csv", imports.sample_file, name="sample"),
    path("o/<slug:organization>/batches/", batches.batch_list, name="batches"),
    path(BATCH, batches.batch_page, name="batch"),
    path(f"{BATCH}problems/", mending.batch_problems, name="batch_problems"),
    path(f"{BATCH}problems.csv", mending.batch_problems_file, name="batch_problems_file"),
    path(f"{BATCH}invite-valid/", batches.batch_invite_valid, name="batch_invite_valid"),
    path(f"{BATCH}stop/", batches.batch_stop, name="batch_stop"),
    path(f"{BATCH}remind/", batches.batch_remind, name="batch_remind"),
    path(f"{BATCH}undo/", batches.batch_undo, name="batch_undo"),
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

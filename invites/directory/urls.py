"""URLs of the Users page, below `o/<slug>/`."""

from django.urls import include, path

from invites.directory.views import (
    bulk_actions,
    deactivation,
    expiring,
    export,
    invitations,
    person,
    removal,
    requests,
    schedule,
    sent,
    users,
)

app_name = "directory"

_bulk_action = [
    path("", bulk_actions.bulk_action, {"place": "dialog"}, name="bulk_action"),
    path("banner/", bulk_actions.bulk_action, {"place": "banner"}, name="bulk_action_banner"),
    path("stop/", bulk_actions.bulk_action_stop, name="bulk_action_stop"),
    path("results/", bulk_actions.bulk_results, name="bulk_results"),
    path("results.csv", bulk_actions.bulk_results_csv, name="bulk_results_csv"),
    path("undo/", bulk_actions.bulk_undo, name="bulk_undo"),
    path("close-banner/", bulk_actions.bulk_action_close_banner, name="bulk_action_close_banner"),
]

urlpatterns = [
    path("users/", users.users, name="users"),
    path("users/requests/", requests.request_list, name="requests"),
    path("users/expiring/", expiring.expiring, name="expiring"),
    path("users/expiring/close/", expiring.expiring_close, name="expiring_close"),
    path("users/selected/", bulk_actions.people_bulk, name="people_bulk"),
    path("users/selected/<int:pk>/", include(_bulk_action)),
    path("users/export/", export.export, name="export"),
    path("users/<int:pk>/", person.member_page, name="member"),
    path("users/<int:pk>/edit/", users.member_edit, name="member_edit"),
    path("users/<int:pk>/remove/", removal.member_remove, name="member_remove"),
    path("users/<int:pk>/deactivate/", deactivation.member_deactivate, name="member_deactivate"),
    path("users/<int:pk>/reactivate/", deactivation.member_reactivate, name="member_reactivate"),
    path("leave/", removal.leave, name="leave"),
    path("invitations/", sent.sent_invitations, name="sent"),
    path("invitations/<int:pk>/", person.invitation_page, name="invitation"),
    path("invitations/<int:pk>/edit/", invitations.invitation_edit, name="invitation_edit"),
    path("invitations/<int:pk>/resend/", invitations.invitation_resend, name="invitation_resend"),
    path("invitations/<int:pk>/revoke/", invitations.invitation_revoke, name="invitation_revoke"),
    path("invitations/<int:pk>/schedule/", schedule.invitation_schedule, name="invitation_schedule"),
    path("invitations/<int:pk>/send-now/", schedule.invitation_send_now, name="invitation_send_now"),
    path("invitations/<int:pk>/invite-again/", invitations.invitation_again, name="invitation_again"),
    path("invitations/<int:pk>/unlist/", invitations.invitation_unlist, name="invitation_unlist"),
    path("invitations/<int:pk>/grant/", requests.request_grant, name="request_grant"),
    path("invitations/<int:pk>/dismiss/", requests.request_dismiss, name="request_dismiss"),
]

"""The invitation email of an organization, below `o/<slug>/`."""

from django.urls import path

from invites.mailing.views import preview, settings

app_name = "mailing"
urlpatterns = [
    path("settings/email/", settings.email_settings, name="settings"),
    path("settings/email/preview/", preview.settings_preview, name="settings_preview"),
    path("settings/email/test/", preview.settings_test, name="settings_test"),
    path("settings/email/reminders/", settings.reminder_note, name="reminder_note"),
    path("settings/email/reply-to/", settings.resend_reply_to_link, name="resend_reply_to_link"),
    path("invite/preview/", preview.invitation_preview, name="invitation_preview"),
    path("invite/test/", preview.invitation_test, name="invitation_test"),
]

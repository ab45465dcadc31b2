"""All URLs of the product. `guarded` refuses a view that doesn't declare who may open it."""

from django.contrib import admin
from django.urls import include, path

from accounts.organizations.access import guarded, third_party
from config.bounces import webhooks
from config.health import healthz, readyz

organization = [
    path("", include("accounts.organizations.urls")),
    path("", include("invites.directory.urls")),
    path("", include("invites.invitations.urls")),
    path("", include("invites.mailing.urls")),
    path("", include("invites.imports.urls")),
    path("", include("invites.activity.urls")),
    path("", include("invites.shell.urls")),
]

urlpatterns = guarded(
    [
        path("healthz", healthz, name="healthz"),
        path("readyz", readyz, name="readyz"),
        third_party(
            path("accounts/", include("accounts.users.sign_in_urls")),
            reason="Signing in is for everybody, and allauth asks for a session where one is needed.",
        ),
        third_party(path("operators/", admin.site.urls), reason="Every page of it asks for an operator."),
        third_party(path("mail/", include("django_mail_preview.urls")), reason="Shut outside development."),
        *webhooks(),
        path("", include("accounts.users.urls")),
        path("", include("invites.mailing.public_urls")),
        path("", include("invites.invitations.public_urls")),
        path("o/<slug:organization>/", include(organization)),
    ]
)

handler400 = "config.failures.bad_request"
handler500 = "config.failures.failure"

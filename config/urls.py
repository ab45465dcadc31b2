"""Every address of the product. `guarded` refuses a view that does not declare who may open it."""

from django.contrib import admin
from django.urls import include, path

from accounts.access import guarded

urlpatterns = guarded(
    [
        path("accounts/", include("allauth.account.urls")),
        path("operators/", admin.site.urls),
        path("mail/", include("django_mail_preview.urls")),
        path("", include("accounts.urls")),
        path("", include("invites.urls")),
    ],
    third_party=[
        "allauth",
        "django.contrib.admin",
        "django.contrib.contenttypes",
        "django.views",
        "django_mail_preview",
    ],
)

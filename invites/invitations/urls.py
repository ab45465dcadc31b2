"""Inviting one person, and the email domains, below `o/<slug>/`. The invitee's pages are in public_urls.py."""

from django.urls import path

from invites.invitations.views import invite, settings

app_name = "invitations"
urlpatterns = [
    path("invite/", invite.invite, name="invite"),
    path("settings/email-domains/", settings.allowed_domains, name="allowed_domains"),
]

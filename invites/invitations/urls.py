"""Inviting one person, below `o/<slug>/`. The invitee's pages are in public_urls.py."""

from django.urls import path

from invites.invitations.views import invite

app_name = "invitations"
urlpatterns = [path("invite/", invite.invite, name="invite")]

"""Pages to which emails lead, which belong to no organization. Before those of invitations, which take any token."""

from django.urls import path

from invites.mailing.trial import TEST_TOKEN
from invites.mailing.views import public

app_name = "public_mailing"
urlpatterns = [
    path(f"i/{TEST_TOKEN}/", public.trial, name="trial"),
    path("reply-to/<str:token>/", public.reply_to, name="reply_to"),
]

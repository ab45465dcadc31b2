"""The invitee's pages, which belong to no organization: the link in the email, and the invitation it leads to."""

from django.urls import path

from invites.invitations.views import accept

app_name = "acceptance"
urlpatterns = [
    path("i/<str:token>/", accept.invitation_link, name="invitation_link"),
    path("invitation/", accept.invitation, name="invitation"),
    path("invitation/switch/", accept.invitation_switch, name="invitation_switch"),
]

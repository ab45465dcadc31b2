"""The invitee's pages, which belong to no organization: the link in the email, and the invitation it leads to."""

from django.urls import path

from accounts.users import rate_limits
from accounts.users.sign_in_limits import limited
from invites.invitations.views import accept, opt_out

decline = limited(rate_limits.INVITEE_FORMS_OF_CLIENT, opt_out.decline_page)
report = limited(rate_limits.INVITEE_FORMS_OF_CLIENT, opt_out.report_page)
ask = limited(rate_limits.INVITEE_FORMS_OF_CLIENT, accept.invitation_ask)

app_name = "acceptance"
urlpatterns = [
    path("i/<str:token>/", accept.invitation_link, name="invitation_link"),
    path("i/decline/<str:token>/", opt_out.opt_out_link, {"page": "acceptance:decline"}, name="decline_link"),
    path("i/report/<str:token>/", opt_out.opt_out_link, {"page": "acceptance:report"}, name="report_link"),
    path("invitation/", accept.invitation, name="invitation"),
    path("invitation/ask/", ask, name="invitation_ask"),
    path("invitation/decline/", decline, name="decline"),
    path("invitation/report/", report, name="report"),
    path("invitation/switch/", accept.invitation_switch, name="invitation_switch"),
]

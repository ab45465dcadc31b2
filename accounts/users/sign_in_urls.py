"""The pages of allauth that this product uses, and no others.

There is no sign-up, because accounts come only from invitations, and no page to change an email address, because
invitations are matched by it.
"""

from allauth.account import views
from django.urls import path, re_path

from accounts.users import rate_limits
from accounts.users.sign_in_limits import limited, user_of
from accounts.users.views.lost_password import lost_password, new_password

login = limited(rate_limits.SIGN_INS_OF_CLIENT, views.login)
password_change = limited(rate_limits.PASSWORD_CHANGES_OF_USER, views.password_change, by=user_of)
password_set = limited(rate_limits.PASSWORD_CHANGES_OF_USER, views.password_set, by=user_of)
password_reset = limited(rate_limits.RESET_REQUESTS_OF_CLIENT, lost_password)
password_reset_from_key = limited(rate_limits.NEW_PASSWORDS_OF_CLIENT, new_password)

urlpatterns = [
    path("login/", login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("password/change/", password_change, name="account_change_password"),
    path("password/set/", password_set, name="account_set_password"),
    path("password/reset/", password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        password_reset_from_key,
        name="account_reset_password_from_key",
    ),
]

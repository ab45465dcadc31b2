"""Pages about oneself that belong to no organization. The pages for signing in are in sign_in_urls.py."""

from django.urls import path

from accounts.users.views import account, home

app_name = "users"
urlpatterns = [
    path("", home.home, name="home"),
    path("account/", account.account, name="account"),
]

"""Addresses of roles, sites, settings and one's own account."""

from django.urls import path

from accounts.views import home, roles, settings, sites

ORGANIZATION = "o/<slug:organization>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("account/", settings.account, name="account"),
    path(ORGANIZATION, home.member_home, name="member_home"),
    path(f"{ORGANIZATION}settings/", settings.settings, name="settings"),
    path(f"{ORGANIZATION}roles/", roles.role_list, name="roles"),
    path(f"{ORGANIZATION}roles/new/", roles.role_new, name="role_new"),
    path(f"{ORGANIZATION}roles/<int:pk>/", roles.role_edit, name="role_edit"),
    path(f"{ORGANIZATION}roles/<int:pk>/delete/", roles.role_delete, name="role_delete"),
    path(f"{ORGANIZATION}sites/", sites.site_list, name="sites"),
    path(f"{ORGANIZATION}sites/new/", sites.site_new, name="site_new"),
    path(f"{ORGANIZATION}sites/<int:pk>/", sites.site_edit, name="site_edit"),
    path(f"{ORGANIZATION}sites/<int:pk>/delete/", sites.site_delete, name="site_delete"),
]

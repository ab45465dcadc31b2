"""Pages of one organization, below `o/<slug>/`: its home, roles, sites and settings."""

from django.urls import path

from accounts.organizations.views import home, roles, settings, sites

app_name = "organizations"
urlpatterns = [
    path("", home.member_home, name="member_home"),
    path("settings/", settings.settings, name="settings"),
    path("roles/", roles.role_list, name="roles"),
    path("roles/new/", roles.role_new, name="role_new"),
    path("roles/<int:pk>/", roles.role_edit, name="role_edit"),
    path("roles/<int:pk>/delete/", roles.role_delete, name="role_delete"),
    path("sites/", sites.site_list, name="sites"),
    path("sites/new/", sites.site_new, name="site_new"),
    path("sites/<int:pk>/", sites.site_edit, name="site_edit"),
    path("sites/<int:pk>/delete/", sites.site_delete, name="site_delete"),
]

"""URLs below `o/<slug>/` of the page *Activity*."""

from django.urls import path

from invites.activity import views

app_name = "activity"

urlpatterns = [
    path("activity/", views.activity, name="activity"),
    path("activity/<int:pk>/", views.activity_entry, name="entry"),
    path("activity/export/", views.activity_export, name="export"),
]

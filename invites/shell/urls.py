"""URLs below `o/<slug>/` of the indicator, the banners, and the event streams."""

from django.urls import path

from invites.shell import events, views

app_name = "shell"

urlpatterns = [
    path("banners/", views.banners, name="banners"),
    path("indicator/", views.indicator, name="indicator"),
    path("indicator/events/", events.shell_events, name="indicator_events"),
    path("batches/<int:pk>/dialog/events/", events.batch_events, {"place": "dialog"}, name="batch_dialog_events"),
    path("batches/<int:pk>/progress/events/", events.batch_events, {"place": "page"}, name="batch_progress_events"),
    path("users/selected/<int:pk>/events/", events.bulk_action_events, {"place": "dialog"}, name="bulk_action_events"),
    path(
        "users/selected/<int:pk>/banner/events/",
        events.bulk_action_events,
        {"place": "banner"},
        name="bulk_action_banner_events",
    ),
]

"""The project as an app: it has the commands `up` and `migrate`, and adds fields to log lines."""

from __future__ import annotations

import gc
from typing import Any

import structlog
from django.apps import AppConfig
from django_structlog.signals import bind_extra_request_failed_metadata, bind_extra_request_finished_metadata


class ProjectConfig(AppConfig):
    """Connects the signals of the request log, and ends the start of each process: it is the last app."""

    name = "config"
    verbose_name = "Project"

    def ready(self) -> None:
        bind_extra_request_finished_metadata.connect(_name_the_organization)
        bind_extra_request_failed_metadata.connect(_name_the_organization)
        # Imported modules are never garbage, so garbage collection needn't visit them again and again. Processes that a
        # worker forks share their memory.
        gc.freeze()


def _name_the_organization(*, request: Any, **_: Any) -> None:
    """Add the organization to the last line of a request. It is known only after `AccessMiddleware`."""
    organization = getattr(request, "organization", None)
    if organization is not None:
        structlog.contextvars.bind_contextvars(organization_id=organization.pk)

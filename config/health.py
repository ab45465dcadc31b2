"""Health checks for load balancers and monitoring: liveness and readiness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection

from accounts.organizations.access import public


@public("says only that the process lives")
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Always 200 while the process handles requests."""
    return HttpResponse("ok\n", content_type="text/plain")


@public("says which of three parts work, and nothing else")
@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if database, migrations and broker work, else 503. The JSON has "ok" or "failed" for each."""
    parts = {name: _state_of(check) for name, check in CHECKS.items()}
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


def _state_of(check: Callable[[], bool]) -> str:
    # Any exception of a driver means that this part doesn't work.
    try:
        return "ok" if check() else "failed"
    except Exception:
        return "failed"


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _migrations_are_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _broker_answers() -> bool:
    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=1,
        transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    ) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)
        channel: Any = broker.default_channel
        channel.queue_declare("celery")  # Asks for the length. An empty queue doesn't exist in Redis.
    return True


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _migrations_are_applied,
    "broker": _broker_answers,
}

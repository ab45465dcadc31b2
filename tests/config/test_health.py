"""Health checks tell what works, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import health
from config.devserver import embedded_broker

pytestmark = pytest.mark.django_db
OK = {"ready": True, "database": "ok", "migrations": "ok", "broker": "ok"}


def test_everything_works(client: Client) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, OK)
    assert "no-store" in answer["Cache-Control"]


def test_without_the_broker_it_lives_but_is_not_ready(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    settings.CELERY_BROKER_URL = embedded_broker.broker_url(tmp_path)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {**OK, "ready": False, "broker": "failed"})
    assert client.get("/healthz").status_code == 200


def test_without_the_newest_tables_it_is_not_ready(client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="invites").delete()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {**OK, "ready": False, "migrations": "failed"})


def test_the_response_does_not_say_why_the_database_fails(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> bool:
        raise RuntimeError("password authentication failed for user rollcall")

    monkeypatch.setitem(health.CHECKS, "database", refuse)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {**OK, "ready": False, "database": "failed"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_accept_only_reads(client: Client, path: str) -> None:
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert "Set-Cookie" not in client.get(path).headers

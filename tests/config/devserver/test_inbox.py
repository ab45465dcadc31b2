"""The development inbox: open to everyone in development, to nobody elsewhere, and limited in size."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage, get_connection
from django.test import Client


@pytest.fixture
def kept(settings: LazySettings, tmp_path: Path) -> Path:
    """The directory of an inbox that keeps five messages."""
    settings.EMAIL_BACKEND = "django_mail_preview.backends.EmailBackend"
    settings.MAIL_PREVIEW_ROOT = tmp_path
    settings.MAIL_PREVIEW_MAX_MESSAGES = 5
    return tmp_path


def send(count: int) -> None:
    get_connection().send_messages(
        [EmailMessage(f"Number {number}", to=["ann@example.com"]) for number in range(count)]
    )


def test_the_oldest_emails_are_deleted(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.devserver.inbox.secrets.randbelow", lambda _: 1)
    send(20)
    assert len(list(kept.glob("*.eml"))) == 20

    monkeypatch.setattr("config.devserver.inbox.secrets.randbelow", lambda _: 0)
    send(1)
    assert len(list(kept.glob("*.eml"))) == 5


@pytest.mark.django_db
@pytest.mark.parametrize(("is_open", "status"), [(True, 200), (False, 404)])
def test_it_is_closed_outside_development(
    kept: Path, settings: LazySettings, client: Client, is_open: bool, status: int
) -> None:
    settings.INBOX_OPEN = is_open
    send(1)

    assert client.get("/mail/").status_code == status
    assert (b"Number 0" in client.get("/mail/").content) == is_open

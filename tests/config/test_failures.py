"""A database that is down or busy causes a 503, and no page shows its error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from accounts.models import User


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_page_says_to_try_again(
    client_of: Callable[[User | None], Client],
    admin: User,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
    headers: dict[str, str],
) -> None:
    def locked(*_: Any, **__: Any) -> None:
        raise error("database is locked: SELECT secret")

    monkeypatch.setattr("invites.invitations.views.invite.InviteForm", locked)
    client = client_of(admin)
    client.raise_request_exception = False

    answer = client.get("/o/acme/invite/", headers=headers)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    page = answer.content.decode()
    assert "Wait a moment, then try again." in page
    assert "secret" not in page


def test_another_error_is_a_500(
    client_of: Callable[[User | None], Client], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invites.invitations.views.invite.InviteForm", lambda *_, **__: 1 // 0)
    client = client_of(admin)
    client.raise_request_exception = False

    answer = client.get("/o/acme/invite/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()

"""Tests store invitations and imports as the product does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import Site, User
from invites.models import Batch, Row
from tests.databases import undone
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.invites.invitations.helpers import Invite

# What orders the rows of these models. Others are stored in the same order.
KEYS = {"Row": ["batch", "number"], "Invitation": ["email_key"]}


@pytest.mark.servers
def test_an_invitation_is_stored_as_the_service_stores_it(invite: Invite, sites: list[Site]) -> None:
    def store(*, by_service: bool) -> list[Any]:
        with undone():
            invite(by_service=by_service, description="Night shift", message="See you\non Tuesday.")
            everything = {"roles": ["Project manager", "ReadOnly"], "sites": None}
            invite("ann@people.example.com", by_service=by_service, mailed=False, **everything)
            invite("Bo.Ek@people.example.com", by_service=by_service, expired=True, sites=sites[1:])
            return list(everything_stored())

    assert store(by_service=False) == store(by_service=True)


@pytest.mark.servers
def test_an_import_is_stored_as_workers_store_it(run: Callable[..., Batch], imported: Callable[..., Batch]) -> None:
    def store(by_workers: bool) -> list[Any]:
        store = run if by_workers else imported
        with undone():
            store(csv_of("amy@example.com", "Bo.Ek@example.com,Bo,Ek,Night shift"), message="See you\non Tuesday.")
            store(csv_of("kim@example.com"), name="kim.csv")
            store(csv_of(*TEAM, "Ann@example.com,Ann,Lee,"), **({"only_valid": True} if by_workers else {}))
            return list(everything_stored())

    assert store(by_workers=False) == store(by_workers=True)


@pytest.mark.servers
def test_an_import_that_waits_is_stored_as_workers_store_it(
    start: Callable[..., Batch], request: pytest.FixtureRequest
) -> None:
    with undone():
        start(csv_of(*TEAM))
        by_workers = list(everything_stored())

    request.getfixturevalue("team")

    assert list(everything_stored()) == by_workers


def test_a_client_is_signed_in_as_by_django(client_of: Callable[[User], Client], admin: User) -> None:
    def signed_in(sign_in: Callable[[], object]) -> Any:
        with undone():
            sign_in()
            return Session.objects.get().get_decoded(), list(everything_stored())

    assert signed_in(lambda: client_of(admin)) == signed_in(lambda: Client().force_login(admin))
    assert client_of(admin).get("/o/acme/users/").status_code == 200


def everything_stored() -> Iterator[tuple[str, Any]]:
    """All rows of all tables of ours. Ids count from the first of their column, and times are minutes from now on."""
    now = timezone.now()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label not in ("accounts", "invites"):
            continue
        first: dict[str, int] = {}

        def plain(name: str, value: Any, first: dict[str, int] = first) -> Any:
            if name in ("token_seed", "token_hash", "last_token_hash"):
                return len(value)
            if name == "row_id" and value:
                return Row.objects.get(pk=value).number
            if name.endswith("_id") and value:
                return value - first.setdefault(name, value)
            return round((value - now).total_seconds() / 60) if isinstance(value, datetime) else value

        keys: list[str] = KEYS.get(model.__name__, ["pk"])
        if model._meta.auto_created:
            # Which of several roles or sites is stored first is left to chance.
            keys = [field.name for field in model._meta.fields if not field.primary_key]
        for row in model._default_manager.order_by(*keys).values():
            yield model.__name__, {name: plain(name, value) for name, value in row.items() if name != "id"}

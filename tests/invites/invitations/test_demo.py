"""The invitations of the demo."""

from __future__ import annotations

import pytest

from accounts.models import Organization
from accounts.organizations.demo import seed_demo
from invites.directory.users import StatusCounts, UserFilter, count_users
from invites.models import Invitation
from tests.invites.invitations.helpers import deliver


@pytest.fixture
def acme_of_the_demo(db: None, monkeypatch: pytest.MonkeyPatch) -> Organization:
    monkeypatch.setenv("DEMO_PASSWORD", "a few plain words")
    seed_demo()
    return Organization.objects.get(slug="acme")


def test_every_status_is_there_to_be_seen(acme_of_the_demo: Organization) -> None:
    assert count_users(acme_of_the_demo, UserFilter()) == StatusCounts(active=12, pending=3, expired=1)


def test_a_second_start_adds_nobody_and_brings_nobody_back(acme_of_the_demo: Organization) -> None:
    Invitation.objects.filter(first_name="Chiara").update(state="revoked")

    seed_demo()

    assert Invitation.objects.count() == 4
    assert count_users(acme_of_the_demo, UserFilter()).pending == 2


def test_nobody_is_written_to(acme_of_the_demo: Organization) -> None:
    assert deliver(acme_of_the_demo) == []

"""The invitations of the demo."""

from __future__ import annotations

import pytest

from accounts.models import Organization
from accounts.organizations.demo import seed_demo
from invites.directory.counts import StatusCounts, count_users
from invites.directory.users import UserFilter
from invites.models import Invitation
from tests.invites.invitations.helpers import deliver


@pytest.fixture
def acme_of_the_demo(db: None, monkeypatch: pytest.MonkeyPatch) -> Organization:
    monkeypatch.setenv("DEMO_PASSWORD", "a few plain words")
    seed_demo()
    return Organization.objects.get(slug="acme")


def test_the_demo_shows_every_status(acme_of_the_demo: Organization) -> None:
    assert count_users(acme_of_the_demo, UserFilter()) == StatusCounts(
        active=11, pending=3, expired=1, scheduled=0, declined=0, deactivated=1
    )


def test_a_second_start_invites_nobody_again(acme_of_the_demo: Organization) -> None:
    Invitation.objects.filter(first_name="Chiara").update(state="revoked")

    seed_demo()

    assert Invitation.objects.count() == 4
    assert count_users(acme_of_the_demo, UserFilter()).pending == 2


def test_the_demo_sends_no_email(acme_of_the_demo: Organization) -> None:
    assert deliver(acme_of_the_demo) == []

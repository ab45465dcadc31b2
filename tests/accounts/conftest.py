"""What several tests of accounts need: memberships of the cast, and the words of a page."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from accounts.models import Membership, Organization, Role, User


@pytest.fixture
def by_admin(admin: User) -> Membership:
    return admin.memberships.get()


@pytest.fixture
def by_manager(manager: User) -> Membership:
    return manager.memberships.get()


@pytest.fixture
def by_member(member: User) -> Membership:
    return member.memberships.get()


@pytest.fixture
def night_shift(acme: Organization) -> Role:
    """A role of Acme's own that nobody has."""
    return Role.objects.create(
        organization=acme, name="Night shift", description="Works at night.", permissions=["work.view", "work.edit"]
    )


def words_of(response: Any) -> str:
    """What somebody reads on the page: without tags, with single spaces."""
    body = re.sub(r"<(script|template)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def joined_words_of(response: Any) -> str:
    """The same, where names inside of a sentence are marked up: tags leave no space."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", response.content.decode())).split())


HTMX = {"HX-Request": "true"}

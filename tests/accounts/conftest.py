"""What several tests of accounts need: memberships of the cast, and the words of a page."""

from __future__ import annotations

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


HTMX = {"HX-Request": "true"}

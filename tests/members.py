"""Stores members as the product does, many with a few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from django.contrib.auth.hashers import make_password

from accounts.models import Membership, Organization, User
from accounts.organizations.grants import AccessSelection

PASSWORD = "correct horse battery"


class NewMember(NamedTuple):
    """Somebody new, and what they may do and where."""

    email: str
    access: AccessSelection
    first_name: str = ""
    last_name: str = ""

    @property
    def names(self) -> dict[str, str]:
        return {"first_name": self.first_name, "last_name": self.last_name}


def store_members(organization: Organization, new: Collection[NewMember]) -> list[User]:
    """Users who can sign in with `PASSWORD`, as members of the organization."""
    password = make_password(PASSWORD)
    users = User.objects.bulk_create(User(email=each.email, password=password, **each.names) for each in new)
    memberships = Membership.objects.bulk_create(
        Membership(user=user, organization=organization, all_sites=each.access.all_sites, **each.names)
        for user, each in zip(users, new, strict=True)
    )
    give_access(memberships, [each.access for each in new])
    return users


def give_access(owners: Sequence[Any], selections: Iterable[AccessSelection]) -> None:
    """Store the roles and sites of new memberships or grants."""
    given = list(zip(owners, selections, strict=True))
    model = type(owners[0])
    for name in ("role", "site"):
        through: Any = getattr(model, f"{name}s").through
        rows = [
            through(**{model._meta.model_name: owner, name: each})
            for owner, selection in given
            for each in getattr(selection, f"{name}s")
        ]
        if rows:
            through.objects.bulk_create(rows)

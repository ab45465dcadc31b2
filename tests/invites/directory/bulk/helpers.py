"""Bulk actions as an admin and a worker do them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from unittest import mock

from django.test import Client

from accounts.models import Membership
from accounts.organizations.grants import AccessSelection
from invites.directory.bulk import start as starting
from invites.directory.bulk.change import BulkChange, Kind, Mode
from invites.directory.bulk.selection import PeopleIds
from invites.directory.bulk.start import start_bulk_action
from invites.directory.bulk.work import handle_next_chunk
from invites.models import BulkAction, Invitation

SELECTED = "/o/acme/users/selected/"
USERS = "/o/acme/users/"
HTMX = {"HX-Request": "true"}


def review(client: Client, data: dict[str, Any], path: str = SELECTED) -> str:
    """The dialog that states what would happen."""
    return client.post(path, data | {"step": "review"}, headers=HTMX).content.decode()


def submit(client: Client, data: dict[str, Any], path: str = SELECTED, headers: dict[str, str] | None = None) -> Any:
    """Review it, then start it."""
    found = re.search(r'name="seen" value="([^"]*)"', review(client, data, path))
    seen = found[1] if found else ""
    return client.post(path, data | {"step": "start", "seen": seen}, headers=HTMX if headers is None else headers)


def start_for(
    by: Membership,
    change: BulkChange,
    *,
    members: Iterable[Membership] = (),
    invitations: Iterable[Invitation] = (),
    chunk: int = 4,
) -> BulkAction:
    """Start it for these people, in chunks of four."""
    people = PeopleIds([each.pk for each in members], sorted(each.pk for each in invitations))
    with mock.patch.object(starting, "CHUNK", chunk):
        return start_bulk_action(by, change, people)


def finish(action: BulkAction) -> BulkAction:
    """Do what workers do until the action has ended."""
    while (handled := handle_next_chunk(action.pk)) and handled.wait is not None:
        pass
    action.refresh_from_db()
    return action


def resend_all(by: Membership, invitations: Iterable[Invitation]) -> dict[str, int]:
    """Resend them. Returns how many have which outcome."""
    return finish(start_for(by, BulkChange(Kind.RESEND), invitations=invitations, chunk=1_000)).counts


def revoke_all(by: Membership, invitations: Iterable[Invitation]) -> dict[str, int]:
    """Revoke them. Returns how many have which outcome."""
    return finish(start_for(by, BulkChange(Kind.REVOKE), invitations=invitations, chunk=1_000)).counts


def roles_change(mode: str, *roles: Any) -> BulkChange:
    return BulkChange(Kind.ROLES, Mode(mode), AccessSelection.of(roles))


def sites_change(mode: str, *sites: Any, all_sites: bool = False) -> BulkChange:
    return BulkChange(Kind.SITES, Mode(mode), AccessSelection.of([], sites, all_sites=all_sites))


def outcomes(action: BulkAction) -> dict[str, str]:
    """What became of each person, by address."""
    return dict(action.rows.values_list("email", "outcome"))

"""Signals by which this app asks others that it must not import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.dispatch import Signal

from accounts.models import Role, Site
from accounts.organizations.selectors import AccessBeyond

# Sent with `item`, a Role or a Site that is about to be deleted, in the transaction that has locked it. A receiver that
# still needs it returns a sentence for the user; the others return None.
deletion_requested = Signal()

# Sent with `roles`, a queryset, and `beyond`, an AccessBeyond, before permissions of roles are changed. A receiver
# returns the ids of the roles that it will grant to people together with such access.
permission_change_requested = Signal()

# Sent with `organization` when the demo has created one with roles, sites and people, in that transaction. A receiver
# may add data of its app.
demo_created = Signal()


# Sent with `organization` before it is resumed, in that transaction and before it is locked.
organization_resuming = Signal()


def reasons_to_keep(item: Role | Site) -> list[str]:
    """The reasons of other apps against deleting the role or the site."""
    return [answer for _receiver, answer in deletion_requested.send(sender=type(item), item=item) if answer]


def roles_to_be_granted(roles: QuerySet[Role], beyond: AccessBeyond) -> set[int]:
    """The ids of the roles that other apps will grant to people together with such access."""
    answers: Sequence[tuple[object, Any]] = permission_change_requested.send(sender=Role, roles=roles, beyond=beyond)
    return {pk for _receiver, ids in answers for pk in ids or ()}

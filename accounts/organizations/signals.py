"""Asking the other apps, which this one does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.dispatch import Signal

from accounts.models import Role, Site
from accounts.organizations.selectors import AccessBeyond

# Sent with `item`, a Role or a Site that somebody wants to delete, inside the transaction that has locked
# it. A receiver that still needs it answers with a sentence for that person, the others with None.
deletion_asked = Signal()

# Sent with `roles`, a query, and `beyond`, an AccessBeyond, when somebody wants to change permissions of roles. A
# receiver answers with the ids of those roles that something of its own will give to people together with such access.
permission_change_asked = Signal()

# Sent with `organization` when the demonstration has just founded one with its roles, sites and people, inside
# that transaction. A receiver may add what its app would show there.
demo_founded = Signal()


def reasons_to_keep(item: Role | Site) -> list[str]:
    """What the other apps say against deleting the role or the site."""
    return [answer for _receiver, answer in deletion_asked.send(sender=type(item), item=item) if answer]


def roles_on_offer(roles: QuerySet[Role], beyond: AccessBeyond) -> set[int]:
    """The ids of those of the roles that the other apps will give to people together with access beyond somebody's."""
    answers: Sequence[tuple[object, Any]] = permission_change_asked.send(sender=Role, roles=roles, beyond=beyond)
    return {pk for _receiver, ids in answers for pk in ids or ()}

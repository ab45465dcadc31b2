"""Asking the other apps, which this one does not know."""

from __future__ import annotations

from django.dispatch import Signal

from accounts.models import Role, Site

# Sent with `item`, a Role or a Site that somebody wants to delete, inside the transaction that has locked
# it. A receiver that still needs it answers with a sentence for that person, the others with None.
deletion_asked = Signal()

# Sent with `organization` when the demonstration has just founded one with its roles, sites and people, inside
# that transaction. A receiver may add what its app would show there.
demo_founded = Signal()


def reasons_to_keep(item: Role | Site) -> list[str]:
    """What the other apps say against deleting the role or the site."""
    return [answer for _receiver, answer in deletion_asked.send(sender=type(item), item=item) if answer]

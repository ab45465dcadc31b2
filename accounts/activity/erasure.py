"""Erase a person from the activity log: entries keep what was done, when, and the ids.

This is the only code that changes entries, and the triggers of migration 0002 let it change only what names a person.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.activity.actions import Affected
from accounts.activity.addresses import address_pattern, has_address, without_address
from accounts.activity.log import permitted
from accounts.models import ActivityEntry, ActivityErasure
from invites.checking.columns import Cells

# Changed in one transaction.
CHUNK = 500
# Values before and after that are about a person: the cells of a file.
_PERSONAL = Cells._fields
_FIELDS = ("actor_name", "actor_email", "ip", "user_agent", "affected_name", "affected_email", "details")


@contextmanager
def erasure_allowed() -> Iterator[None]:
    """For a `with` block: a transaction in which names and addresses of entries can be emptied."""
    with permitted("rollcall.activity_erasure", ActivityErasure):
        yield


def entries_about(email: str, user_id: int | None) -> Iterator[list[ActivityEntry]]:
    """The entries, in all organizations, that have the address or are about its user, in chunks."""
    pattern = address_pattern(email)
    last = 0
    while found := list(_may_be_about(email, user_id).filter(pk__gt=last)[:CHUNK]):
        last = found[-1].pk
        yield [entry for entry in found if _is_about(entry, email, user_id) or has_address(entry.details, pattern)]


def _is_about(entry: ActivityEntry, email: str, user_id: int | None) -> bool:
    """Whether the person did it, or it was done to them."""
    is_user = entry.affected in (Affected.USER, Affected.SELF) and entry.affected_id == user_id
    return (user_id is not None and (is_user or entry.actor_id == user_id)) or email in (
        entry.actor_email.lower(),
        entry.affected_email.lower(),
    )


def _may_be_about(email: str, user_id: int | None) -> QuerySet[ActivityEntry]:
    """Those that `_is_about` finds, and some with a longer address: a query can't tell them apart."""
    # SQLite stores letters beyond ASCII as JSON escapes them.
    escaped = json.dumps(email)[1:-1]
    found = Q(actor_email__iexact=email) | Q(affected_email__iexact=email)
    found |= Q(details_text__icontains=email) | Q(details_text__icontains=escaped)
    if user_id is not None:
        found |= Q(actor_id=user_id) | Q(affected__in=(Affected.USER, Affected.SELF), affected_id=user_id)
    return ActivityEntry.objects.alias(details_text=Cast("details", TextField())).filter(found).order_by("pk")


def erase_from_log(email: str, user_id: int | None) -> int:
    """Empty the names and addresses of the person, and where they came from. Returns how many entries have changed.

    In small transactions. Running it again changes nothing more.
    """
    count = 0
    for entries in entries_about(email, user_id):
        changed = [entry for entry in entries if _erase(entry, email, user_id)]
        with erasure_allowed():
            ActivityEntry.objects.bulk_update(changed, _FIELDS)
        count += len(changed)
    return count


def erase_invitations_from_log(ids: Collection[int], organizations: Collection[int]) -> int:
    """Empty the names and addresses in entries about these invitations, whose address may have been another.

    Returns how many entries have changed.
    """
    count = 0
    about = ActivityEntry.objects.filter(organization_id__in=organizations, affected=Affected.INVITATION)
    for entry in _in_turn(about.filter(affected_id__in=ids)):
        count += _save(entry, affected_name="", affected_email="", details=_without_person(entry.details))
    return count


def _in_turn(entries: QuerySet[ActivityEntry]) -> Iterator[ActivityEntry]:
    last = 0
    while found := list(entries.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield from found
        last = found[-1].pk


def _save(entry: ActivityEntry, **values: Any) -> bool:
    """False if it has these values already."""
    if all(getattr(entry, name) == value for name, value in values.items()):
        return False
    with erasure_allowed():
        ActivityEntry.objects.filter(pk=entry.pk).update(**values)
    return True


def _erase(entry: ActivityEntry, email: str, user_id: int | None) -> bool:
    """False if there was nothing to erase."""
    before = [getattr(entry, name) for name in _FIELDS]
    has_user = user_id is not None
    if entry.actor_email.lower() == email or (has_user and entry.actor_id == user_id):
        entry.actor_name = entry.actor_email = entry.user_agent = ""
        entry.ip = None
    is_user = has_user and entry.affected in (Affected.USER, Affected.SELF) and entry.affected_id == user_id
    if entry.affected_email.lower() == email or is_user:
        entry.affected_name = entry.affected_email = ""
        entry.details = _without_person(entry.details)
    entry.details = without_address(entry.details, address_pattern(email))
    return before != [getattr(entry, name) for name in _FIELDS]


def _without_person(details: dict[str, Any]) -> dict[str, Any]:
    kept = {
        part: {name: value for name, value in details[part].items() if name not in _PERSONAL}
        for part in ("before", "after")
        if part in details
    }
    return {name: each for name, each in (details | kept).items() if each}

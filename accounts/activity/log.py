"""Write entries into the activity log of an organization, and delete those that are too old.

An entry is stored in the transaction of the change that it records, so neither exists without the other.
Triggers reject every DELETE outside of `deletion_allowed`, and every UPDATE except that erasing a person empties names
and addresses (migration 0002; erasure.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.activity.actions import Action, Affected
from accounts.activity.source import Source, current_source
from accounts.models import ActivityDeletion, ActivityEntry, ActivityErasure, Membership, Role, Site, User

# Deleted in one transaction.
CHUNK = 5_000
LONGEST_NAME = 320


@dataclass(frozen=True)
class Subject:
    """What an entry is about, as it is now. `count` is the number of users, if there are several.

    `facts` are stored with the other values of the entry.
    """

    kind: Affected
    id: int | None = None
    name: str = ""
    email: str = ""
    count: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


ORGANIZATION = Subject(Affected.ORGANIZATION)
# Stored with the id of the user who did it, so that the entries about a user are found together.
OWN_ACCOUNT = Subject(Affected.SELF)


def about_user(user: User) -> Subject:
    return Subject(Affected.USER, user.pk, user.get_full_name(), user.email)


def about_member(membership: Membership) -> Subject:
    """The user, with the name that they have in the organization."""
    return Subject(Affected.USER, membership.user_id, membership.get_full_name(), membership.email)


def about_role(role: Role) -> Subject:
    return Subject(Affected.ROLE, role.pk, role.name)


def about_site(site: Site) -> Subject:
    return Subject(Affected.SITE, site.pk, site.name)


def about_users(count: int) -> Subject:
    return Subject(Affected.USERS, count=count)


@dataclass(frozen=True)
class Change:
    """What has changed: lists of names that were added or removed, and single values before and after.

    `values` are other facts that a page shows, such as the number of skipped rows.
    """

    added: Mapping[str, list[str]] = field(default_factory=dict)
    removed: Mapping[str, list[str]] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = {
            "added": {name: each for name, each in self.added.items() if each},
            "removed": {name: each for name, each in self.removed.items() if each},
            "before": dict(self.before),
            "after": dict(self.after),
            "values": dict(self.values),
        }
        return {name: each for name, each in found.items() if each}


NOTHING_MORE = Change()


def record(
    organization_id: int,
    action: Action,
    subject: Subject,
    *,
    by: Membership | User | None,
    change: Change = NOTHING_MORE,
    source: Source | None = None,
    idempotency_key: str = "",
) -> None:
    """Store one entry in the current transaction. `by` is who did it; None for the product itself.

    With an `idempotency_key`, nothing is stored if there is an entry with the same key. Raises
    TransactionManagementError outside of a transaction.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An entry is stored in the transaction of the change")
    entry = _entry(organization_id, action, subject, by=by, change=change, source=source or current_source())
    if idempotency_key:
        entry.idempotency_key = idempotency_key
        ActivityEntry.objects.bulk_create([entry], ignore_conflicts=True)
    else:
        entry.save(force_insert=True)


def _entry(
    organization_id: int,
    action: Action,
    subject: Subject,
    *,
    by: Membership | User | None,
    change: Change,
    source: Source,
) -> ActivityEntry:
    actor = by.user if isinstance(by, Membership) else by
    actor_name = by.get_full_name() if by else ""
    actor_id = actor.pk if actor else None
    return ActivityEntry(
        organization_id=organization_id,
        action=action.value,
        actor_id=actor_id,
        actor_name=actor_name[:LONGEST_NAME],
        actor_email=actor.email if actor else "",
        affected=subject.kind.value,
        affected_id=actor_id if subject.kind == Affected.SELF else subject.id,
        affected_name=subject.name[:LONGEST_NAME],
        affected_email=subject.email,
        affected_count=subject.count,
        details=replace(change, values={**change.values, **subject.facts}).as_json(),
        channel=source.channel,
        command=source.command,
        ip=source.ip or None,
        user_agent=source.user_agent,
    )


@contextmanager
def deletion_allowed() -> Iterator[None]:
    """For a `with` block: a transaction in which entries can be deleted.

    PostgreSQL's triggers look at a setting of the transaction, and those of SQLite at a row that exists only inside it.
    """
    with permitted("rollcall.activity_deletion", ActivityDeletion):
        yield


@contextmanager
def permitted(setting: str, guard: type[ActivityDeletion] | type[ActivityErasure]) -> Iterator[None]:
    """For a `with` block: a transaction in which the triggers permit what the setting or the guard stands for."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _set_on_postgresql(setting, "on")
            yield
            _set_on_postgresql(setting, "off")
        else:
            row = guard.objects.create()
            yield
            row.delete()


def _set_on_postgresql(setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [setting, value])


def delete_old_entries() -> int:
    """Delete the entries that are older than ACTIVITY_DAYS, in small transactions. Returns how many."""
    before = timezone.now() - timedelta(days=settings.ACTIVITY_DAYS)
    count = 0
    while True:
        with deletion_allowed():
            ids = list(ActivityEntry.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)[:CHUNK])
            ActivityEntry.objects.filter(pk__in=ids).delete()
        count += len(ids)
        if len(ids) < CHUNK:
            return count

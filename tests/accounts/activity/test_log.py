"""The activity log: the database rejects changes, and entries are stored in the transaction of what they record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.activity.actions import Action, Affected
from accounts.activity.log import (
    ORGANIZATION,
    OWN_ACCOUNT,
    about_user,
    delete_old_entries,
    deletion_allowed,
    record,
)
from accounts.activity.source import Source, coming_from, source_of_command
from accounts.models import ActivityDeletion, ActivityEntry, Membership, Organization, User

pytestmark = pytest.mark.servers


@pytest.fixture
def entry(acme: Organization, admin_membership: Membership) -> ActivityEntry:
    record(acme.pk, Action.SETTINGS_CHANGED, ORGANIZATION, by=admin_membership)
    return ActivityEntry.objects.get(action=Action.SETTINGS_CHANGED)


def is_rejected(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "activity log" in str(error)
    return False


def test_the_database_rejects_every_update(entry: ActivityEntry) -> None:
    assert is_rejected("UPDATE accounts_activityentry SET actor_name = 'Nobody'")
    with pytest.raises(DatabaseError, match="activity log"), transaction.atomic():
        entry.save()
    entry.refresh_from_db()
    assert entry.actor_name == "Ines Martin"


def test_the_database_rejects_every_other_delete(entry: ActivityEntry) -> None:
    assert is_rejected("DELETE FROM accounts_activityentry")
    with deletion_allowed():
        pass
    # The permission ends with the block.
    assert is_rejected("DELETE FROM accounts_activityentry")
    assert ActivityEntry.objects.filter(pk=entry.pk).exists()


def test_the_database_rejects_truncating(entry: ActivityEntry) -> None:
    if connection.vendor == "sqlite":
        # SQLite has no such statement: a DELETE without a condition is the nearest to it.
        assert is_rejected("DELETE FROM accounts_activityentry")
        return
    with connection.cursor() as cursor:
        # As everywhere but in tests: see tests/settings.py.
        cursor.execute("SET LOCAL rollcall.activity_truncation = off")
    assert is_rejected("TRUNCATE accounts_activityentry")
    with deletion_allowed():
        assert is_rejected("TRUNCATE accounts_activityentry CASCADE")
    assert ActivityEntry.objects.filter(pk=entry.pk).exists()


def test_an_update_is_rejected_even_where_entries_can_be_deleted(entry: ActivityEntry) -> None:
    with deletion_allowed():
        assert is_rejected("UPDATE accounts_activityentry SET actor_name = 'Nobody'")


def test_a_failure_ends_the_permission_to_delete(entry: ActivityEntry) -> None:
    with pytest.raises(ZeroDivisionError), deletion_allowed():
        raise ZeroDivisionError
    assert is_rejected("DELETE FROM accounts_activityentry")
    assert not ActivityDeletion.objects.exists()


def test_deletes_what_is_too_old(acme: Organization, entry: ActivityEntry, settings: Any) -> None:
    settings.ACTIVITY_DAYS = 30
    now = timezone.now()
    fields = {"organization_id": acme.pk, "action": Action.LEFT, "affected": Affected.SELF, "channel": "page"}
    ActivityEntry.objects.create(at=now - timedelta(days=31), **fields)
    kept = ActivityEntry.objects.create(at=now - timedelta(days=29), **fields)
    assert delete_old_entries() == 1
    assert set(ActivityEntry.objects.filter(action=Action.LEFT)) == {kept}
    assert ActivityEntry.objects.filter(pk=entry.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_needs_the_transaction_of_the_change() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record(1, Action.LEFT, OWN_ACCOUNT, by=None)


def test_an_entry_is_rolled_back_with_the_change(acme: Organization, admin: User) -> None:
    def record_and_fail() -> None:
        record(acme.pk, Action.LEFT, OWN_ACCOUNT, by=admin)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record_and_fail()
    assert not ActivityEntry.objects.filter(action=Action.LEFT).exists()


def test_names_stay_as_they_were(acme: Organization, admin_membership: Membership, member: User) -> None:
    record(acme.pk, Action.USER_REMOVED, about_user(member), by=admin_membership)
    member.first_name = "Other"
    member.save()
    member.delete()
    entry = ActivityEntry.objects.get(action=Action.USER_REMOVED)
    assert (entry.actor_name, entry.actor_email) == ("Ines Martin", "admin@example.com")
    assert (entry.affected_name, entry.affected_email) == ("Mara Conti", "member@example.com")


def test_stores_only_the_first_of_several(acme: Organization, globex: Organization) -> None:
    for organization in (acme, acme, globex):
        record(organization.pk, Action.LEFT, OWN_ACCOUNT, by=None, idempotency_key=f"left {organization.pk}")
    record(acme.pk, Action.LEFT, OWN_ACCOUNT, by=None)
    record(acme.pk, Action.LEFT, OWN_ACCOUNT, by=None)
    assert ActivityEntry.objects.filter(action=Action.LEFT, organization_id=acme.pk).count() == 3
    assert ActivityEntry.objects.filter(action=Action.LEFT, organization_id=globex.pk).count() == 1


def test_says_where_a_change_came_from(acme: Organization) -> None:
    with coming_from(Source("page", ip="2001:db8::1", user_agent="Mozilla/5.0")):
        record(acme.pk, Action.LEFT, OWN_ACCOUNT, by=None)
        with coming_from(source_of_command("invite_csv")):
            record(acme.pk, Action.INVITED, OWN_ACCOUNT, by=None)
    record(acme.pk, Action.REVOKED, OWN_ACCOUNT, by=None)
    found = {entry.action: (entry.channel, entry.ip, entry.command) for entry in ActivityEntry.objects.all()}
    assert found[Action.LEFT] == ("page", "2001:db8::1", "")
    assert found[Action.INVITED] == ("command", None, "invite_csv")
    assert found[Action.REVOKED] == ("automatic", None, "")


def test_a_source_survives_storage() -> None:
    source = Source("page", ip="203.0.113.24", user_agent="Mozilla/5.0")
    assert Source.from_json(source.as_json()) == source

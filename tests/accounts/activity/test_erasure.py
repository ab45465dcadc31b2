"""Erasing a person from the activity log, and what the triggers still reject meanwhile."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.activity.actions import Action
from accounts.activity.erasure import erase_from_log, erasure_allowed
from accounts.activity.log import OWN_ACCOUNT, Change, about_member, deletion_allowed, record
from accounts.activity.source import Source, coming_from
from accounts.models import ActivityEntry, ActivityErasure, Membership, Organization

pytestmark = pytest.mark.servers


@pytest.fixture
def entries(acme: Organization, admin_membership: Membership, member_membership: Membership) -> list[ActivityEntry]:
    """Mara changes herself, Ines changes Mara, Ines changes herself, and Ines corrects an address to Mara's."""
    about, named = about_member(member_membership), Change(before={"first_name": "Mara"}, after={"first_name": "Mary"})
    with coming_from(Source("page", ip="10.1.2.3", user_agent="Firefox")):
        record(acme.pk, Action.USER_CHANGED, OWN_ACCOUNT, by=member_membership, change=named)
        record(acme.pk, Action.ROLES_CHANGED, about, by=admin_membership, change=Change(added={"roles": ["Auditor"]}))
        record(acme.pk, Action.USER_CHANGED, OWN_ACCOUNT, by=admin_membership, change=named)
        corrected = Change(before={"email": "Member@Example.com"}, after={"email": "other@example.com"})
        record(acme.pk, Action.ADDRESS_CORRECTED, OWN_ACCOUNT, by=admin_membership, change=corrected)
    return list(ActivityEntry.objects.exclude(action=Action.ORGANIZATION_CREATED).order_by("pk"))


def is_rejected(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "activity log" in str(error)
    return False


def test_entries_lose_the_person_and_keep_the_rest(entries: list[ActivityEntry], member_membership: Membership) -> None:
    user = member_membership.user
    assert erase_from_log(user.email, user.pk) == 3

    own, changed, other, corrected = ActivityEntry.objects.filter(pk__in=[each.pk for each in entries]).order_by("pk")
    assert (own.actor_id, own.actor_name, own.actor_email, own.ip, own.user_agent) == (user.pk, "", "", None, "")
    assert (own.action, own.details) == ("user_changed", {})
    assert (changed.affected_id, changed.affected_name, changed.affected_email) == (user.pk, "", "")
    assert (changed.actor_name, changed.ip, changed.details) == (
        "Ines Martin",
        "10.1.2.3",
        {"added": {"roles": ["Auditor"]}},
    )
    assert corrected.details["after"] == {"email": "other@example.com"}
    assert corrected.details["before"] == {"email": ""}
    assert (other.actor_name, other.details["after"]) == ("Ines Martin", {"first_name": "Mary"})
    assert [each.at for each in (own, changed, other, corrected)] == [each.at for each in entries]


def test_running_it_again_changes_nothing(entries: list[ActivityEntry], member_membership: Membership) -> None:
    user = member_membership.user
    erase_from_log(user.email, user.pk)

    assert erase_from_log(user.email, user.pk) == 0
    # The account is gone by then.
    assert erase_from_log(user.email, None) == 0


def test_an_address_beyond_ascii_is_found_in_values(acme: Organization, admin_membership: Membership) -> None:
    change = Change(before={"email": "zoë@example.com"}, after={"email": "zoe@example.com"})
    record(acme.pk, Action.ADDRESS_CORRECTED, OWN_ACCOUNT, by=admin_membership, change=change)

    assert erase_from_log("zoë@example.com", None) == 1

    assert ActivityEntry.objects.get(action=Action.ADDRESS_CORRECTED).details["before"] == {"email": ""}


@pytest.mark.parametrize(
    "change",
    [
        "id = id + 1000",
        "organization_id = 0",
        "action = 'left'",
        "at = '2020-01-01 00:00:00+00:00'",
        "actor_id = 0",
        "affected = 'site'",
        "affected_id = 0",
        "affected_count = 17",
        "channel = 'command'",
        "command = 'x'",
        "idempotency_key = 'x'",
        "actor_name = '', action = 'left'",
    ],
)
def test_nothing_but_names_can_be_changed_meanwhile(entries: list[ActivityEntry], change: str) -> None:
    with erasure_allowed():
        assert is_rejected(f"UPDATE accounts_activityentry SET {change}")


def test_nothing_can_be_changed_before_and_afterwards(entries: list[ActivityEntry]) -> None:
    statement = "UPDATE accounts_activityentry SET actor_name = ''"
    assert is_rejected(statement)
    with deletion_allowed():
        assert is_rejected(statement)
    with erasure_allowed():
        assert not is_rejected(statement)
    assert is_rejected(statement)
    with pytest.raises(ZeroDivisionError), erasure_allowed():
        raise ZeroDivisionError
    assert is_rejected(statement)
    assert not ActivityErasure.objects.exists()


def test_nothing_can_be_deleted_meanwhile(entries: list[ActivityEntry]) -> None:
    with erasure_allowed():
        assert is_rejected("DELETE FROM accounts_activityentry")

"""The page Activity: its filters, one entry, and the export."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.activity.actions import Action, Affected, Group
from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.members import change_membership
from invites.activity.filters import ActivityFilter, Period, find_entries
from tests.files import whole_of
from tests.invites.invitations.helpers import Invite, selection_of
from tests.pages import text_of

PAGE = "/o/acme/activity/"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


@pytest.fixture
def add(acme: Organization) -> Callable[..., ActivityEntry]:
    """Stores an entry: `add(Action.LEFT, actor_name="Bo")`."""

    def add(action: Action, **fields: Any) -> ActivityEntry:
        values = {"organization_id": acme.pk, "affected": Affected.SELF, "channel": "page", "actor_id": 1}
        return ActivityEntry.objects.create(action=action, **(values | fields))

    return add


def actions_of(acme: Organization, **wanted: Any) -> list[str]:
    return [entry.action for entry in find_entries(acme, ActivityFilter(**wanted))]


def test_shows_who_did_what_to_whom_and_from_where(
    ines: Client, by: Membership, member_membership: Membership, acme: Organization
) -> None:
    change_membership(by, member_membership, selection_of(acme, "ReadOnly", "Project manager", sites=None))
    page = text_of(ines.get(PAGE, REMOTE_ADDR="203.0.113.24", headers={"user-agent": CHROME}).content.decode())
    assert "Changed roles and sites" in page
    assert "Added Project manager and all sites, Removed Lyon depot" in page
    assert "Mara Conti member@ example.com" in page
    # The sign-in of the admin, by this request.
    assert "Signed in Own account 203.0.113.24 Chrome on Windows" in page


def test_names_are_never_markup(ines: Client, add: Callable[..., ActivityEntry]) -> None:
    entry = add(Action.LEFT, actor_name="<script>alert(1)</script>", user_agent="<b>", ip="203.0.113.24")
    for address in (PAGE, f"{PAGE}{entry.pk}/"):
        page = ines.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_entries_of_others_are_not_shown(
    ines: Client, globex: Organization, add: Callable[..., ActivityEntry], invite: Invite
) -> None:
    invite()
    theirs = add(Action.LEFT, organization_id=globex.pk, actor_name="Otto")
    assert "Otto" not in text_of(ines.get(PAGE).content.decode())
    assert "Otto" not in whole_of(ines.get(f"{PAGE}export/")).decode()
    assert ines.get(f"{PAGE}{theirs.pk}/").status_code == 404


def test_searches_who_did_it_who_was_affected_and_where(acme: Organization, add: Callable[..., ActivityEntry]) -> None:
    add(Action.LEFT, actor_name="Bo Ray", actor_email="bo@example.com", ip="2001:db8::1")
    add(Action.USER_REMOVED, affected_name="Cy Fox", affected_email="cy@example.com", ip="203.0.113.24")
    assert actions_of(acme, search="bo r") == actions_of(acme, search="BO@") == ["left"]
    assert actions_of(acme, search="fox") == actions_of(acme, search="203.0.113.24") == ["user_removed"]
    assert actions_of(acme, search="2001:0db8:0:0:0:0:0:1") == ["left"]
    assert actions_of(acme, search="203.0.113") == actions_of(acme, search="%") == []


def test_filters_by_group(acme: Organization, add: Callable[..., ActivityEntry]) -> None:
    add(Action.LEFT)
    add(Action.SIGNED_IN)
    assert actions_of(acme, group=Group.SIGN_IN) == ["signed_in"]
    assert actions_of(acme, group=Group.USERS) == ["left"]


@pytest.mark.parametrize(
    ("period", "days"), [(Period.TODAY, 0), (Period.WEEK, 6), (Period.MONTH, 29)], ids=lambda value: str(value)
)
def test_filters_by_days(acme: Organization, add: Callable[..., ActivityEntry], period: Period, days: int) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    add(Action.LEFT, at=midnight)
    add(Action.REVOKED, at=midnight - timedelta(seconds=1))
    found = actions_of(acme, period=period)
    assert "left" in found
    assert "revoked" not in found


def test_filters_by_a_custom_range(acme: Organization, add: Callable[..., ActivityEntry]) -> None:
    for day, action in ((1, Action.LEFT), (2, Action.RESENT), (3, Action.REVOKED)):
        add(action, at=timezone.make_aware(datetime(2026, 3, day, 23, 59)))
    custom = ActivityFilter.read({"period": "custom", "from": "2026-03-02", "to": "2026-03-02"})
    assert [entry.action for entry in find_entries(acme, custom)] == ["resent"]
    assert ActivityFilter.read({"period": "custom", "from": "0001-01-01", "to": "tomorrow"}).first is None


def test_a_range_that_ends_before_it_starts(ines: Client) -> None:
    response = ines.get(f"{PAGE}?period=custom&from=2026-03-02&to=2026-03-01")
    assert response.status_code == 422
    assert "The end is before the start" in text_of(response.content.decode())


def test_no_match_offers_to_clear_the_filters(ines: Client) -> None:
    page = text_of(ines.get(f"{PAGE}?q=nobody-has-this-name").content.decode())
    assert "No activity matches these filters" in page
    assert "Clear filters" in page
    assert "Export CSV" not in page


def test_one_entry_shows_old_and_new_values(ines: Client, add: Callable[..., ActivityEntry]) -> None:
    entry = add(Action.USER_CHANGED, details={"before": {"first_name": "Bo"}, "after": {"first_name": "Bob"}})
    assert "First name Bob Before: Bo" in text_of(ines.get(f"{PAGE}{entry.pk}/").content.decode())


def test_every_action_and_every_kind_of_subject_has_words(ines: Client, add: Callable[..., ActivityEntry]) -> None:
    for action in Action:
        for affected in Affected:
            add(action, affected=affected, affected_id=7, affected_name="Bo Ray", affected_count=3)
    for number in range(1, 13):
        assert ines.get(f"{PAGE}?page={number}").status_code == 200
    assert len(whole_of(ines.get(f"{PAGE}export/")).splitlines()) > len(Action) * len(Affected)


def test_the_export_has_what_the_filter_shows(
    ines: Client, acme: Organization, add: Callable[..., ActivityEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invites.activity.export.CHUNK", 2)
    at = timezone.now() - timedelta(hours=1)
    # Several at the same moment, more than a chunk.
    for number in range(5):
        add(Action.REVOKED, at=at, actor_name=f"=cmd|{number}", actor_email="bo@example.com")
    add(Action.LEFT)
    text = whole_of(ines.get(f"{PAGE}export/?action=invitations")).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header[:2] == ["When", "Who"]
    assert [row[1] for row in rows] == [f"'=cmd|{number}" for number in (4, 3, 2, 1, 0)]
    assert datetime.fromisoformat(rows[0][0]).tzinfo is not None
    ines.head(f"{PAGE}export/")
    assert ActivityEntry.objects.filter(organization_id=acme.pk, action=Action.ACTIVITY_EXPORTED).count() == 1


def test_needs_to_see_and_to_manage_users(
    manager: User, member: User, client_of: Callable[[User | None], Client]
) -> None:
    for user in (manager, member):
        client = client_of(user)
        for address in (PAGE, f"{PAGE}export/"):
            assert client.get(address).status_code == 403
        assert PAGE not in client.get("/o/acme/", follow=True).content.decode()


def test_the_number_of_queries_does_not_grow(ines: Client, add: Callable[..., ActivityEntry]) -> None:
    ines.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        ines.get(PAGE)
    for _ in range(30):
        add(Action.LEFT)
    with CaptureQueriesContext(connection) as many:
        ines.get(PAGE)
    assert len(many) == len(few)


def test_names_a_pasted_import_by_its_time(ines: Client, add: Callable[..., ActivityEntry]) -> None:
    facts = {"values": {"pasted_at": f"{timezone.now().year}-03-01T14:02:00+00:00"}}
    add(Action.IMPORTED, affected=Affected.IMPORT, affected_id=7, affected_count=3, details=facts)
    assert "3 users Pasted Mar 1, 2:02 PM" in text_of(ines.get(PAGE).content.decode())

"""The pages home, settings and account."""

from __future__ import annotations

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.text import slugify

from accounts.activity.actions import Action
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.organizations import create_organization
from tests.pages import joined_words_of, text_of, words_of


@pytest.fixture
def client(admin: User, client_of: Callable[..., Client]) -> Client:
    return client_of(admin)


# --- Home ---------------------------------------------------------------------------------------------


def test_home_is_the_organization_used_last(
    admin: User, globex: Organization, client_of: Callable[..., Client]
) -> None:
    second = Membership.objects.create(user=admin, organization=globex, all_sites=True, last_seen_at=timezone.now())
    second.roles.set([globex.roles.get(name="Org Admin")])
    assert client_of(admin).get("/").headers["Location"] == "/o/globex/users/"


def test_a_user_without_an_organization_learns_what_to_do(db: None, client_of: Callable[..., Client]) -> None:
    client = client_of(User.objects.create_user("new@example.org", "a long enough password"))
    words = words_of(client.get("/"))
    assert "You don’t belong to an organization yet" in words
    assert "Ask an admin of your organization to invite this address." in words
    assert "new@example.org" in words


def test_the_address_of_an_organization_leads_to_its_users(client: Client) -> None:
    assert client.get("/o/acme/").headers["Location"] == "/o/acme/users/"


def test_a_member_who_manages_nothing_sees_their_roles_and_sites(
    member: User, client_of: Callable[..., Client]
) -> None:
    words = words_of(client_of(member).get("/o/acme/"))
    assert "ReadOnly Can see everything on their sites, but can’t change anything. See work" in words
    assert "Lyon depot France" in words
    assert "Ghent" not in words


def test_a_description_is_a_separate_paragraph(member: User, client_of: Callable[..., Client]) -> None:
    Membership.objects.filter(user=member).update(description="Night shift, gate 4")

    page = client_of(member).get("/o/acme/").content.decode()

    paragraphs = re.findall(r'<p class="rc-page-lead">(.*?)</p>', page)
    assert paragraphs == ["Your roles and sites in this organization.", "<bdi>Night shift, gate 4</bdi>"]


def test_says_that_a_member_has_all_sites(
    acme: Organization, join: Callable[..., User], client_of: Callable[..., Client]
) -> None:
    words = words_of(client_of(join(acme, "all@example.com", "ReadOnly")).get("/o/acme/"))
    assert "You have access to all sites, including new ones." in words


def test_the_sidebar_has_only_pages_that_the_member_can_open(
    admin: User, manager: User, member: User, client_of: Callable[..., Client]
) -> None:
    def items(user: User, path: str) -> list[str]:
        page = client_of(user).get(path).content.decode()
        nav = page.split('<ul class="rc-nav">')[1].split("</ul>")[0]
        return text_of(nav).split()

    assert items(admin, "/o/acme/roles/") == ["Users", "Imports", "Roles", "Sites", "Activity", "Settings"]
    assert items(manager, "/o/acme/roles/") == ["Users", "Roles", "Sites", "Settings"]
    assert items(member, "/o/acme/") == ["Home"]


# --- Settings -----------------------------------------------------------------------------------------


def test_the_organization_is_renamed_and_keeps_its_address(client: Client, acme: Organization) -> None:
    response = client.post("/o/acme/settings/", {"name": " Acme  Energy ", "time_zone": "UTC"}, follow=True)
    assert "The settings were saved." in words_of(response)
    acme.refresh_from_db()
    assert (acme.name, acme.slug) == ("Acme Energy", "acme")


@pytest.mark.parametrize(
    ("name", "answer"),
    [("", "Enter the organization’s name."), ("acme.example", "This would become a link in emails.")],
)
def test_says_what_is_wrong_with_a_name(client: Client, acme: Organization, name: str, answer: str) -> None:
    response = client.post("/o/acme/settings/", {"name": name})
    assert response.status_code == 422
    assert answer in words_of(response)
    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_an_admin_chooses_the_time_zone_by_its_city(client: Client, acme: Organization) -> None:
    page = client.get("/o/acme/settings/").content.decode()
    europe = page.split('<optgroup label="Europe">')[1].split("</optgroup>")[0]
    assert re.search(r'<option value="Europe/Paris">Paris \(UTC\+0[12]:00\)</option>', europe)

    client.post("/o/acme/settings/", {"name": "Acme", "time_zone": "Europe/Paris"})

    acme.refresh_from_db()
    assert str(acme.zone) == "Europe/Paris"
    entry = ActivityEntry.objects.get(action=Action.SETTINGS_CHANGED)
    assert entry.details == {"before": {"time_zone": "UTC"}, "after": {"time_zone": "Europe/Paris"}}
    assert "Time zone: Europe/Paris" in words_of(client.get("/o/acme/activity/"))


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "localtime", "US/Pacific"])
def test_says_what_is_wrong_with_a_time_zone(client: Client, acme: Organization, name: str) -> None:
    response = client.post("/o/acme/settings/", {"name": "Acme", "time_zone": name})
    assert response.status_code == 422
    assert "Choose a time zone from the list." in words_of(response)
    acme.refresh_from_db()
    assert acme.time_zone == "UTC"


def test_pages_show_times_in_the_zone_of_the_organization(client: Client, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(time_zone="Asia/Kathmandu")
    entry = ActivityEntry.objects.get(action=Action.ORGANIZATION_CREATED)
    local = entry.at.astimezone(ZoneInfo("Asia/Kathmandu"))

    words = words_of(client.get(f"/o/acme/activity/{entry.pk}/"))

    assert f"{local:%-I:%M:%S %p} · Asia/Kathmandu" in words
    assert timezone.get_current_timezone_name() == "UTC", "the thread answers other requests, too"


# --- Your account -------------------------------------------------------------------------------------


def test_shows_the_organizations_of_the_user(member: User, client_of: Callable[..., Client]) -> None:
    words = words_of(client_of(member).get("/account/"))
    assert "You sign in as member@example.com ." in words
    assert "Acme ReadOnly Lyon depot" in words


def test_the_card_of_the_account_is_about_more_than_the_name(client: Client) -> None:
    words = words_of(client.get("/account/"))

    assert words.index("Your details") < words.index("First name") < words.index("Email me once a day")


def test_users_change_their_name_and_nothing_else(member: User, client_of: Callable[..., Client]) -> None:
    data = {"first_name": "Zoë", "last_name": "Łukasiewicz", "email": "other@example.com", "is_staff": "on"}
    response = client_of(member).post("/account/", data, follow=True)
    assert "Your changes were saved." in words_of(response)
    member.refresh_from_db()
    assert (member.get_full_name(), member.email, member.is_staff) == ("Zoë Łukasiewicz", "member@example.com", False)
    assert member.person_key == "zoe lukasiewicz member@example.com", "and is found by the new one"


def test_a_name_needs_both_parts_and_no_link(member: User, client_of: Callable[..., Client]) -> None:
    client = client_of(member)
    words = words_of(client.post("/account/", {"first_name": "", "last_name": "evil.example"}))
    assert "Enter your first name." in words
    assert "This would become a link in emails." in words
    member.refresh_from_db()
    assert member.first_name == "Mara"


def test_the_account_works_without_an_organization(db: None, client_of: Callable[..., Client]) -> None:
    client = client_of(User.objects.create_user("new@example.org", "a long enough password"))
    response = client.get("/account/")
    assert response.status_code == 200
    assert "Organizations" not in joined_words_of(response)


@pytest.mark.parametrize("path", ["/o/acme/roles/", "/o/acme/sites/", "/o/acme/settings/", "/account/"])
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(
    path: str, client: Client, admin: User, acme: Organization
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    queries()
    # More than one of each: with one, a query for each row looks like a query for all of them.
    for number in range(2):
        _add_one_of_each(acme, admin, f"second {number}")
    before = queries()
    for number in range(8):
        _add_one_of_each(acme, admin, f"further {number}")
    assert queries() == before


def _add_one_of_each(acme: Organization, admin: User, name: str) -> None:
    Role.objects.create(organization=acme, name=name, permissions=["work.view"])
    Site.objects.create(organization=acme, name=name)
    other = create_organization(name, slugify(name))
    membership = Membership.objects.create(user=admin, organization=other)
    membership.roles.set(other.roles.all())
    membership.sites.set([Site.objects.create(organization=other, name=name)])

"""Sites are searched, added, renamed and deleted by members who may manage them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.sites import delete_site, save_site
from tests.pages import HTMX, joined_words_of, words_of
from tests.rules import domain_error

SITES = "/o/acme/sites/"
NEW = "/o/acme/sites/new/"


@pytest.fixture
def client(manager: User, client_of: Callable[..., Client]) -> Client:
    """A Project manager, which is enough to manage sites."""
    return client_of(manager)


def test_lists_sites_with_country_and_how_many_have_access(client: Client, member: User) -> None:
    words = words_of(client.get(SITES))
    assert "1 person has access to all sites." in words
    assert "Ghent Belgium 1 1 user" in words
    assert "Lyon depot France 2 2 users" in words, "the member, and the manager who has all"
    assert words.index("Ghent") < words.index("Lyon depot") < words.index("Turin")


@pytest.mark.servers
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("lyon", ["Lyon depot"]),
        ("BELG", ["Ghent"]),
        ("depot fran", ["Lyon depot"]),
        ("lyon belgium", []),
        ("ly\x00on", ["Lyon depot"]),
        ("  ", ["Ghent", "Lyon depot", "Turin"]),
    ],
)
def test_finds_sites_by_name_or_country(client: Client, search: str, found: list[str]) -> None:
    words = words_of(client.get(SITES, {"q": search}))
    assert [name for name in ("Ghent", "Lyon depot", "Turin") if name in words] == found


def test_says_when_no_site_matches(client: Client) -> None:
    words = joined_words_of(client.get(SITES, {"q": "ingrid"}))
    assert "No site matches “ingrid”." in words
    assert "Clear the search" in words


def test_suggests_adding_the_first_site(client: Client, sites: list[Site]) -> None:
    Site.objects.all().delete()
    assert "No sites yet." in words_of(client.get(SITES))


@pytest.mark.servers
def test_shows_twenty_five_at_a_time_and_keeps_the_search(client: Client, acme: Organization) -> None:
    Site.objects.bulk_create(Site(organization=acme, name=f"Hall {number:02}") for number in range(1, 31))
    first = client.get(SITES, {"q": "hall"})
    assert "1–25 of 30" in words_of(first)
    assert "?q=hall&amp;page=2" in first.content.decode()
    second = words_of(client.get(SITES, {"q": "hall", "page": "2"}))
    assert "26–30 of 30" in second
    assert "Hall 30" in second
    assert "26–30 of 30" in words_of(client.get(SITES, {"q": "hall", "page": "99"})), "a page that is gone is the last"


def test_does_not_show_the_sites_of_another_organization(client: Client, globex: Organization) -> None:
    Site.objects.create(organization=globex, name="Rotterdam hub")
    assert "Rotterdam" not in words_of(client.get(SITES))


@pytest.mark.servers
def test_a_site_is_added(client: Client, acme: Organization) -> None:
    response = client.post(NEW, {"name": " Porto  yard ", "country": "Portugal"}, follow=True)
    assert "The site Porto yard was added." in words_of(response)
    assert acme.sites.get(name="Porto yard").country == "Portugal"


def test_a_dialog_reloads_the_list(client: Client) -> None:
    response = client.post(NEW, {"name": "Porto yard"}, headers=HTMX)
    assert response.status_code == 204
    assert "sites:changed" in response.headers["HX-Trigger"]
    assert "The site Porto yard was added." in words_of(client.get(SITES, headers=HTMX))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("", "Enter a name such as Lyon depot."),
        ("LYON depot", "There is already a site named “LYON depot”."),
        ("http://evil.example", "This would become a link in emails."),
        ("Lyon\u202edepot", "This contains an invisible character."),
    ],
)
def test_says_what_is_wrong(client: Client, name: str, answer: str) -> None:
    response = client.post(NEW, {"name": name, "country": "France"}, headers=HTMX)
    assert response.status_code == 422
    assert answer in words_of(response)
    assert 'value="France"' in response.content.decode()
    assert Site.objects.count() == 3


def test_two_organizations_can_have_sites_with_the_same_name(client: Client, globex: Organization) -> None:
    Site.objects.create(organization=globex, name="Porto yard")
    assert client.post(NEW, {"name": "Porto yard"}).status_code == 302


def test_a_site_is_renamed(client: Client, sites: list[Site]) -> None:
    client.post(f"{SITES}{sites[0].pk}/", {"name": "Lyon north", "country": "France"})
    sites[0].refresh_from_db()
    assert sites[0].name == "Lyon north"


def test_a_member_without_all_sites_gets_the_site_they_add(
    acme: Organization, sites: list[Site], join: Callable[..., User]
) -> None:
    by = join(acme, "lead@example.com", "Project manager", sites=sites[:1]).memberships.get()
    added = save_site(by, name="Porto yard", country="")
    assert set(by.sites.all()) == {sites[0], added}


@pytest.mark.servers
def test_a_site_to_which_nobody_is_assigned_is_deleted(client: Client, sites: list[Site], manager: User) -> None:
    path = f"{SITES}{sites[2].pk}/delete/"
    assert "Nobody is assigned to this site." in words_of(client.get(path))
    assert "The site Turin was deleted." in words_of(client.post(path, follow=True))
    assert not Site.objects.filter(pk=sites[2].pk).exists()


def test_a_site_to_which_members_are_assigned_is_not_deleted(client: Client, sites: list[Site], member: User) -> None:
    path = f"{SITES}{sites[0].pk}/delete/"
    assert "1 person is assigned to this site. Reassign them first." in words_of(client.get(path))
    assert client.post(path).status_code == 422
    assert Site.objects.filter(pk=sites[0].pk).exists()


def test_a_site_of_another_organization_cannot_be_changed(admin_membership: Membership, globex: Organization) -> None:
    theirs = Site.objects.create(organization=globex, name="Rotterdam hub")
    for attempt in (
        lambda: save_site(admin_membership, name="Mine", country="", site=theirs),
        lambda: delete_site(admin_membership, theirs),
    ):
        with domain_error("gone", match="has been deleted"):
            attempt()
    theirs.refresh_from_db()
    assert theirs.name == "Rotterdam hub"


@pytest.mark.servers
def test_the_database_refuses_a_second_site_with_the_same_name(
    acme: Organization, admin_membership: Membership
) -> None:
    with domain_error("name_taken", match="already"):
        save_site(admin_membership, name="ghent", country="")
    assert Role.objects.filter(organization=acme).count() == 3, "the transaction goes on"


# --- Sites without access -------------------------------------------------------------------------------

TURIN = "You can’t edit Turin because you don’t have access to it."


@pytest.fixture
def lyon_only(acme: Organization, sites: list[Site], join: Callable[..., User]) -> User:
    """Manages sites, with access to one."""
    return join(acme, "lyon@example.com", "Project manager", sites=sites[:1])


@pytest.mark.parametrize("path", ["", "delete/"])
def test_a_site_without_access_cannot_be_changed(
    lyon_only: User, sites: list[Site], client_of: Callable[..., Client], path: str
) -> None:
    turin = sites[2]

    refused = client_of(lyon_only).post(f"{SITES}{turin.pk}/{path}", {"name": "Mine", "country": ""})

    assert refused.status_code == 403
    assert TURIN in words_of(refused)
    turin.refresh_from_db()
    assert turin.name == "Turin"


def test_the_services_refuse_a_site_without_access_too(lyon_only: User, sites: list[Site]) -> None:
    by = lyon_only.memberships.get()
    with domain_error("beyond_permissions"):
        save_site(by, name="Mine", country="", site=sites[2])
    with domain_error("beyond_permissions"):
        delete_site(by, sites[2])
    assert Site.objects.filter(name="Turin").exists()


def test_a_site_to_which_access_was_lost_in_the_meantime_cannot_be_changed(lyon_only: User, sites: list[Site]) -> None:
    by = lyon_only.memberships.get()
    assert by.permissions()
    Membership.objects.get(pk=by.pk).delete()
    with domain_error("not_allowed"):
        save_site(by, name="Mine", country="", site=sites[0])


def test_members_who_may_no_longer_manage_sites_change_none(admin_membership: Membership, sites: list[Site]) -> None:
    assert admin_membership.permissions()
    Membership.objects.get(pk=admin_membership.pk).roles.clear()

    with domain_error("not_allowed"):
        save_site(admin_membership, name="Oslo", country="")
    with domain_error("not_allowed"):
        save_site(admin_membership, name="Oslo", country="", site=sites[0])
    with domain_error("not_allowed"):
        delete_site(admin_membership, sites[0])


def test_the_service_checks_permissions_again(
    lyon_only: User, sites: list[Site], client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.organizations.views.sites.check_can_change", lambda by, site: None)
    client = client_of(lyon_only)
    for path in ("", "delete/"):
        assert client.post(f"{SITES}{sites[2].pk}/{path}", {"name": "Mine"}).status_code == 403


def test_a_site_without_access_is_shown_without_buttons(
    lyon_only: User, sites: list[Site], client_of: Callable[..., Client]
) -> None:
    client = client_of(lyon_only)
    listed = client.get(SITES).content.decode()
    assert f"{SITES}{sites[0].pk}/delete/" in listed
    assert f"{SITES}{sites[2].pk}/delete/" not in listed
    dialog = client.get(f"{SITES}{sites[2].pk}/", headers=HTMX)
    assert dialog.status_code == 200
    assert TURIN in words_of(dialog)
    assert "<form" not in dialog.content.decode()
    assert client.get(f"{SITES}{sites[2].pk}/delete/").status_code == 403


def test_a_site_with_access_is_renamed(lyon_only: User, sites: list[Site], client_of: Callable[..., Client]) -> None:
    assert client_of(lyon_only).post(f"{SITES}{sites[0].pk}/", {"name": "Lyon yard", "country": ""}).status_code == 302
    sites[0].refresh_from_db()
    assert sites[0].name == "Lyon yard"

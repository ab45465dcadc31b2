"""Members can be changed and removed by others with at least their access, but not the last manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from tests.invites.invitations.helpers import Invite
from tests.pages import text_of

ClientOf = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}


def address_of(user: User, page: str = "edit/") -> str:
    return f"/o/acme/users/{Membership.objects.get(user=user, organization__slug='acme').pk}/{page}"


def names_of(user: User) -> dict[str, Any]:
    """The fields of the form that stay as they are."""
    membership = Membership.objects.get(user=user, organization__slug="acme")
    return {name: getattr(membership, name) for name in ("first_name", "last_name", "description")}


def role(organization: Organization, name: str) -> Role:
    return Role.objects.get(organization=organization, name=name)


@pytest.fixture
def people_manager(manager: User, acme: Organization, sites: list[Site]) -> User:
    """Manages users, but has little else: the permissions of ReadOnly, and only Lyon depot."""
    mine = Role.objects.create(
        organization=acme, name="People", permissions=["users.view", "users.manage", "work.view"]
    )
    membership = Membership.objects.get(user=manager)
    membership.all_sites = False
    membership.save()
    membership.roles.set([mine])
    membership.sites.set(sites[:1])
    return manager


def test_changes_the_roles_and_sites_of_a_member(
    client_of: ClientOf, admin: User, member: User, acme: Organization, sites: list[Site]
) -> None:
    chosen = names_of(member) | {"roles": [role(acme, "Project manager").pk], "sites": [sites[1].pk, sites[2].pk]}

    answer = client_of(admin).post(address_of(member), chosen, headers=HTMX)

    assert answer.status_code == 204
    membership = Membership.objects.get(user=member)
    assert [each.name for each in membership.roles.all()] == ["Project manager"]
    assert [each.name for each in membership.sites.all()] == ["Ghent", "Turin"]


def test_the_dialog_shows_the_access_and_details_of_a_member(client_of: ClientOf, admin: User, member: User) -> None:
    Membership.objects.filter(user=member).update(description="Night shift")

    page = client_of(admin).get(address_of(member), headers=HTMX).content.decode()

    words = text_of(page)
    assert "Mara Conti member@example.com" in words
    assert "Night shift" in page
    assert page.count("checked") == 1
    assert page.count("selected") == 1


def test_a_member_needs_a_role(client_of: ClientOf, admin: User, member: User, sites: list[Site]) -> None:
    answer = client_of(admin).post(address_of(member), names_of(member) | {"sites": [sites[0].pk]}, headers=HTMX)

    assert answer.status_code == 422
    assert "Choose at least one role." in answer.content.decode()
    assert Membership.objects.get(user=member).roles.count() == 1


@pytest.mark.servers
def test_asks_before_removing_a_member(client_of: ClientOf, admin: User, member: User) -> None:
    client, address = client_of(admin), address_of(member, "remove/")

    assert "Remove Mara Conti ?" in text_of(client.get(address, headers=HTMX).content.decode())
    assert Membership.objects.filter(user=member).exists()
    assert client.post(address, headers=HTMX).status_code == 204

    assert not Membership.objects.filter(user=member).exists()
    assert User.objects.filter(pk=member.pk).exists()
    assert client_of(member).get("/o/acme/").status_code == 404


def test_dialogs_say_how_many_invitations_stop_working(
    client_of: ClientOf, admin: User, acme: Organization, join: Callable[..., User], invite: Invite
) -> None:
    invite("old@people.example.com", expired=True)
    invite("one@people.example.com")
    client = client_of(join(acme, "second@example.com", "Org Admin"))

    def dialog(action: str, viewer: Client = client) -> str:
        return text_of(viewer.get(address_of(admin, action), headers=HTMX).content.decode())

    for action in ("remove/", "deactivate/"):
        assert "1 invitation they sent stops working. Resend it to make it yours." in dialog(action)
    assert "1 invitation you sent stops working, until someone else resends it." in dialog("remove/", client_of(admin))
    invite("two@people.example.com")
    assert "2 invitations they sent stop working. Resend them to make them yours." in dialog("deactivate/")
    Membership.objects.filter(user=admin).update(deactivated_at=timezone.now())
    assert "invitations" not in dialog("remove/")


def test_the_last_manager_cannot_be_removed(
    client_of: ClientOf, admin: User, acme: Organization, sites: list[Site]
) -> None:
    client = client_of(admin)

    removed = client.post(address_of(admin, "remove/"), headers=HTMX)
    weaker = names_of(admin) | {"roles": [role(acme, "ReadOnly").pk], "sites": ["all"]}
    changed = client.post(address_of(admin), weaker, headers=HTMX)

    for answer in (removed, changed):
        assert answer.status_code == 422
        assert (
            "This is the only person with access to all sites who can invite and manage users."
            in answer.content.decode()
        )
    assert Membership.objects.get(user=admin).roles.get().name == "Org Admin"


def test_the_last_manager_must_be_able_to_invite(
    client_of: ClientOf, admin: User, people_manager: User, acme: Organization
) -> None:
    answer = client_of(admin).post(
        address_of(admin),
        names_of(admin) | {"roles": [role(acme, "People").pk], "sites": ["all"], "confirmed": "1"},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert (
        "This is the only person with access to all sites who can invite and manage users." in answer.content.decode()
    )
    assert Membership.objects.get(user=admin).roles.get().name == "Org Admin"


def test_asks_before_members_give_up_their_own_permissions(
    client_of: ClientOf, admin: User, acme: Organization, sites: list[Site], join: Callable[..., User]
) -> None:
    join(acme, "second@example.com", "Org Admin")
    client = client_of(admin)
    weaker = names_of(admin) | {"roles": [role(acme, "ReadOnly").pk], "sites": [sites[0].pk, sites[1].pk]}

    for headers in (HTMX, {}):
        asked = client.post(address_of(admin), weaker, headers=headers)
        assert asked.status_code == 200
        assert "You would lose these permissions: See users, Invite users and Manage users." in text_of(
            asked.content.decode()
        )
        assert Membership.objects.get(user=admin).roles.get().name == "Org Admin"

    page = asked.content.decode()
    confirmed = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', page)
        for name in ("roles", "sites", "confirmed", "first_name", "last_name")
    }
    answer = client.post(address_of(admin), confirmed, headers=HTMX)

    assert answer.headers["HX-Redirect"] == "/o/acme/"
    membership = Membership.objects.get(user=admin)
    assert membership.roles.get().name == "ReadOnly"
    assert {each.name for each in membership.sites.all()} == {"Lyon depot", "Ghent"}
    assert "Your roles and sites were changed." in client.get("/o/acme/", follow=True).content.decode()


def test_does_not_ask_members_who_only_change_their_sites(
    client_of: ClientOf, admin: User, colleague: Membership, acme: Organization, sites: list[Site]
) -> None:
    answer = client_of(admin).post(
        address_of(admin),
        names_of(admin) | {"roles": [role(acme, "Org Admin").pk], "sites": [sites[0].pk]},
        headers=HTMX,
    )

    assert answer.headers["HX-Redirect"] == "/o/acme/"
    assert [each.name for each in Membership.objects.get(user=admin).sites.all()] == ["Lyon depot"]


@pytest.mark.parametrize("may_see_users", [True, False])
def test_everyone_can_leave_and_lands_on_their_home_page(
    client_of: ClientOf, admin: User, member: User, may_see_users: bool
) -> None:
    Role.objects.filter(name="ReadOnly").update(permissions=["users.view"] if may_see_users else [])
    client = client_of(member)
    own_page = client.get(address_of(member, "") if may_see_users else "/o/acme/").content.decode()

    assert 'href="/o/acme/leave/"' in own_page
    assert "Leave Acme ?" in text_of(client.get("/o/acme/leave/").content.decode())
    answer = client.post("/o/acme/leave/", follow=True)

    assert answer.status_code == 200
    assert not Membership.objects.filter(user=member).exists()
    assert ActivityEntry.objects.get(action="left").actor_email == member.email


def test_the_last_manager_cannot_leave(client_of: ClientOf, admin: User) -> None:
    client = client_of(admin)

    for address in ("/o/acme/leave/", address_of(admin, "remove/")):
        answer = client.post(address, headers=HTMX)
        assert answer.status_code == 422
        assert "You haven’t left Acme" in answer.content.decode()
        assert "This is the only person with access to all sites" in answer.content.decode()
    assert Membership.objects.filter(user=admin).exists()


# --- Permissions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["edit/", "remove/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_members_with_less_access_cannot_remove_an_admin(
    client_of: ClientOf, people_manager: User, admin: User, colleague: Membership, path: str, method: str
) -> None:
    answer = client_of(people_manager).generic(method, address_of(admin, path))

    assert answer.status_code == (200 if (method, path) == ("GET", "edit/") else 403)
    assert "You can’t edit Ines Martin because they have access you don’t have: Org Admin." in answer.content.decode()
    assert Membership.objects.filter(user__in=(admin, colleague.user_id)).count() == 2


@pytest.mark.servers
def test_a_member_with_more_permissions_cannot_be_changed(
    client_of: ClientOf, people_manager: User, admin: User, acme: Organization
) -> None:
    client = client_of(people_manager)
    before = list(Membership.objects.get(user=admin).roles.all())
    mine = role(acme, "People")

    why = "You can’t edit Ines Martin because they have access you don’t have: Org Admin."
    assert why in client.get(address_of(admin), headers=HTMX).content.decode()
    lyon = Membership.objects.get(user=people_manager).sites.get()
    changed = client.post(address_of(admin), names_of(admin) | {"roles": [mine.pk], "sites": [lyon.pk]}, headers=HTMX)
    removed = client.post(address_of(admin, "remove/"), headers=HTMX)

    assert (changed.status_code, removed.status_code) == (403, 403)
    assert changed.content.decode() == removed.content.decode() == why
    assert list(Membership.objects.get(user=admin).roles.all()) == before


@pytest.mark.usefixtures("admin")
def test_edited_ids_cannot_exceed_ones_own_access(
    client_of: ClientOf, people_manager: User, member: User, acme: Organization, globex: Organization, sites: list[Site]
) -> None:
    client = client_of(people_manager)
    mine = role(acme, "People")
    foreign_role = Role.objects.filter(organization=globex).first()
    foreign_site = Site.objects.create(organization=globex, name="Elsewhere")
    assert foreign_role is not None
    good: dict[str, Any] = names_of(member) | {"roles": [mine.pk], "sites": [sites[0].pk]}
    beyond: list[dict[str, list[Any]]] = [
        *({"roles": [each.pk]} for each in acme.roles.filter(name__in=("Org Admin", "Project manager"))),
        {"roles": [mine.pk, role(acme, "Org Admin").pk]},
        {"roles": [foreign_role.pk]},
        {"sites": [sites[1].pk]},
        {"sites": [sites[0].pk, sites[2].pk]},
        {"sites": ["all"]},
        {"sites": [foreign_site.pk]},
    ]

    for change in beyond:
        assert client.post(address_of(member), good | change, headers=HTMX).status_code == 422, change

    membership = Membership.objects.get(user=member)
    assert [each.name for each in membership.roles.all()] == ["ReadOnly"]
    assert [each.name for each in membership.sites.all()] == ["Lyon depot"]
    assert client.post(address_of(member), good, headers=HTMX).status_code == 204


def test_members_cannot_give_themselves_more_access(
    client_of: ClientOf, people_manager: User, acme: Organization
) -> None:
    answer = client_of(people_manager).post(
        address_of(people_manager),
        names_of(people_manager) | {"roles": [role(acme, "Org Admin").pk], "sites": ["all"]},
        headers=HTMX,
    )

    assert answer.status_code == 422
    membership = Membership.objects.get(user=people_manager)
    assert [each.name for each in membership.roles.all()] == ["People"]
    assert not membership.all_sites


def test_other_organizations_members_are_not_found(
    client_of: ClientOf, admin: User, member: User, outsider: User
) -> None:
    theirs = Membership.objects.get(user=outsider).pk

    for page in ("edit/", "remove/"):
        assert client_of(admin).get(f"/o/acme/users/{theirs}/{page}").status_code == 404
        assert client_of(admin).post(f"/o/acme/users/{theirs}/{page}").status_code == 404
        assert client_of(outsider).post(address_of(member, page)).status_code == 404
        assert client_of(None).get(address_of(member, page)).status_code == 302
    assert Membership.objects.count() == 3


@pytest.mark.parametrize("name", ["Project manager", "ReadOnly"])
def test_members_without_permission_cannot_change_a_member(
    client_of: ClientOf, admin: User, member: User, acme: Organization, join: Callable[..., User], name: str
) -> None:
    client = client_of(join(acme, "somebody@example.com", name))

    for page in ("edit/", "remove/"):
        assert client.get(address_of(member, page)).status_code == 403
        assert client.post(address_of(member, page)).status_code == 403
    assert Membership.objects.filter(user=member).exists()

"""Roles: who sees and changes them, and that nobody adds permissions that they don't have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Membership, Organization, Role, Site, User
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.permissions import all_permissions, permission_summary
from tests.pages import HTMX, joined_words_of, words_of
from tests.rules import domain_error

ROLES = "/o/acme/roles/"
NEW = "/o/acme/roles/new/"


@pytest.fixture
def client(admin: User, client_of: Callable[..., Client]) -> Client:
    return client_of(admin)


def page_of(role: Role) -> str:
    return f"{ROLES}{role.pk}/"


def draft(name: str, *permissions: str) -> RoleDraft:
    return RoleDraft(name, "", frozenset(permissions))


# --- The page -----------------------------------------------------------------------------------------


def test_lists_roles_with_what_they_allow_and_how_many_have_them(
    client: Client, night_shift: Role, member: User, manager: User
) -> None:
    words = words_of(client.get(ROLES))
    assert "Org Admin Everything, including inviting and managing users. Everything 1 1 user" in words
    assert (
        "Project manager Everything except inviting, managing, and exporting users. "
        "Everything except: Invite users, Manage users, Export users" in words
    )
    assert "ReadOnly Can see everything on their sites, but can’t change anything. See work 1 1 user" in words
    assert "Night shift Works at night. See work, Do work 0 0 users" in words


def test_offers_to_delete_only_custom_roles(client: Client, night_shift: Role) -> None:
    page = client.get(ROLES).content.decode()
    assert page.count("Delete role") == 1
    assert f"{page_of(night_shift)}delete/" in page


def test_does_not_show_the_roles_of_another_organization(client: Client, globex: Organization) -> None:
    Role.objects.create(organization=globex, name="Dispatcher", permissions=["work.view"])
    assert "Dispatcher" not in words_of(client.get(ROLES))


@pytest.mark.servers
def test_a_role_is_added(client: Client, acme: Organization) -> None:
    response = client.post(
        NEW,
        {"name": "  Crane   driver ", "description": "Lifts.", "permissions": ["work.edit", "work.view"]},
        follow=True,
    )
    assert "The role Crane driver was added." in words_of(response)
    role = acme.roles.get(name="Crane driver")
    assert role.permissions == ["work.view", "work.edit"], "in the order of the pages"
    assert not role.is_default


def test_a_dialog_reloads_the_list_which_then_shows_the_message(client: Client) -> None:
    response = client.post(NEW, {"name": "Crane driver", "permissions": ["work.view"]}, headers=HTMX)
    assert response.status_code == 204
    assert "roles:changed" in response.headers["HX-Trigger"]
    assert "dialog:close" in response.headers["HX-Trigger"]
    part = client.get(ROLES, headers=HTMX)
    assert "Crane driver" in words_of(part)
    assert "The role Crane driver was added." in words_of(part)
    assert "was added" not in words_of(client.get(ROLES)), "it is said once"


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ({"name": "", "permissions": ["work.view"]}, "Enter a name such as Field worker."),
        ({"name": "Painter"}, "Choose at least one permission."),
        ({"name": "Painter", "permissions": ["work.paint"]}, "Choose permissions from the list."),
        ({"name": "readonly", "permissions": ["work.view"]}, "There is already a role named “readonly”."),
        ({"name": "www.evil.example", "permissions": ["work.view"]}, "This would become a link in emails."),
        ({"name": "x" * 81, "permissions": ["work.view"]}, "at most 80 characters"),
    ],
)
def test_says_what_is_wrong_and_keeps_what_was_typed(client: Client, data: dict[str, object], answer: str) -> None:
    count = Role.objects.count()
    response = client.post(NEW, data, headers=HTMX)
    assert response.status_code == 422
    assert answer in words_of(response)
    assert f'value="{data["name"]}"' in response.content.decode() or not data["name"]
    assert Role.objects.count() == count


def test_two_organizations_can_have_roles_with_the_same_name(client: Client, globex: Organization) -> None:
    Role.objects.create(organization=globex, name="Painter", permissions=["work.view"])
    assert client.post(NEW, {"name": "Painter", "permissions": ["work.view"]}).status_code == 302


def test_changing_a_role_changes_what_its_members_can_do(
    client: Client, night_shift: Role, acme: Organization, join: Callable[..., User], client_of: Callable[..., Client]
) -> None:
    worker = client_of(join(acme, "worker@example.com", "Night shift"))
    assert worker.get("/o/acme/sites/").status_code == 403
    client.post(page_of(night_shift), {"name": "Night shift", "permissions": ["work.view", "sites.manage"]})
    assert worker.get("/o/acme/sites/").status_code == 200


def test_a_default_role_keeps_its_name(client: Client, acme: Organization) -> None:
    role = acme.roles.get(name="ReadOnly")
    client.post(page_of(role), {"name": "Everything", "permissions": ["work.view", "data.export"]})
    role.refresh_from_db()
    assert (role.name, role.permissions) == ("ReadOnly", ["work.view", "data.export"])


def test_a_service_keeps_the_name_of_a_default_role(admin_membership: Membership, acme: Organization) -> None:
    saved = save_role(admin_membership, draft("Everything", "work.view"), acme.roles.get(name="ReadOnly"))
    saved.refresh_from_db()
    assert saved.name == "ReadOnly"


def test_org_admin_can_be_read_and_not_changed(client: Client, acme: Organization) -> None:
    role = acme.roles.get(name="Org Admin")
    shown = client.get(page_of(role))
    assert "This role always has every permission" in words_of(shown)
    assert "Review work Approve work or send it back." in words_of(shown)
    assert "<form method" not in shown.content.decode().split('id="content"')[1].split("</main>")[0]
    assert client.post(page_of(role), {"name": "Org Admin", "permissions": ["work.view"]}).status_code == 422
    role.refresh_from_db()
    assert role.allowed == all_permissions()


def test_a_role_that_nobody_has_is_deleted(client: Client, night_shift: Role) -> None:
    path = f"{page_of(night_shift)}delete/"
    assert "Nobody has this role. Deleting it can’t be undone." in words_of(client.get(path))
    assert Role.objects.filter(pk=night_shift.pk).exists(), "asking deletes nothing"
    assert "The role Night shift was deleted." in words_of(client.post(path, follow=True))
    assert not Role.objects.filter(pk=night_shift.pk).exists()


def test_a_role_that_members_have_is_not_deleted(
    client: Client, night_shift: Role, acme: Organization, join: Callable[..., User]
) -> None:
    join(acme, "worker@example.com", "Night shift")
    path = f"{page_of(night_shift)}delete/"
    assert "1 person has this role. Give them another one first." in words_of(client.get(path))
    response = client.post(path)
    assert response.status_code == 422
    assert Role.objects.filter(pk=night_shift.pk).exists()


def test_a_default_role_is_not_deleted(client: Client, acme: Organization) -> None:
    response = client.post(f"{page_of(acme.roles.get(name='Project manager'))}delete/")
    assert "Every organization has the role Project manager, so you can’t delete it." in words_of(response)
    assert acme.roles.filter(name="Project manager").exists()


def test_a_name_cannot_carry_markup(client: Client) -> None:
    client.post(NEW, {"name": "<b>Bold</b>", "permissions": ["work.view"]})
    page = client.get(ROLES).content.decode()
    assert "<b>Bold</b>" not in page
    assert "&lt;b&gt;Bold&lt;/b&gt;" in page


# --- Permissions that the editor lacks ----------------------------------------------------------------


@pytest.fixture
def keeper(acme: Organization, sites: list[Site], join: Callable[..., User]) -> User:
    """Can manage roles and see work, and nothing else."""
    Role.objects.create(organization=acme, name="Keeper", permissions=["roles.manage", "work.view"])
    return join(acme, "keeper@example.com", "Keeper")


def test_offers_only_permissions_that_the_editor_has(keeper: User, client_of: Callable[..., Client]) -> None:
    words = words_of(client_of(keeper).get(NEW))
    assert "Manage roles" in words
    assert "See work" in words
    assert "Invite users" not in words


def test_a_permission_edited_into_the_form_is_refused(
    keeper: User, acme: Organization, client_of: Callable[..., Client]
) -> None:
    client = client_of(keeper)
    response = client.post(NEW, {"name": "Painter", "permissions": ["work.view", "users.invite"]})
    assert response.status_code == 422
    assert not acme.roles.filter(name="Painter").exists()


@pytest.mark.servers
def test_nobody_adds_permissions_to_their_own_role(
    keeper: User, acme: Organization, client_of: Callable[..., Client]
) -> None:
    own = acme.roles.get(name="Keeper")
    client_of(keeper).post(page_of(own), {"name": "Keeper", "permissions": sorted(all_permissions())})
    own.refresh_from_db()
    assert set(own.permissions) == {"roles.manage", "work.view"}


def test_a_role_with_more_permissions_can_be_neither_changed_nor_deleted(
    keeper: User, night_shift: Role, client_of: Callable[..., Client]
) -> None:
    client = client_of(keeper)
    assert "You can’t edit this role because it has permissions you don’t have." in words_of(
        client.get(page_of(night_shift))
    )
    refused = client.post(page_of(night_shift), {"name": "Mine", "permissions": ["work.view"]})
    assert refused.status_code == 403
    assert "You can’t edit Night shift because it has permissions you don’t have." in words_of(refused)
    assert client.post(page_of(night_shift), {}).status_code == 403, "before the form is looked at"
    assert client.post(f"{page_of(night_shift)}delete/").status_code == 403
    night_shift.refresh_from_db()
    assert night_shift.name == "Night shift"


def test_the_service_refuses_values_that_no_form_has_checked(
    admin_membership: Membership, manager_membership: Membership, night_shift: Role
) -> None:
    roles = manager_membership.organization.roles
    org_admin, read_only = roles.get(name="Org Admin"), roles.get(name="ReadOnly")
    for code, attempt in (
        ("beyond_permissions", lambda: save_role(manager_membership, draft("Painter", "users.invite"))),
        (
            "beyond_permissions",
            lambda: save_role(manager_membership, draft("Night shift", "users.invite"), night_shift),
        ),
        ("fixed_role", lambda: save_role(manager_membership, draft("Org Admin", "work.view"), org_admin)),
        ("default_role", lambda: delete_role(manager_membership, read_only)),
    ):
        with domain_error(code):
            attempt()


def test_nobody_removes_a_permission_that_they_do_not_have(
    keeper: User, acme: Organization, night_shift: Role, join: Callable[..., User]
) -> None:
    worker = join(acme, "worker@example.com", "Night shift").memberships.get()
    with domain_error("beyond_permissions"):
        save_role(keeper.memberships.get(), draft("Night shift", "work.view"), night_shift)
    assert worker.permissions() == {"work.view", "work.edit"}


def test_a_permission_that_was_lost_meanwhile_no_longer_counts(
    keeper: User, acme: Organization, night_shift: Role
) -> None:
    by = keeper.memberships.get()
    every = Role.objects.create(organization=acme, name="Boss", permissions=sorted(all_permissions()))
    by.roles.add(every)
    assert by.permissions() >= {"work.edit"}
    Membership.objects.get(pk=by.pk).roles.remove(every)

    with domain_error("beyond_permissions"):
        save_role(by, draft("Night shift", "work.view"), night_shift)
    with domain_error("beyond_permissions"):
        delete_role(by, night_shift)
    with domain_error("beyond_permissions"):
        save_role(by, draft("Painter", "work.edit"))


def test_members_who_may_no_longer_manage_roles_change_none(admin_membership: Membership, night_shift: Role) -> None:
    assert admin_membership.permissions() == all_permissions()
    Membership.objects.get(pk=admin_membership.pk).roles.clear()

    with domain_error("not_allowed"):
        save_role(admin_membership, draft("Painter"))
    with domain_error("not_allowed"):
        save_role(admin_membership, draft("Night shift", "work.view"), night_shift)
    with domain_error("not_allowed"):
        delete_role(admin_membership, night_shift)


def test_the_service_checks_permissions_again(
    keeper: User, night_shift: Role, client_of: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.organizations.views.roles.check_can_change", lambda by, role: None)
    client = client_of(keeper)
    edited = {"name": "Mine", "permissions": ["work.view"]}
    assert client.post(page_of(night_shift), edited).status_code == 403
    assert client.post(f"{page_of(night_shift)}delete/").status_code == 403


def test_the_last_role_that_manages_users_keeps_the_permission(
    admin: User, admin_membership: Membership, acme: Organization, client_of: Callable[..., Client]
) -> None:
    own = Role.objects.create(organization=acme, name="Boss", permissions=sorted(all_permissions()))
    admin_membership.roles.set([own])
    response = client_of(admin).post(page_of(own), {"name": "Boss", "permissions": ["roles.manage"]})
    assert "This is the only person with access to all sites who can invite and manage users." in words_of(response)
    own.refresh_from_db()
    assert "users.manage" in own.permissions


def test_a_role_of_another_organization_cannot_be_changed(admin_membership: Membership, globex: Organization) -> None:
    theirs = Role.objects.create(organization=globex, name="Dispatcher", permissions=["work.view"])
    for attempt in (
        lambda: save_role(admin_membership, draft("Mine", "work.view"), theirs),
        lambda: delete_role(admin_membership, theirs),
    ):
        with domain_error("gone", match="has been deleted"):
            attempt()
    theirs.refresh_from_db()
    assert theirs.name == "Dispatcher"


# --- Permissions as text ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "words"),
    [
        (all_permissions(), "Everything"),
        (all_permissions() - {"data.export"}, "Everything except: Export data"),
        ({"work.view"}, "See work"),
        ({"data.export", "work.view", "users.view"}, "See users, See work, Export data"),
        (set(), "Nothing"),
    ],
)
def test_writes_permissions_as_text(permissions: set[str], words: str) -> None:
    assert permission_summary(permissions) == words


def test_a_dialog_works_as_a_page_of_its_own(client: Client, night_shift: Role) -> None:
    page = client.get(page_of(night_shift))
    assert "<html" in page.content.decode()
    assert "Edit Night shift" in joined_words_of(page)
    part = client.get(page_of(night_shift), headers=HTMX)
    assert "<html" not in part.content.decode()
    assert "Edit Night shift" in joined_words_of(part)

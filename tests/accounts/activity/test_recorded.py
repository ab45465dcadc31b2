"""What is recorded: each change of an organization leaves one entry that says who, what, whom, and from where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from accounts.activity.actions import Action
from accounts.activity.source import Source
from accounts.models import ActivityEntry, Membership, Organization, Role, Site, User
from accounts.organizations.access import ENTERED
from accounts.organizations.grants import AccessSelection
from accounts.organizations.members import change_membership, remove_membership
from accounts.organizations.organizations import change_organization
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.organizations.sites import delete_site, save_site
from accounts.tasks import record_failed_sign_in
from tests.members import PASSWORD
from tests.rules import domain_error

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def entries(*actions: Action) -> list[ActivityEntry]:
    return list(ActivityEntry.objects.filter(action__in=actions).order_by("pk"))


def only(action: Action) -> ActivityEntry:
    (entry,) = entries(action)
    return entry


def test_a_new_organization_is_the_first_entry(acme: Organization) -> None:
    (entry,) = ActivityEntry.objects.all()
    assert (entry.action, entry.organization_id, entry.actor_id) == (Action.ORGANIZATION_CREATED, acme.pk, None)


def test_a_new_name_of_the_organization(admin_membership: Membership) -> None:
    change_organization(admin_membership, name="Acme North", time_zone="UTC")
    assert only(Action.SETTINGS_CHANGED).details == {"before": {"name": "Acme"}, "after": {"name": "Acme North"}}
    change_organization(admin_membership, name="Acme North", time_zone="UTC")
    only(Action.SETTINGS_CHANGED)


def test_who_lost_the_permission_renames_nothing(admin_membership: Membership, acme: Organization) -> None:
    admin_membership.roles.set([acme.roles.get(name="ReadOnly")])

    with domain_error("not_allowed"):
        change_organization(admin_membership, name="Acme North", time_zone="UTC")

    acme.refresh_from_db()
    assert acme.name == "Acme"


def test_other_roles_and_sites(
    admin_membership: Membership, member_membership: Membership, sites: list[Site], acme: Organization
) -> None:
    manager, read_only = acme.roles.get(name="Project manager"), acme.roles.get(name="ReadOnly")
    change_membership(admin_membership, member_membership, AccessSelection.of([manager], sites[1:2]))
    entry = only(Action.ACCESS_CHANGED)
    assert entry.actor_name == "Ines Martin"
    assert entry.affected_name == "Mara Conti"
    assert entry.details == {
        "added": {"roles": ["Project manager"], "sites": ["Ghent"]},
        "removed": {"roles": ["ReadOnly"], "sites": ["Lyon depot"]},
    }
    change_membership(admin_membership, member_membership, AccessSelection.of([manager, read_only], sites[1:2]))
    assert only(Action.ROLES_CHANGED).details == {"added": {"roles": ["ReadOnly"]}}
    change_membership(admin_membership, member_membership, AccessSelection.of([manager, read_only], all_sites=True))
    assert only(Action.SITES_CHANGED).details == {
        "removed": {"sites": ["Ghent"]},
        "before": {"all_sites": False},
        "after": {"all_sites": True},
    }


def test_no_entry_where_nothing_changes(admin_membership: Membership, member_membership: Membership) -> None:
    change_membership(admin_membership, member_membership, AccessSelection.held_by(member_membership))
    assert not entries(Action.ROLES_CHANGED, Action.SITES_CHANGED, Action.ACCESS_CHANGED)


def test_a_removed_user_and_one_who_leaves(
    admin_membership: Membership, member_membership: Membership, manager_membership: Membership
) -> None:
    remove_membership(admin_membership, member_membership)
    removed = only(Action.USER_REMOVED)
    assert (removed.affected_email, removed.details["removed"]["roles"]) == ("member@example.com", ["ReadOnly"])
    remove_membership(manager_membership, manager_membership)
    assert (only(Action.LEFT).actor_email, only(Action.LEFT).affected) == ("manager@example.com", "self")


def test_roles(admin_membership: Membership, member: User, acme: Organization) -> None:
    role = save_role(admin_membership, RoleDraft("Auditor", "", frozenset({"work.view"})))
    assert only(Action.ROLE_ADDED).details == {"added": {"permissions": ["work.view"]}}
    save_role(admin_membership, RoleDraft("Auditors", "", frozenset({"data.export"})), role)
    changed = only(Action.ROLE_CHANGED)
    assert changed.details["added"] == {"permissions": ["data.export"]}
    assert changed.details["removed"] == {"permissions": ["work.view"]}
    assert changed.details["after"] == {"name": "Auditors"}
    save_role(admin_membership, RoleDraft("Auditors", "", frozenset({"data.export"})), role)
    only(Action.ROLE_CHANGED)
    delete_role(admin_membership, role)
    assert only(Action.ROLE_DELETED).affected_name == "Auditors"
    assert not Role.objects.filter(pk=role.pk).exists()


def test_sites(admin_membership: Membership) -> None:
    site = save_site(admin_membership, name="Porto", country="Portugal")
    save_site(admin_membership, name="Porto 2", country="Portugal", site=site)
    save_site(admin_membership, name="Porto 2", country="Portugal", site=site)
    delete_site(admin_membership, site)
    assert only(Action.SITE_ADDED).affected_name == "Porto"
    assert only(Action.SITE_CHANGED).details == {"before": {"name": "Porto"}, "after": {"name": "Porto 2"}}
    assert only(Action.SITE_DELETED).affected_name == "Porto 2"


def test_signing_in_is_recorded_where_the_user_enters(
    admin: User, globex: Organization, join: Callable[..., User], client_of: Callable[[User | None], Client]
) -> None:
    Membership.objects.create(user=admin, organization=globex, all_sites=True)
    browser = client_of(admin)
    for _ in range(2):
        browser.get("/o/acme/users/", REMOTE_ADDR="203.0.113.24", headers={"user-agent": FIREFOX})
    entry = only(Action.SIGNED_IN)
    assert (entry.actor_email, entry.ip, entry.user_agent, entry.channel) == (
        "admin@example.com",
        "203.0.113.24",
        FIREFOX,
        "page",
    )
    browser.get("/o/globex/")
    assert len(entries(Action.SIGNED_IN)) == 2
    client_of(admin).get("/o/acme/users/")
    assert len(entries(Action.SIGNED_IN)) == 3


def test_two_requests_of_a_new_session_are_one_sign_in(admin: User, client_of: Callable[..., Client]) -> None:
    browser = client_of(admin)
    browser.get("/o/acme/users/")
    # As if the other request had read the session before this one saved it.
    session = browser.session
    del session[ENTERED]
    session.save()
    browser.get("/o/acme/users/")
    only(Action.SIGNED_IN)


@pytest.mark.parametrize("address", ["", "unknown", "203.0.113.24:50123", "fe80::1%eth0"])
def test_an_odd_address_of_a_client_is_no_error(address: str, ines: Client) -> None:
    assert ines.get("/o/acme/users/", REMOTE_ADDR=address).status_code == 200
    assert only(Action.SIGNED_IN).channel == "page"


def test_a_stranger_leaves_no_entry(outsider: User, acme: Organization, client_of: Callable[..., Client]) -> None:
    assert client_of(outsider).get("/o/acme/users/").status_code == 404
    assert not entries(Action.SIGNED_IN)


@pytest.mark.servers
def test_failed_sign_ins_are_grouped(member: User, globex: Organization) -> None:
    here = Source("page", ip="203.0.113.24").as_json()
    for _ in range(3):
        record_failed_sign_in("member@example.com", here)
    entry = only(Action.SIGN_IN_FAILED)
    assert (entry.actor_id, entry.affected_email, entry.ip) == (None, "member@example.com", "203.0.113.24")
    record_failed_sign_in("member@example.com", Source("page", ip="203.0.113.25").as_json())
    assert len(entries(Action.SIGN_IN_FAILED)) == 2
    with mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(hours=1)):
        record_failed_sign_in("member@example.com", here)
    assert len(entries(Action.SIGN_IN_FAILED)) == 3
    # Nothing is recorded where the account isn't a member.
    assert not ActivityEntry.objects.filter(action=Action.SIGN_IN_FAILED, organization_id=globex.pk).exists()


def test_a_failed_sign_in_of_nobody(acme: Organization) -> None:
    record_failed_sign_in("nobody@example.com", Source("page").as_json())
    assert not entries(Action.SIGN_IN_FAILED)


@pytest.mark.servers
def test_the_form_hands_failed_sign_ins_to_a_worker(member: User, client: Client) -> None:
    with mock.patch("accounts.users.sign_in.enqueue") as enqueue:
        for email in ("Member@example.com", "nobody@example.com"):
            client.post("/accounts/login/", {"login": email, "password": "wrong"}, REMOTE_ADDR="203.0.113.24")
    assert [call.args[1] for call in enqueue.call_args_list] == ["member@example.com", "nobody@example.com"]
    assert enqueue.call_args.args[2]["ip"] == "203.0.113.24"
    # No password is ever passed on.
    assert "wrong" not in str(enqueue.call_args_list)


def test_a_changed_password_and_name(member: User, client_of: Callable[[User | None], Client]) -> None:
    browser = client_of(member)
    browser.post("/account/", {"first_name": "Maria", "last_name": "Conti", "language": ""})
    changed = only(Action.USER_CHANGED)
    assert changed.details == {"before": {"first_name": "Mara"}, "after": {"first_name": "Maria"}}
    new = "another good password"
    browser.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new, "password": new}
    )
    entry = only(Action.PASSWORD_CHANGED)
    assert (entry.actor_email, entry.details) == ("member@example.com", {})


def test_what_an_operator_changes(member: User, client_of: Callable[[User | None], Client]) -> None:
    operator = User.objects.create_superuser("operator@example.com", PASSWORD)
    values = {"first_name": "Mara", "last_name": "Conti"}
    response = client_of(operator).post(f"/operators/accounts/user/{member.pk}/change/", values)
    assert response.status_code == 302
    entry = only(Action.USER_CHANGED)
    assert (entry.actor_email, entry.affected_email) == ("operator@example.com", "member@example.com")
    assert entry.details == {"before": {"is_active": True}, "after": {"is_active": False}}

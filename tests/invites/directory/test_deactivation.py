"""Deactivated members on the Users page, and the dialogs that deactivate and reactivate a member."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Organization, Site, User
from invites.directory.counts import count_users
from invites.directory.users import Status, UserFilter
from invites.directory.users_page import find_users_page
from tests.pages import text_of, words_of

ClientOf = Callable[[User | None], Client]
HTMX = {"HX-Request": "true"}


def url(membership: Membership, action: str) -> str:
    return f"/o/acme/users/{membership.pk}/{action}/"


def deactivated(membership: Membership) -> Membership:
    Membership.objects.filter(pk=membership.pk).update(deactivated_at=timezone.now())
    membership.refresh_from_db()
    return membership


def names(organization: Organization, status: Status | None) -> list[str]:
    wanted = UserFilter(status=status)
    page = find_users_page(organization, wanted, number=1, counts=count_users(organization, wanted))
    return [person.name for person in page.object_list]


def test_a_tab_of_their_own(
    acme: Organization, admin_membership: Membership, member_membership: Membership, ines: Client
) -> None:
    deactivated(member_membership)

    assert names(acme, Status.ACTIVE) == ["Ines Martin"]
    assert names(acme, Status.DEACTIVATED) == ["Mara Conti"]
    assert names(acme, None) == ["Ines Martin", "Mara Conti"]
    counts = count_users(acme, UserFilter())
    assert (counts.active, counts.deactivated, counts.total) == (1, 1, 2)
    page = words_of(ines.get("/o/acme/users/?status=deactivated"))
    assert "Deactivated 1" in page
    assert "Mara Conti member@example.com Deactivated ReadOnly" in page
    assert "Ines Martin admin@example.com" not in page


def test_the_empty_tab_says_what_is_listed_there(ines: Client, member_membership: Membership) -> None:
    page = words_of(ines.get("/o/acme/users/?status=deactivated"))
    assert "No deactivated users" in page
    assert "People you deactivate keep their roles and sites, and are listed here." in page


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_asks_then_deactivates(
    headers: dict[str, str], ines: Client, member: User, member_membership: Membership, client_of: ClientOf
) -> None:
    theirs = client_of(member)
    assert theirs.get("/o/acme/").status_code == 200

    asked = text_of(ines.get(url(member_membership, "deactivate"), headers=headers).content.decode())
    assert "Deactivate Mara Conti ?" in asked
    assert "They lose access to Acme immediately. Roles and sites are kept. No email is sent." in asked
    assert theirs.get("/o/acme/").status_code == 200
    answer = ines.post(url(member_membership, "deactivate"), headers=headers)

    assert answer.status_code == (204 if headers else 302)
    assert theirs.get("/o/acme/").status_code == 404
    assert "Mara Conti was deactivated. Their roles and sites are kept." in words_of(ines.get("/o/acme/users/"))


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["dialog", "page"])
def test_shows_what_they_get_back_then_reactivates(
    headers: dict[str, str],
    ines: Client,
    member: User,
    member_membership: Membership,
    sites: list[Site],
    client_of: ClientOf,
) -> None:
    deactivated(member_membership).sites.add(sites[1])

    asked = text_of(ines.get(url(member_membership, "reactivate"), headers=headers).content.decode())
    assert "Reactivate Mara Conti ?" in asked
    assert "They get back ReadOnly for Ghent and Lyon depot . No email is sent." in asked
    answer = ines.post(url(member_membership, "reactivate"), headers=headers)

    assert answer.status_code == (204 if headers else 302)
    assert client_of(member).get("/o/acme/").status_code == 200
    assert "Mara Conti was reactivated." in words_of(ines.get("/o/acme/users/"))


def test_says_that_there_are_no_roles_or_sites(ines: Client, member_membership: Membership) -> None:
    deactivated(member_membership).roles.clear()
    member_membership.sites.clear()
    asked = text_of(ines.get(url(member_membership, "reactivate"), headers=HTMX).content.decode())
    assert "They get back access to Acme , but have no roles or sites." in asked


def test_the_menu_offers_what_is_possible(
    ines: Client, admin_membership: Membership, member_membership: Membership
) -> None:
    page = ines.get("/o/acme/users/").content.decode()
    assert url(member_membership, "deactivate") in page
    assert url(member_membership, "reactivate") not in page
    assert url(admin_membership, "deactivate") not in page
    deactivated(member_membership)
    page = ines.get("/o/acme/users/").content.decode()
    assert url(member_membership, "deactivate") not in page
    assert url(member_membership, "reactivate") in page


@pytest.mark.parametrize("action", ["deactivate", "reactivate"])
def test_only_those_who_manage_users_and_have_all_their_access(
    action: str,
    member_membership: Membership,
    manager_membership: Membership,
    manager: User,
    limited: Membership,
    outsider: User,
    client_of: ClientOf,
) -> None:
    deactivated(member_membership)
    for user, target, status in (
        (manager, member_membership, 403),
        (limited.user, manager_membership, 403),
        (outsider, member_membership, 404),
    ):
        client = client_of(user)
        assert client.get(url(target, action)).status_code == status
        assert client.post(url(target, action)).status_code == status
    assert client_of(None).post(url(member_membership, action)).headers["Location"].startswith("/accounts/login/")
    assert Membership.objects.get(pk=member_membership.pk).deactivated_at is not None
    assert Membership.objects.get(pk=manager_membership.pk).deactivated_at is None
    page = client_of(limited.user).get("/o/acme/users/").content.decode()
    assert url(manager_membership, "deactivate") not in page
    assert url(manager_membership, "reactivate") not in page


def test_admins_cannot_deactivate_themselves(ines: Client, admin_membership: Membership) -> None:
    answer = ines.post(url(admin_membership, "deactivate"), headers=HTMX)
    assert answer.status_code == 422
    assert "You can’t deactivate yourself." in text_of(answer.content.decode())
    assert Membership.objects.get(pk=admin_membership.pk).deactivated_at is None

"""Access to views: declared beside each view, and enforced for every request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import include, path
from django.utils import timezone
from django.views import View

from accounts.models import Membership, Role, User
from accounts.organizations.access import SEEN_EVERY, guarded, member, public, requires, signed_in, third_party
from accounts.permissions import Permission
from tests.pages import HTMX


def undeclared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@public("says nothing")
def declared(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@member
def for_members(request: HttpRequest, organization: str) -> HttpResponse:
    return HttpResponse()


# --- Views without a declaration ----------------------------------------------------------------------


def test_a_view_that_declares_nothing_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="'forgotten/' declares no access"):
        guarded([path("open/", declared), path("forgotten/", undeclared)])


def test_a_view_that_declares_nothing_is_found_below_an_include() -> None:
    with pytest.raises(ImproperlyConfigured, match="'part/forgotten/' declares no access"):
        guarded([path("part/", include([path("forgotten/", undeclared)]))])


def test_a_class_that_declares_nothing_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured):
        guarded([path("forgotten/", View.as_view())])


def test_third_party_views_must_be_marked() -> None:
    brought = [path("theirs/", undeclared)]
    with pytest.raises(ImproperlyConfigured):
        guarded([path("", include(brought))])
    assert guarded([third_party(path("", include(brought)), reason="They look themselves.")])


def test_a_view_for_members_needs_an_organization_in_its_address() -> None:
    with pytest.raises(ImproperlyConfigured, match="of which organization"):
        guarded([path("lost/", for_members)])
    assert guarded([path("o/<slug:organization>/", include([path("found/", for_members)]))])


def test_every_declaration_is_accepted() -> None:
    views: list[Callable[..., HttpResponse]] = [
        declared,
        signed_in(lambda _request: HttpResponse()),
        requires(Permission.VIEW_USERS)(lambda _request, organization: HttpResponse(organization)),
    ]
    assert guarded([path(f"o/<slug:organization>/{number}/", view) for number, view in enumerate(views)])


# --- Requests -----------------------------------------------------------------------------------------


def test_a_revoked_permission_is_gone_at_the_next_request(
    admin: User, admin_membership: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(admin)
    assert client.get("/o/acme/roles/").status_code == 200
    admin_membership.roles.set(Role.objects.filter(organization=admin_membership.organization, name="ReadOnly"))
    assert client.get("/o/acme/roles/").status_code == 403


def test_a_removed_member_finds_nothing_at_the_next_request(
    admin: User, admin_membership: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(admin)
    admin_membership.delete()
    assert client.get("/o/acme/roles/").status_code == 404


def test_several_roles_add_up(member: User, member_membership: Membership, client_of: Callable[..., Client]) -> None:
    keeper = Role.objects.create(
        organization=member_membership.organization, name="Keeper", permissions=["sites.manage"]
    )
    member_membership.roles.add(keeper)
    client = client_of(member)
    assert client.get("/o/acme/sites/").status_code == 200
    assert client.get("/o/acme/roles/").status_code == 403


@pytest.mark.parametrize("path", ["/o/acme/", "/o/globex/", "/o/no-such-place/"])
def test_another_organization_looks_as_if_it_did_not_exist(
    path: str, globex: object, acme: object, join: Callable[..., User], client_of: Callable[..., Client]
) -> None:
    stranger = User.objects.create_user("stranger@example.org", "a long enough password")
    response = client_of(stranger).get(path)
    assert response.status_code == 404
    assert b"Acme" not in response.content
    assert b"Globex" not in response.content


def test_stores_when_a_member_was_last_seen(
    member: User, member_membership: Membership, client_of: Callable[..., Client]
) -> None:
    assert member_membership.last_seen_at is None
    client_of(member).get("/o/acme/")
    member_membership.refresh_from_db()
    assert member_membership.last_seen_at is not None
    assert timezone.now() - member_membership.last_seen_at < timedelta(minutes=1)


def test_does_not_write_on_every_request(
    member: User, member_membership: Membership, client_of: Callable[..., Client]
) -> None:
    just_now = timezone.now() - SEEN_EVERY / 2
    Membership.objects.filter(pk=member_membership.pk).update(last_seen_at=just_now)
    client_of(member).get("/o/acme/")
    member_membership.refresh_from_db()
    assert member_membership.last_seen_at == just_now


def test_a_member_without_the_permission_still_sees_the_organization(
    member: User, client_of: Callable[..., Client]
) -> None:
    response = client_of(member).get("/o/acme/users/")
    assert response.status_code == 403
    assert b"Acme" in response.content


def test_caches_tell_a_page_from_its_fragment(admin: User, client_of: Callable[..., Client]) -> None:
    client = client_of(admin)
    page, part = client.get("/o/acme/sites/"), client.get("/o/acme/sites/", headers=HTMX)
    assert "<html" in page.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in page.headers["Vary"]
    assert "HX-Request" in part.headers["Vary"]


def test_access_is_checked_under_the_asynchronous_server(db: None) -> None:
    response = async_to_sync(AsyncClient().get)("/o/acme/indicator/events/")
    assert response.status_code == 302
    assert "HX-Request" in response.headers["Vary"]

"""Organizations on the operators' site."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client

from accounts.models import ActivityEntry, Organization, User
from accounts.organizations import operators
from accounts.users.account_email import send_due_emails
from tests.members import PASSWORD
from tests.pages import text_of

pytestmark = pytest.mark.django_db
PAGE = "/operators/accounts/organization/"
NEW = {
    "name": "Initech",
    "slug": "Initech",
    "admin_email": "Ines@Initech.example",
    "first_name": "Ines",
    "last_name": "",
}


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create_superuser("operator@example.org", PASSWORD)


@pytest.fixture
def client(operator: User, client_of: Callable[..., Client]) -> Client:
    return client_of(operator)


def page_of(organization: Organization, what: str) -> str:
    return f"{PAGE}{organization.pk}/{what}/"


def test_a_new_admin_chooses_a_password_with_the_link_in_an_email(client: Client) -> None:
    assert client.post(f"{PAGE}add/", NEW).status_code == 302

    organization = Organization.objects.get(slug="initech")
    membership = organization.memberships.get()
    assert (membership.email, membership.all_sites) == ("ines@initech.example", True)
    assert [role.name for role in membership.roles.all()] == ["Org Admin"]
    send_due_emails(membership.user_id)
    (message,) = mail.outbox
    link = re.search(r"https?://[^/]+(/\S+)", str(message.body))
    assert link
    ines = Client()
    form = ines.get(link[1], follow=True).request["PATH_INFO"]
    ines.post(form, {"password1": "a very long phrase", "password2": "a very long phrase"})
    assert ines.login(username="ines@initech.example", password="a very long phrase")


def test_an_admin_with_an_account_keeps_it(client: Client, admin: User) -> None:
    client.post(f"{PAGE}add/", NEW | {"admin_email": admin.email})

    admin.refresh_from_db()
    assert admin.check_password(PASSWORD)
    assert {each.organization.name for each in admin.memberships.all()} == {"Acme", "Initech"}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("slug", "acme", "already exists"),
        ("slug", "ACME", "already exists"),
        ("slug", "a b", "slug"),
        ("name", "evil.com", "link"),
        ("admin_email", "nobody", "email"),
        ("admin_email", "off@example.com", "deactivated"),
    ],
)
def test_wrong_values_create_nothing(client: Client, acme: Organization, field: str, value: str, message: str) -> None:
    User.objects.create_user("off@example.com", PASSWORD, is_active=False)

    page = client.post(f"{PAGE}add/", NEW | {field: value})

    assert message in text_of(page.text)
    assert Organization.objects.count() == 1


def test_the_activity_log_says_which_operator_created_it(client: Client, operator: User) -> None:
    client.post(f"{PAGE}add/", NEW)

    entries = ActivityEntry.objects.filter(action__in=["organization_created", "user_added"])
    assert [entry.actor_id for entry in entries] == [operator.pk] * 2


def test_only_the_name_can_be_changed(client: Client, acme: Organization, operator: User) -> None:
    client.post(page_of(acme, "change"), {"name": "Acme  Europe", "slug": "other", "suspended_at_0": "2026-01-01"})

    acme.refresh_from_db()
    assert (acme.name, acme.slug, acme.suspended_at) == ("Acme Europe", "acme", None)
    entry = ActivityEntry.objects.get(action="settings_changed")
    assert (entry.actor_id, entry.details["before"]) == (operator.pk, {"name": "Acme"})


def test_renaming_one_that_another_operator_has_just_deleted_says_so(
    client: Client, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = operators.rename_by_operator

    def delete_first(organization: Organization, name: str, *, by: User) -> None:
        operators.delete_organization(organization, by=by)
        rename(organization, name, by=by)

    monkeypatch.setattr("accounts.admin.organizations.rename_by_operator", delete_first)

    told = client.post(page_of(acme, "change"), {"name": "Acme Europe"}, follow=True)

    assert told.status_code == 200
    assert "This organization has been deleted." in told.text


def test_the_help_is_for_operators(client: Client, acme: Organization) -> None:
    page = client.get(page_of(acme, "change")).text
    assert "its members can look at everything but change nothing" in page
    assert ".py" not in text_of(page)


def test_suspending_and_resuming_ask_first(client: Client, acme: Organization) -> None:
    assert page_of(acme, "suspend") in client.get(page_of(acme, "change")).text
    asked = client.get(page_of(acme, "suspend"))
    acme.refresh_from_db()
    assert ("Suspend Acme?" in asked.text, acme.is_suspended) == (True, False)

    told = client.post(page_of(acme, "suspend"), follow=True)

    acme.refresh_from_db()
    assert acme.is_suspended
    assert "Acme is suspended." in told.text
    assert page_of(acme, "resume") in client.get(page_of(acme, "change")).text
    client.post(page_of(acme, "resume"))
    acme.refresh_from_db()
    assert not acme.is_suspended


def test_deleting_needs_the_slug(client: Client, acme: Organization, admin: User) -> None:
    asked = client.get(page_of(acme, "delete"))
    # The button is red, and the path at the top leads back to the organization.
    assert "delete-confirmation" in asked.text
    assert re.search(rf'<a href="[^"]*organization/{acme.pk}/change/">Acme</a>\s*› Delete', asked.text)
    assert "Its users (1), invitations" in asked.text

    wrong = client.post(page_of(acme, "delete"), {"slug": "Acme"})
    assert (wrong.status_code, "Type acme to delete it." in wrong.text) == (422, True)
    # What Django's own page sends.
    assert client.post(page_of(acme, "delete"), {"post": "yes"}).status_code == 422
    assert Organization.objects.existing().filter(pk=acme.pk).exists()

    told = client.post(page_of(acme, "delete"), {"slug": "acme"}, follow=True)

    assert not Organization.objects.existing().filter(pk=acme.pk).exists()
    assert "Nobody sees Acme anymore." in told.text
    assert "Being deleted" in client.get(PAGE).text
    assert client.post(page_of(acme, "change"), {"name": "Other"}).status_code == 403
    for what in ("suspend", "delete"):
        assert client.post(page_of(acme, what), {"slug": "acme"}).status_code == 404


def test_the_list_has_no_actions(client: Client, acme: Organization) -> None:
    client.post(PAGE, {"action": "delete_selected", "_selected_action": [acme.pk], "post": "yes"})

    assert Organization.objects.filter(pk=acme.pk, deletion_started_at=None).exists()


@pytest.mark.parametrize("what", ["suspend", "resume", "delete"])
def test_a_forged_request_does_nothing(operator: User, acme: Organization, what: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)

    assert client.post(page_of(acme, what), {"slug": "acme"}).status_code == 403
    acme.refresh_from_db()
    assert acme.is_active


@pytest.mark.parametrize(
    ("permissions", "allowed"),
    [
        ((), set()),
        (("view_organization",), set()),
        (("view_organization", "change_organization"), {"change", "suspend", "resume"}),
        (("view_organization", "delete_organization"), {"delete"}),
    ],
)
def test_operators_need_djangos_permission(
    acme: Organization, client_of: Callable[..., Client], permissions: tuple[str, ...], allowed: set[str]
) -> None:
    staff = User.objects.create_user("staff@example.org", PASSWORD, is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = client_of(staff)

    for what in ("change", "suspend", "resume", "delete"):
        status = client.post(page_of(acme, what), {"name": "Acme", "slug": "acme"}).status_code
        assert (status == 302) == (what in allowed), what
        assert status in (302, 403)
    assert client.post(f"{PAGE}add/", NEW).status_code == 403


@pytest.mark.parametrize("what", ["suspend", "resume", "delete"])
def test_nobody_else_reaches_the_pages(
    acme: Organization, admin: User, client_of: Callable[..., Client], what: str
) -> None:
    for client in (Client(), client_of(admin)):
        assert client.post(page_of(acme, what), {"slug": "acme"}).status_code == 302
    acme.refresh_from_db()
    assert acme.is_active

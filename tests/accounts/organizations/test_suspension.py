"""Suspended organizations: what operators do, and what members see. For imports and emails see tests/invites."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from structlog.testing import capture_logs

from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.members import deactivate_membership
from accounts.organizations.operators import rename_by_operator, resume_organization, suspend_organization
from accounts.organizations.organizations import change_organization
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from accounts.organizations.sites import delete_site, save_site
from tests.rules import domain_error

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_each_page_says_that_the_organization_is_suspended(acme: Organization, ines: Client) -> None:
    assert "is suspended." not in ines.get("/o/acme/roles/").text

    run("suspend_organization", "acme")

    for path in ("/o/acme/roles/", "/o/acme/users/", "/o/acme/batches/", "/account/"):
        assert "<bdi>Acme</bdi> is suspended." in ines.get(path).text


def test_its_pages_are_marked_so_that_one_rule_hides_what_changes_something(
    acme: Organization, globex: Organization, ines: Client, admin: User
) -> None:
    Membership.objects.create(user=admin, organization=globex)
    assert "data-read-only" not in ines.get("/o/acme/users/").text

    run("suspend_organization", "acme")

    for path in ("/o/acme/users/", "/o/acme/roles/", "/o/acme/sites/new/", "/o/acme/settings/"):
        assert re.search(r"<body\s+data-read-only", ines.get(path).text)
    # An own account, and other organizations, can be changed.
    for path in ("/account/", "/o/globex/"):
        assert "data-read-only" not in ines.get(path).text
    export = ines.get("/o/acme/users/export/").text
    assert re.search(r'type="submit" data-reads>', export)


def test_who_changes_their_own_name_has_the_new_one_here_too(acme: Organization, ines: Client, admin: User) -> None:
    """An account belongs to no organization. Nobody else's name can be changed here."""
    run("suspend_organization", "acme")

    response = ines.post("/account/", {"first_name": "Inés", "last_name": "Martín", "language": ""})

    assert response.status_code == 302
    membership = admin.memberships.get(organization=acme)
    assert (membership.first_name, membership.last_name) == ("Inés", "Martín")
    entry = ActivityEntry.objects.get(action="user_changed", organization_id=acme.pk)
    assert (entry.actor_id, entry.affected) == (admin.pk, "self")


def test_a_dialog_says_it_before_anybody_fills_in_the_form(acme: Organization, ines: Client) -> None:
    run("suspend_organization", "acme")

    dialog = ines.get("/o/acme/sites/new/", headers={"HX-Request": "true", "HX-Target": "dialog-content"})

    assert "is suspended." in dialog.text


def test_a_dialog_answers_a_change_with_a_sentence(acme: Organization, ines: Client) -> None:
    run("suspend_organization", "acme")

    response = ines.post("/o/acme/sites/new/", {"name": "Bergen"}, headers={"HX-Request": "true"})

    assert response.status_code == 403
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.text.startswith("Acme is suspended. You can look at everything, but not change it.")


def test_users_are_exported_while_it_is_suspended(acme: Organization, ines: Client) -> None:
    run("suspend_organization", "acme")

    response = ines.post("/o/acme/users/export/", {"format": "csv"})

    assert response.headers["Content-Disposition"].startswith("attachment")


def test_users_still_sign_in_and_see_their_other_organization(
    acme: Organization, globex: Organization, outsider: User, client_of: Callable[..., Client]
) -> None:
    Membership.objects.create(user=outsider, organization=acme)
    run("suspend_organization", "acme")

    client = client_of(outsider)

    assert client.get("/o/acme/").status_code == 200
    assert client.post("/o/globex/sites/new/", {"name": "Bergen"}).status_code == 302
    assert globex.sites.get().name == "Bergen"


def test_services_refuse_what_a_request_began_before(
    acme: Organization, admin_membership: Membership, member_membership: Membership, night_shift: object
) -> None:
    site, role = acme.sites.all()[0], acme.roles.get(name="Night shift")
    suspend_organization(acme, by=None)
    draft = RoleDraft("Day shift", "", frozenset())
    changes: tuple[Callable[[], object], ...] = (
        lambda: change_organization(admin_membership, name="Other", time_zone="Europe/Paris"),
        lambda: deactivate_membership(admin_membership, member_membership),
        lambda: save_role(admin_membership, draft),
        lambda: save_role(admin_membership, draft, role),
        lambda: delete_role(admin_membership, role),
        lambda: save_site(admin_membership, name="Bergen", country=""),
        lambda: save_site(admin_membership, name="Bergen", country="", site=site),
        lambda: delete_site(admin_membership, site),
    )
    for change in changes:
        with domain_error("suspended", match="suspended"):
            change()


def test_resuming_ends_it(acme: Organization, ines: Client) -> None:
    run("suspend_organization", "acme")

    assert run("resume_organization", "acme") == "Acme is resumed.\n"

    assert "is suspended." not in ines.get("/o/acme/roles/").text
    assert ines.post("/o/acme/sites/new/", {"name": "Bergen"}).status_code == 302


def test_commands_say_what_they_did(acme: Organization) -> None:
    assert run("suspend_organization", "acme") == "Acme is now suspended.\n"
    assert run("suspend_organization", "ACME") == "Acme is already suspended.\n"
    assert run("rename_organization", "acme", "Acme  Europe") == "Acme is now called Acme Europe.\n"
    assert run("resume_organization", "acme") == "Acme Europe is resumed.\n"
    assert run("resume_organization", "acme") == "Acme Europe was not suspended.\n"
    acme.refresh_from_db()
    assert (acme.name, acme.slug) == ("Acme Europe", "acme")


@pytest.mark.parametrize(
    "arguments",
    [("suspend_organization", "acne"), ("rename_organization", "acme", "evil.com"), ("resume_organization", "\udc00")],
)
def test_wrong_arguments(acme: Organization, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as wrong:
        run(*arguments)
    assert wrong.value.returncode == 2


@pytest.mark.servers
def test_both_logs_have_what_an_operator_did(
    acme: Organization, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    operator = User.objects.create_superuser("operator@example.org", "a long enough password")

    with capture_logs() as logged, django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        suspend_organization(acme, by=operator)
        resume_organization(acme, by=operator)
        rename_by_operator(acme, "Acme Europe", by=operator)

    entries = ActivityEntry.objects.filter(actor_id=operator.pk).order_by("pk")
    assert [entry.action for entry in entries] == ["organization_suspended", "organization_resumed", "settings_changed"]
    assert [(each["event"], each["slug"], each["by"]) for each in logged] == [
        ("organization_suspended", "acme", operator.pk),
        ("organization_resumed", "acme", operator.pk),
        ("organization_renamed", "acme", operator.pk),
    ]


def test_nobody_is_told_twice(acme: Organization) -> None:
    suspend_organization(acme, by=None)
    suspend_organization(acme, by=None)

    assert ActivityEntry.objects.filter(action="organization_suspended").count() == 1

"""Deleting an organization: everything in it is gone, even if workers die, and nothing of other organizations is."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import ForeignKey
from django.test import Client
from django.utils import timezone
from structlog.testing import capture_logs

from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.operators import delete_organization
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.start import start_undo
from invites.imports.upload import start_batch
from invites.invitations.actions import resend
from invites.invitations.declining import report_abuse
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, BlockedAddress, EarlierLink, Invitation, InvitationRequest, Row
from invites.personal_data import organization_deletion
from invites.personal_data.organization_deletion import delete_for_a_turn, find_deletions
from invites.personal_data.owned import owned_tables
from tests.files import csv_of, many
from tests.invites.directory.bulk.helpers import finish, start_for
from tests.invites.invitations.helpers import Invite, link_of, selection_of

pytestmark = pytest.mark.django_db
Run = Callable[..., Batch]


def all_rows() -> dict[str, list[Any]]:
    """The keys of all rows by table."""
    models = [
        model
        for app in ("accounts", "invites")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    return {model.__name__: sorted(model._base_manager.values_list("pk", flat=True)) for model in models}


def dangling() -> list[str]:
    """Foreign keys whose row is gone, those without a constraint, too."""
    found = []
    for app in ("accounts", "invites"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            for field in model._meta.get_fields():
                if isinstance(field, ForeignKey):
                    keys = field.related_model._base_manager.values("pk")
                    rows = model._base_manager.filter(**{f"{field.name}__isnull": False})
                    if rows.exclude(**{f"{field.attname}__in": keys}).exists():
                        found.append(f"{model.__name__}.{field.name}")
    return found


def delete(organization: Organization) -> None:
    """What an operator and workers do."""
    delete_organization(organization, by=None)
    while Organization.objects.filter(pk=organization.pk).exists():
        delete_for_a_turn(organization.pk)


@pytest.fixture
def globex_by(globex: Organization, outsider: User) -> Membership:
    return outsider.memberships.get()


@pytest.fixture
def others(globex: Organization, globex_by: Membership) -> dict[str, list[Any]]:
    """What is there before Acme, which stays."""
    selection = selection_of(globex, "ReadOnly")
    batch = start_batch(globex_by, file_name="g.csv", content=[csv_of("gus@example.com")], selection=selection)
    tasks.check_batch(batch.pk)
    return all_rows()


@pytest.fixture
def full_acme(
    others: dict[str, list[Any]], acme: Organization, team: Batch, imported: Run, invite: Invite
) -> Organization:
    """Acme with something in nearly every table."""
    by = Membership.objects.get(user__email="admin@example.com")
    imported(many(30), name="many.csv")
    open_invitation, reported = invite("open@example.com"), invite("angry@example.com")
    Invitation.objects.filter(pk=open_invitation.pk).update(mail_finished_at=timezone.now() - timedelta(days=1))
    resend(by, open_invitation)
    report_abuse(opt_out_token(reported.pk, reported.email_key))
    InvitationRequest.objects.create(invitation=reported, organization=acme)
    action = finish(start_for(by, BulkChange(Kind.REVOKE), invitations=[reported]))
    changes = BulkChange(Kind.DEACTIVATE)
    member = User.objects.create_user("temp@example.com")
    joined = Membership.objects.create(user=member, organization=acme)
    joined.sites.set(acme.sites.all())
    finish(start_undo(by, finish(start_for(by, changes, members=[joined]))))
    assert action.changed
    assert EarlierLink.objects.exists()
    return acme


def test_nothing_of_it_is_left_and_nothing_else_is_gone(full_acme: Organization, others: dict[str, list[Any]]) -> None:
    delete(full_acme)

    left = all_rows()
    blocked = BlockedAddress.objects.get()
    assert (blocked.email_key, blocked.organization, blocked.inviter) == ("angry@example.com", None, None)
    assert left.pop("BlockedAddress") == [blocked.pk]
    for name, keys in left.items():
        # Buckets of rate limits and backoffs of domains belong to nobody, and are deleted by themselves.
        if name not in ("RateLimitBucket", "DomainBackoff"):
            assert keys == others[name], name
    assert dangling() == []


def test_the_important_tables_are_in_this_test(full_acme: Organization) -> None:
    filled = {table.model.__name__ for table in owned_tables() if table.of(full_acme.pk).exists()}

    assert filled >= {
        *("Role", "Site", "Membership", "Membership_roles", "Membership_sites"),
        *("AccessGrant", "AccessGrant_roles", "AccessGrant_sites", "Invitation", "EarlierLink", "InvitationRequest"),
        *("Batch", "BatchChunk", "UploadPart", "Row", "BulkAction", "BulkActionRow"),
        *("DailyInviteCount", "DailyRecipientMail"),
    }


def test_a_worker_can_die_anywhere(full_acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each transaction, and in the middle of each."""
    monkeypatch.setattr(organization_deletion, "CHUNK", 7)
    delete_organization(full_acme, by=None)
    raw, chance = organization_deletion._delete_raw, Random(17)
    deaths = 0

    def dies(rows: Any) -> None:
        raw(rows)
        if chance.random() < 0.3:
            raise ZeroDivisionError

    monkeypatch.setattr(organization_deletion, "_delete_raw", dies)
    while Organization.objects.filter(pk=full_acme.pk).exists():
        try:
            delete_for_a_turn(full_acme.pk)
        except ZeroDivisionError:
            deaths += 1

    assert deaths > 10
    assert dangling() == []
    assert not ActivityEntry.objects.filter(organization_id=full_acme.pk).exists()


def test_a_turn_ends_after_some_seconds(full_acme: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organization_deletion, "CHUNK", 1)
    monkeypatch.setattr(organization_deletion, "TURN_SECONDS", -1)
    delete_organization(full_acme, by=None)
    before = sum(len(keys) for keys in all_rows().values())

    for _turn in range(3):
        delete_for_a_turn(full_acme.pk)

    assert 1 <= before - sum(len(keys) for keys in all_rows().values()) <= 9


def test_an_account_of_another_organization_and_of_an_operator_stays(
    acme: Organization, globex: Organization, admin: User, member: User
) -> None:
    operator = User.objects.create_superuser("operator@example.org", "a long enough password")
    for user, organization in ((operator, acme), (member, globex)):
        Membership.objects.create(user=user, organization=organization)

    delete(acme)

    assert set(User.objects.all()) == {operator, member}
    assert [membership.organization for membership in member.memberships.all()] == [globex]


def test_nobody_sees_it_from_the_first_moment(
    acme: Organization, globex: Organization, admin: User, ines: Client, invite: Invite
) -> None:
    Membership.objects.create(user=admin, organization=globex)
    link, client = link_of(invite()), Client()
    assert "Acme" in ines.get("/o/globex/").text

    delete_organization(acme, by=None)

    assert ines.get("/o/acme/").status_code == 404
    assert "Acme" not in ines.get("/o/globex/").text
    page = client.get(link, follow=True)
    assert (page.status_code, "Acme" in page.text) == (404, False)
    assert client.post("/invitation/ask/").status_code == 200
    assert not InvitationRequest.objects.exists()


def test_its_only_users_see_that_they_have_no_organization(acme: Organization, ines: Client) -> None:
    delete_organization(acme, by=None)

    assert "Acme" not in ines.get("/", follow=True).text


def test_its_work_stops(acme: Organization, start: Run, work: Run) -> None:
    batch = start(csv_of("ann@example.com"))
    delete_organization(acme, by=None)

    work(batch)

    assert not Invitation.objects.exists()


def test_the_recovery_task_deletes_it_after_running_work_has_ended(
    acme: Organization, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "enqueue_on_commit", lambda task, number, **_how: task(number))
    delete_organization(acme, by=None)
    tasks.recover()
    assert Organization.objects.filter(pk=acme.pk).exists()

    Organization.objects.update(deletion_started_at=timezone.now() - timedelta(minutes=1))
    assert find_deletions() == [acme.pk]
    tasks.recover()

    assert not Organization.objects.exists()


def test_rows_that_a_worker_stores_late_are_deleted_with_their_batch(acme: Organization, team: Batch) -> None:
    """The check of a file may store rows without a lock that the database knows of."""
    delete_organization(acme, by=None)
    for table in owned_tables():
        if table.model is Batch:
            Row.objects.create(
                batch_id=team.pk, number=99, line=99, email="late@example.com", email_key="late@example.com"
            )
        while organization_deletion._delete_rows(table, acme.pk):
            pass

    assert not Row.objects.exists()


def test_the_command_asks_for_the_slug(acme: Organization, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Acme\n"))
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("delete_organization", "acme", stderr=io.StringIO())
    assert Organization.objects.existing().filter(slug="acme").exists()

    out, asked = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("acme\n"))
    call_command("delete_organization", "acme", stdout=out, stderr=asked)

    assert "This deletes Acme with its users (1), and can't be undone." in asked.getvalue()
    assert out.getvalue() == "Nobody sees Acme anymore. Workers are deleting it.\n"
    assert not Organization.objects.existing().exists()
    with pytest.raises(CommandError, match="no organization"):
        call_command("delete_organization", "acme", "--yes")


def test_its_slug_is_free_afterwards(acme: Organization, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ("create_organization", "New", "--slug", "acme", "--admin", "new@example.com")
    call_command("delete_organization", "acme", "--yes", stdout=io.StringIO())
    with pytest.raises(CommandError, match="It is being deleted"):
        call_command(*arguments, stdout=io.StringIO())

    while Organization.objects.exists():
        delete_for_a_turn(acme.pk)

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    call_command(*arguments, stdout=io.StringIO())
    assert Organization.objects.get().name == "New"


def test_the_log_of_the_server_says_who_deleted_it(
    acme: Organization, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    operator = User.objects.create_superuser("operator@example.org", "a long enough password")
    with capture_logs() as logged, django_capture_on_commit_callbacks(execute=True):
        delete_organization(acme, by=operator)
        assert ActivityEntry.objects.get(action="organization_deleted").actor_id == operator.pk
        while Organization.objects.exists():
            delete_for_a_turn(acme.pk)

    assert [(each["event"], each["organization"]) for each in logged] == [
        ("organization_deleted", acme.pk),
        ("organization_deletion_finished", acme.pk),
    ]
    assert logged[0]["by"] == operator.pk

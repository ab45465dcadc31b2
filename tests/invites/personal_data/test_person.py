"""Exporting and erasing a person, in all organizations."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Organization, User
from accounts.organizations.members import remove_membership
from invites import tasks
from invites.directory.bulk.change import BulkChange, Kind
from invites.imports.selectors.summary import summary_of
from invites.imports.upload import start_batch
from invites.invitations.actions import resend
from invites.invitations.declining import decline, report_abuse
from invites.invitations.invite import invite_person
from invites.invitations.tokens import opt_out_token
from invites.models import Batch, BlockedAddress, Invitation, InvitationRequest, ReplyToRequest, Row
from invites.personal_data import erasure
from invites.personal_data.erasure import erase_person
from invites.personal_data.traces import CHUNK
from tests.databases import undone
from tests.files import csv_of, many
from tests.invites.directory.bulk.helpers import finish, start_for
from tests.invites.invitations.helpers import Invite, deliver, selection_of
from tests.pages import text_of
from tests.rules import domain_error

pytestmark = pytest.mark.django_db
Run = Callable[..., Batch]
CHIARA = "chiara.rossi@people.example.com"
# What nobody else in these tests is called.
TRACES = ("chiara.rossi", "Chiara", "Rossi", "Night porter")


def everything_stored() -> str:
    """All rows of all tables, but not their secrets."""
    models = [
        model
        for app in ("accounts", "invites", "account", "admin")
        for model in apps.get_app_config(app).get_models(include_auto_created=True)
    ]
    return json.dumps([list(model._base_manager.values()) for model in models], cls=DjangoJSONEncoder, default=str)


@pytest.fixture
def chiara(
    acme: Organization, globex: Organization, by: Membership, outsider: User, invite: Invite, imported: Run
) -> User:
    """Chiara is a member of Globex, was changed there, and is in two imports and an invitation of Acme."""
    user = User.objects.create_user(CHIARA, "a long enough password", first_name="Chiara", last_name="Rossi")
    membership = Membership.objects.create(user=user, organization=globex, description="Night porter")
    finish(start_for(outsider.memberships.get(), BulkChange(Kind.DEACTIVATE), members=[membership]))
    Membership.objects.filter(pk=membership.pk).update(deactivated_at=None)
    imported(csv_of(f"{CHIARA},Chiara,Rossi,Night porter", "ben@example.com", f"{CHIARA} ,Chiara,Rossi,"))
    imported(csv_of(f"x {CHIARA} y,Chiara,Rossi,", "zoe@example.com"))
    invitation = Invitation.objects.get(email=CHIARA)
    Invitation.objects.filter(pk=invitation.pk).update(
        mail_finished_at=timezone.now() - timedelta(hours=2), mail_state="sent", mail_detail=f"550 {CHIARA} is unknown"
    )
    invitation.refresh_from_db()
    resend(by, invitation)
    deliver(acme)
    InvitationRequest.objects.create(invitation=invitation, organization=acme)
    later = timezone.now() + timedelta(days=1)
    ReplyToRequest.objects.create(organization=acme, email=CHIARA, token_seed="s", token_hash="h", expires_at=later)
    Organization.objects.filter(pk=globex.pk).update(email_reply_to="Chiara.Rossi@people.example.com")
    return user


# --- Export ------------------------------------------------------------------------------------------


def exported(address: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_person", address, stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_the_export_has_everything_in_all_organizations(chiara: User) -> None:
    found = exported("Chiara.Rossi@people.example.com")

    assert found["address"] == CHIARA
    assert found["account"]["first_name"] == "Chiara"
    assert [(each["organization"], each["description"]) for each in found["memberships"]] == [
        ("globex", "Night porter")
    ]
    assert [(each["organization"], each["state"], each["roles"]) for each in found["invitations"]] == [
        ("acme", "pending", ["ReadOnly"])
    ]
    assert len(found["earlier_links"]) == 1
    assert len(found["import_rows"]) == 3
    assert [(each["organization"], each["outcome"]) for each in found["bulk_changes"]] == [("globex", "changed")]
    assert found["emails_per_day"]
    assert [each["organization"] for each in found["reply_to_of"]] == ["globex"]
    assert len(found["reply_to_requests"]) == 1
    assert {each["action"] for each in found["activity"]} >= {"resent"}
    assert (found["imports_started"], found["blocks"]) == ([], [])


def test_the_export_has_no_secrets_and_nobody_else(chiara: User) -> None:
    text = json.dumps(exported(CHIARA))
    invitation = Invitation.objects.get(email=CHIARA)

    for secret in (chiara.password, invitation.token_seed, invitation.token_hash, "ben@example.com", "zoe@example.com"):
        assert secret not in text


def test_the_export_of_a_stranger_is_empty(acme: Organization) -> None:
    found = exported("nobody@example.com")

    assert found.pop("address") == "nobody@example.com"
    assert found.pop("exported_at")
    assert not any(found.values())


def test_the_export_names_what_an_admin_did(imported: Run, admin: User) -> None:
    imported(csv_of("ann@example.com"))

    found = exported(admin.email)

    assert [each["file_name"] for each in found["imports_started"]] == ["team.csv"]
    assert "imported" in {each["action"] for each in found["activity"]}


# --- Erasure -----------------------------------------------------------------------------------------


def test_nothing_is_left_of_an_erased_person(chiara: User, globex: Organization) -> None:
    before = {batch.pk: summary_of(batch) for batch in Batch.objects.all()}
    assert all(trace in everything_stored() for trace in TRACES)

    erase_person(CHIARA)

    assert [trace for trace in TRACES if trace in everything_stored()] == []
    for batch in Batch.objects.all():
        after, was = summary_of(batch), before[batch.pk]
        assert (after.rows, after.invited, after.problems, after.failed) == (
            was.rows,
            was.invited,
            was.problems,
            was.failed,
        )
    assert not any(exported(CHIARA)[part] for part in ("account", "memberships", "invitations", "import_rows"))


def test_the_activity_log_keeps_the_number_of_the_user(
    chiara: User, outsider: User, client_of: Callable[..., Client]
) -> None:
    erase_person(CHIARA)

    entry = ActivityEntry.objects.get(action="user_removed")
    assert (entry.affected_id, entry.affected_name, entry.affected_email) == (chiara.pk, "", "")
    page = text_of(client_of(outsider).get("/o/globex/activity/").text)
    assert f"Removed a user User {chiara.pk} Erased" in page


def test_others_stay_as_they_are(chiara: User, admin: User) -> None:
    erase_person(CHIARA)

    stored = everything_stored()
    for other in ("ben@example.com", "zoe@example.com", admin.email, "Ines"):
        assert other in stored
    assert Invitation.objects.filter(email="ben@example.com", state="pending").count() == 1


def test_erasing_twice_is_the_same_as_once(chiara: User) -> None:
    first = erase_person(CHIARA)
    assert first.counts.keys() == {
        *("memberships", "accounts", "invitations", "rows of imports", "rows of changes", "other places"),
        "entries of activity logs",
    }
    stored = everything_stored()

    assert (erase_person(CHIARA).counts, everything_stored()) == ({}, stored)


def test_it_can_be_repeated_after_it_was_killed(chiara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_given: object) -> None:
        raise ZeroDivisionError

    for step in ("_erase_invitations", "_erase_rows", "_erase_changes", "_erase_settings", "erase_from_log"):
        with undone():
            with monkeypatch.context() as patch:
                patch.setattr(erasure, step, dies)
                with pytest.raises(ZeroDivisionError):
                    erase_person(CHIARA)

            erase_person(CHIARA)

            assert [trace for trace in TRACES if trace in everything_stored()] == [], step


def test_more_rows_than_fit_into_a_transaction(imported: Run, acme: Organization) -> None:
    batch = imported(many(3))
    row = batch.rows.first()
    assert row
    found = [
        Row(batch=batch, number=100 + number, line=1, email=CHIARA, email_key=CHIARA, outcome="skipped")
        for number in range(CHUNK + 2)
    ]
    Row.objects.bulk_create(found)

    assert erase_person(CHIARA).counts == {"rows of imports": CHUNK + 2}


def test_the_last_manager_of_an_organization_is_not_erased(admin: User) -> None:
    with domain_error("last_manager"):
        erase_person(admin.email)

    with pytest.raises(CommandError, match=r"only person .* Acme.* Nothing was erased"):
        call_command("erase_person", admin.email, "--yes")
    assert User.objects.filter(pk=admin.pk).exists()


def test_the_only_operator_is_not_erased(db: None) -> None:
    User.objects.create_superuser("operator@example.org", "a long enough password")
    with domain_error("last_operator"):
        erase_person("operator@example.org")

    User.objects.create_superuser("second@example.org", "a long enough password")
    assert erase_person("operator@example.org").counts == {"accounts": 1}


def test_an_import_that_has_not_ended_is_named(chiara: User, by: Membership, acme: Organization) -> None:
    batch = start_batch(
        by,
        file_name="a.csv",
        content=[csv_of("bad", f"{CHIARA},Chiara,Rossi,")],
        selection=selection_of(acme, "ReadOnly"),
    )
    tasks.check_batch(batch.pk)

    with pytest.raises(CommandError, match=rf"haven't ended.*: {batch.pk}\. Have"):
        call_command("erase_person", CHIARA, "--yes", stdout=io.StringIO())

    # It isn't emptied under the hands of an admin.
    assert batch.rows.filter(email_key=CHIARA).exists()


def test_the_command_asks_for_the_address_and_says_what_it_did(chiara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("chiara\n"))
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_person", CHIARA, stderr=io.StringIO())
    assert User.objects.filter(pk=chiara.pk).exists()

    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CHIARA}\n"))
    call_command("erase_person", CHIARA, stdout=out, stderr=io.StringIO())
    assert "Erased: 1 memberships\nErased: 1 accounts\n" in out.getvalue()
    out = io.StringIO()
    call_command("erase_person", CHIARA, "--yes", stdout=out)
    assert out.getvalue() == f"Nothing is stored about {CHIARA}.\n"


def test_an_invalid_address_is_a_usage_error(db: None) -> None:
    for command in ("erase_person", "export_person"):
        with pytest.raises(CommandError) as wrong:
            call_command(command, "nobody")
        assert wrong.value.returncode == 2


# --- What is respected afterwards -----------------------------------------------------------------------


def test_who_declined_is_still_not_invited(invite: Invite, by: Membership, acme: Organization, run: Run) -> None:
    declined = invite(CHIARA)
    decline(opt_out_token(declined.pk, declined.email_key))
    erase_person(CHIARA)
    assert "chiara" not in everything_stored()
    person: dict[str, Any] = {
        "email": CHIARA,
        "first_name": "C",
        "last_name": "R",
        "selection": selection_of(acme, "ReadOnly"),
    }

    with domain_error("declined"):
        invite_person(by, **person)
    row = run(csv_of(f"{CHIARA},C,R,", "ben@example.com")).rows.get(email=CHIARA)
    assert (row.outcome, row.reason) == ("skipped", "already_declined")

    # Only an admin who has read that.
    assert invite_person(by, None, None, True, **person).state == "pending"
    declined.refresh_from_db()
    assert declined.state == "replaced"


def test_who_reported_abuse_is_still_not_invited(invite: Invite, by: Membership, acme: Organization, run: Run) -> None:
    reported = invite(CHIARA)
    report_abuse(opt_out_token(reported.pk, reported.email_key))
    erase_person(CHIARA)
    assert "chiara" not in everything_stored()
    assert BlockedAddress.objects.current().count() == 1

    with domain_error("address_blocked"):
        invite_person(by, email=CHIARA, first_name="C", last_name="R", selection=selection_of(acme, "ReadOnly"))
    row = run(csv_of(f"{CHIARA},C,R,", "ben@example.com")).rows.get(email=CHIARA)
    assert (row.outcome, row.reason) == ("skipped", "address_blocked")
    assert exported(CHIARA)["blocks"]


def test_a_link_that_was_sent_leads_nowhere(invite: Invite) -> None:
    invitation = invite(CHIARA)
    opt_out = opt_out_token(invitation.pk, invitation.email_key)
    erase_person(CHIARA)

    for path in (f"/i/decline/{opt_out}/", f"/i/report/{opt_out}/"):
        assert Client().get(path, follow=True).status_code == 404


def test_a_removed_member_is_erased_from_the_log(member_membership: Membership, admin_membership: Membership) -> None:
    email = member_membership.email
    remove_membership(admin_membership, member_membership)

    erase_person(email)

    assert email not in everything_stored()
    assert "Mara" not in everything_stored()

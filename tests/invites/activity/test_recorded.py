"""Invitations and imports in the activity log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from accounts.activity.actions import Action
from accounts.activity.source import Source, coming_from
from accounts.models import ActivityEntry, Membership, Organization, User
from invites.directory.bulk.change import BulkChange, Kind
from invites.directory.bulk.work import handle_next_chunk, stop_bulk_action
from invites.imports.check import check_batch
from invites.imports.confirm import confirm_access, question_about
from invites.imports.reading import answer, decide
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.invitations import actions
from invites.invitations.acceptance import NewAccount, accept_with_existing_account, accept_with_new_account
from invites.invitations.change import change_invitation
from invites.models import Batch, Invitation
from tests.files import UNDECIDED, csv_of
from tests.invites.directory.bulk.helpers import resend_all, revoke_all, start_for
from tests.invites.invitations.helpers import Invite, selection_of
from tests.members import PASSWORD

HERE = Source("page", ip="203.0.113.24", user_agent="Mozilla/5.0")


def only(action: Action) -> ActivityEntry:
    return ActivityEntry.objects.get(action=action)


def count(action: Action) -> int:
    return ActivityEntry.objects.filter(action=action).count()


def test_an_invitation(invite: Invite) -> None:
    invitation = invite(by_service=True)
    entry = only(Action.INVITED)
    assert (entry.affected_id, entry.affected_name) == (invitation.pk, "Chiara Rossi")
    assert entry.details == {"added": {"roles": ["ReadOnly"], "sites": ["Ghent", "Lyon depot"]}}
    # Neither the link nor its token.
    assert invitation.token_hash not in str(entry.__dict__)


def test_a_refused_invitation_leaves_no_entry(invite: Invite) -> None:
    invite()
    with pytest.raises(Exception, match="already invited"):
        invite(by_service=True)
    assert count(Action.INVITED) == 1


def test_a_changed_invitation(invite: Invite, by: Membership, acme: Organization) -> None:
    change_invitation(by, invite(), selection_of(acme, "Project manager"))
    assert only(Action.INVITATION_CHANGED).details == {
        "added": {"roles": ["Project manager"]},
        "removed": {"roles": ["ReadOnly"], "sites": ["Ghent", "Lyon depot"]},
        "before": {"all_sites": False},
        "after": {"all_sites": True},
    }


def test_resending_and_revoking_one(invite: Invite, by: Membership) -> None:
    invitation = invite()
    actions.resend(by, invitation)
    actions.revoke(by, invitation)
    assert only(Action.RESENT).affected_email == only(Action.REVOKED).affected_email == invitation.email


def test_resending_and_revoking_several(invite: Invite, by: Membership) -> None:
    for name in "abc":
        invite(f"{name}@people.example.com")
    assert resend_all(by, Invitation.objects.all()) == revoke_all(by, Invitation.objects.all()) == {"changed": 3}
    assert only(Action.RESENT_MANY).affected_count == only(Action.REVOKED_MANY).affected_count == 3


def test_a_bulk_action_is_one_entry(invite: Invite, by: Membership) -> None:
    invited = [invite(f"{name}@people.example.com") for name in "abc"]
    with coming_from(HERE):
        action = start_for(by, BulkChange(Kind.RESEND), invitations=invited, chunk=2)
    assert count(Action.RESENT_MANY) == 0
    while handle_next_chunk(action.pk):
        pass
    entry = only(Action.RESENT_MANY)
    assert (entry.affected_count, entry.actor_email, entry.ip) == (3, "admin@example.com", HERE.ip)
    stopped = start_for(by, BulkChange(Kind.REVOKE), invitations=invited)
    stop_bulk_action(stopped)
    assert only(Action.REVOKED_MANY).affected_count == 0


def test_a_new_account_that_accepts(invite: Invite) -> None:
    invitation = invite()
    accept_with_new_account(invitation.token_hash, NewAccount("Chiara", "Rossi", PASSWORD))
    entry = only(Action.ACCEPTED)
    assert (entry.actor_email, entry.affected) == (invitation.email, "self")
    assert entry.details["added"]["roles"] == ["ReadOnly"]


def test_an_existing_account_that_accepts(invite: Invite, outsider: User) -> None:
    accept_with_existing_account(outsider, invite(outsider.email).token_hash)
    assert only(Action.ACCEPTED).actor_name == "Otto Weiss"


def test_an_import_is_recorded_when_it_is_done(
    start: Callable[..., Batch], work: Callable[[Batch], Batch], by: Membership
) -> None:
    with coming_from(HERE):
        batch = start(csv_of("ann@example.com", "ben@example.com", "ann@example.com"))
    assert count(Action.IMPORTED) == 0
    work(batch)
    entry = only(Action.IMPORTED)
    assert (entry.affected_id, entry.affected_name, entry.affected_count) == (batch.pk, "team.csv", 2)
    # It comes from where the admin was, not from the worker.
    assert (entry.actor_id, entry.ip, entry.user_agent) == (by.user_id, HERE.ip, HERE.user_agent)
    assert entry.details["values"] == {"skipped": 1}
    assert entry.details["added"]["roles"] == ["ReadOnly"]


def test_who_invites_the_valid_rows_has_imported_them(
    team: Batch, work: Callable[[Batch], Batch], colleague: Membership
) -> None:
    with coming_from(HERE):
        invite_valid_rows(team, by=colleague)
    work(team)
    entry = only(Action.IMPORTED)
    assert (entry.actor_email, entry.ip) == ("second@example.com", HERE.ip)
    assert entry.details["values"]["problems"] == 5


def test_a_stopped_and_an_undone_import(
    team: Batch, start: Callable[..., Batch], work: Callable[[Batch], Batch], by: Membership
) -> None:
    stop_import(by, team)
    assert (only(Action.IMPORT_STOPPED).affected_id, only(Action.IMPORT_STOPPED).actor_id) == (team.pk, by.user_id)
    assert not stop_import(by, team)
    done = work(start(csv_of("ann@example.com")))
    undo_import(by, done)
    assert (only(Action.IMPORT_UNDONE).affected_id, only(Action.IMPORT_UNDONE).affected_count) == (done.pk, 1)
    assert count(Action.IMPORT_STOPPED) == 1


@pytest.mark.servers
def test_an_answer_names_who_gave_it(start: Callable[..., Batch], colleague: Membership) -> None:
    batch = start(UNDECIDED)
    decisions = decide(batch)
    answer(batch, decisions.as_options(), by=colleague)
    assert only(Action.IMPORT_ANSWERED).actor_email == "second@example.com"


def test_an_import_that_stops_by_itself(
    start: Callable[..., Batch], work: Callable[[Batch], Batch], lesser: Membership, acme: Organization
) -> None:
    batch = start(csv_of("ann@example.com"))
    Batch.objects.filter(pk=batch.pk).update(inviter=lesser.user)
    acme.roles.filter(name="Inviter").update(permissions=[])
    work(batch)
    entry = only(Action.IMPORT_STOPPED)
    # Nobody stopped it: the product did.
    assert (entry.actor_id, entry.channel) == (None, "automatic")


def test_confirmed_access(by: Membership, acme: Organization, work: Callable[[Batch], Batch]) -> None:
    selection = selection_of(acme, "Org Admin")
    batch = start_batch(by, file_name="team.csv", content=[csv_of("ann@example.com")], selection=selection)
    check_batch(batch.pk)
    batch.refresh_from_db()
    assert batch.state == Batch.State.NEEDS_CONFIRMATION
    with coming_from(HERE):
        confirm_access(batch, question_about(batch), by=by)
    confirmed = only(Action.IMPORT_CONFIRMED)
    assert (confirmed.affected_count, confirmed.details["added"]["roles"]) == (1, ["Org Admin"])
    work(batch)
    assert only(Action.IMPORTED).ip == HERE.ip


def test_a_worker_keeps_the_source_of_the_admin(team: Batch, by: Membership) -> None:
    Batch.objects.filter(pk=team.pk).update(source=HERE.as_json())
    team.refresh_from_db()
    # As a worker does at the end of a correction job.
    invite_valid_rows(team, by=by)
    team.refresh_from_db()
    assert Source.from_json(team.source) == HERE


def test_who_uploads_a_corrected_file_has_imported_it(
    team: Batch, work: Callable[[Batch], Batch], colleague: Membership, acme: Organization
) -> None:
    Batch.objects.filter(pk=team.pk).update(source={"channel": "page", "ip": "203.0.113.99"})
    selection, content = selection_of(acme, "ReadOnly"), [csv_of("ann@example.com")]
    with coming_from(HERE):
        correct_batch(team, file_name="fixed.csv", content=content, selection=selection, by=colleague)
    check_batch(team.pk)
    work(team)
    entry = only(Action.IMPORTED)
    assert (entry.actor_email, entry.ip) == ("second@example.com", HERE.ip)

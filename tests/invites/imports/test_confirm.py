"""Before everyone in a file may invite or manage users, an admin confirms how many people that are, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import Membership, Organization, Role, User
from accounts.organizations.grants import AccessSelection
from accounts.organizations.operators import suspend_organization
from accounts.organizations.roles import RoleDraft, delete_role, save_role
from invites import tasks
from invites.imports import check, correction_jobs
from invites.imports.confirm import (
    cancel_unconfirmed,
    confirm_access,
    go_back_to_rows,
    has_rows_to_correct,
    question_about,
    stop_forgotten,
)
from invites.imports.corrections import Edit, edit_cells, skip_row
from invites.imports.selectors.summary import summary_of
from invites.imports.stop import stop_batch
from invites.imports.undo import undo_import
from invites.imports.upload import correct_batch, invite_valid_rows, start_batch
from invites.models import Batch, BatchChunk, CorrectionJob, DailyInviteCount, Invitation
from invites.reasons import as_reason
from tests.concurrency import at_once, crossing, unexpected
from tests.files import PROBLEMS, csv_of, many
from tests.rules import domain_error

Work = Callable[[Batch], Batch]
State = Batch.State
INVITE, MANAGE = "users.invite", "users.manage"


@pytest.fixture
def org_admin(acme: Organization) -> AccessSelection:
    return AccessSelection.of(acme.roles.filter(name="Org Admin"), all_sites=True)


@pytest.fixture
def import_file(admin_membership: Membership, org_admin: AccessSelection) -> Callable[..., Batch]:
    """Imports a file of Org Admins, or of people with other roles."""

    def import_file(
        content: bytes = many(3), *, confirm: bool = False, only_valid: bool = False, **how: object
    ) -> Batch:
        selection = how.pop("selection", org_admin)
        assert isinstance(selection, AccessSelection)
        by = how.pop("by", admin_membership)
        assert isinstance(by, Membership)
        batch = start_batch(
            by,
            file_name="team.csv",
            content=[content],
            selection=selection,
            only_valid=only_valid,
            confirm_access=confirm,
        )
        tasks.check_batch(batch.pk)
        batch.refresh_from_db()
        return batch

    return import_file


@pytest.fixture
def unconfirmed(import_file: Callable[..., Batch]) -> Batch:
    """Three people who would be Org Admins."""
    batch = import_file()
    assert batch.state == State.NEEDS_CONFIRMATION
    return batch


def role_with(acme: Organization, *permissions: str) -> AccessSelection:
    role = Role.objects.create(organization=acme, name=f"Role {len(permissions)}", permissions=list(permissions))
    return AccessSelection.of([role], all_sites=True)


def confirm(batch: Batch, by: Membership) -> None:
    confirm_access(batch, question_about(batch), by=by)


# --- When it is asked ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "powers"),
    [
        (["users.view", "work.view", "data.export", "roles.manage", "sites.manage", "organization.manage"], ()),
        ([INVITE], (INVITE,)),
        (["users.view", MANAGE], (MANAGE,)),
        (["users.view", MANAGE, INVITE], (INVITE, MANAGE)),
    ],
)
def test_it_is_asked_for_roles_that_invite_or_manage_users(
    import_file: Callable[..., Batch], acme: Organization, permissions: list[str], powers: tuple[str, ...]
) -> None:
    batch = import_file(selection=role_with(acme, *permissions))

    assert batch.state == (State.NEEDS_CONFIRMATION if powers else State.INVITING)
    assert question_about(batch).powers == powers
    assert BatchChunk.objects.exists() == (not powers)


def test_the_powers_of_several_roles_count_together(
    import_file: Callable[..., Batch], acme: Organization, read_only: AccessSelection
) -> None:
    first, second = role_with(acme, INVITE), role_with(acme, "users.view", MANAGE)

    batch = import_file(selection=AccessSelection.of([*first.roles, *second.roles, *read_only.roles], all_sites=True))

    assert question_about(batch).powers == (INVITE, MANAGE)


def test_nobody_is_invited_before_the_confirmation(unconfirmed: Batch, work: Work) -> None:
    tasks.recover()
    work(unconfirmed)

    assert unconfirmed.state == State.NEEDS_CONFIRMATION
    assert (Invitation.objects.count(), mail.outbox) == (0, [])
    assert not DailyInviteCount.objects.exists()
    assert summary_of(unconfirmed).waiting == 3


def test_confirming_invites_everyone(unconfirmed: Batch, admin_membership: Membership, work: Work) -> None:
    confirm(unconfirmed, admin_membership)

    assert unconfirmed.state == State.INVITING
    assert work(unconfirmed).state == State.DONE
    assert (summary_of(unconfirmed).invited, len(mail.outbox)) == (3, 3)
    assert unconfirmed.confirmed_powers == [INVITE, MANAGE]


@pytest.mark.servers
def test_whoever_confirms_becomes_the_inviter(
    unconfirmed: Batch, admin_membership: Membership, colleague: Membership, work: Work
) -> None:
    """The one who uploaded the file may have left."""
    admin_membership.delete()

    confirm(unconfirmed, colleague)
    work(unconfirmed)

    assert unconfirmed.inviter == colleague.user
    assert set(Invitation.objects.values_list("inviter", flat=True)) == {colleague.user_id}


def test_a_command_confirms_in_advance(import_file: Callable[..., Batch]) -> None:
    assert import_file(confirm=True).state == State.INVITING
    assert import_file(PROBLEMS, confirm=True, only_valid=True).state == State.INVITING


def test_a_file_with_problems_is_confirmed_once_when_inviting_begins(
    import_file: Callable[..., Batch], admin_membership: Membership, work: Work
) -> None:
    batch = import_file(PROBLEMS)
    assert batch.state == State.NEEDS_CORRECTION

    invite_valid_rows(batch, by=admin_membership)

    assert batch.state == State.NEEDS_CONFIRMATION
    assert question_about(batch).count == 2
    confirm(batch, admin_membership)
    summary = summary_of(work(batch))
    assert (batch.state, summary.invited, summary.problems) == (State.DONE, 2, 2)


def test_a_worker_that_checked_edited_rows_asks_too(
    import_file: Callable[..., Batch], admin_membership: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = import_file(PROBLEMS)
    edit_cells(batch, [Edit(3, 0, "ben@example.com", seen=0)], by=admin_membership)
    monkeypatch.setattr(correction_jobs, "ROWS_IN_REQUEST", 0)
    correction_jobs.check_all_again(batch, by=admin_membership, then=CorrectionJob.Then.INVITE_VALID)
    assert batch.state == State.CHECKING

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, question_about(batch).count, batch.current_job) == (State.NEEDS_CONFIRMATION, 3, None)
    assert not BatchChunk.objects.exists()


def test_whoever_wants_to_invite_from_the_rows_gets_the_banner(
    import_file: Callable[..., Batch], colleague: Membership
) -> None:
    batch = import_file(PROBLEMS)
    Batch.objects.update(banner_closed_at=timezone.now())

    invite_valid_rows(batch, by=colleague)

    assert (batch.inviter, batch.banner_closed_at) == (colleague.user, None)


def test_a_corrected_file_has_to_be_confirmed_again(
    import_file: Callable[..., Batch], admin_membership: Membership, org_admin: AccessSelection
) -> None:
    """Other people, of whom nobody has confirmed anything."""
    batch = import_file(PROBLEMS, confirm=True)

    correct_batch(batch, file_name="b.csv", content=[many(5)], selection=org_admin, by=admin_membership)
    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, question_about(batch).count) == (State.NEEDS_CONFIRMATION, 5)


def test_rows_that_are_skipped_are_not_counted(import_file: Callable[..., Batch], admin_membership: Membership) -> None:
    batch = import_file(csv_of("ann@example.com", "ann@example.com", "ben@@example.com"))
    skip_row(batch, 4, by=admin_membership)

    invite_valid_rows(batch, by=admin_membership)

    assert question_about(batch).count == 1


# --- What was seen is what is confirmed ------------------------------------------------------------------


def test_another_number_is_asked_again(unconfirmed: Batch, admin_membership: Membership) -> None:
    seen = replace(question_about(unconfirmed), count=2)

    with domain_error("changed", match="The people or their access have changed."):
        confirm_access(unconfirmed, seen, by=admin_membership)

    unconfirmed.refresh_from_db()
    assert (unconfirmed.state, unconfirmed.confirmed_powers) == (State.NEEDS_CONFIRMATION, [])
    assert not BatchChunk.objects.exists()


def test_rows_that_changed_meanwhile_are_asked_again(
    import_file: Callable[..., Batch], admin_membership: Membership, colleague: Membership
) -> None:
    """The same number of other people."""
    batch = import_file(PROBLEMS)
    invite_valid_rows(batch, by=admin_membership)
    seen = question_about(batch)
    go_back_to_rows(batch, by=colleague)
    edit_cells(batch, [Edit(3, 0, "ben@example.com", seen=0)], by=colleague)
    edit_cells(batch, [Edit(3, 0, "ben@@example.com", seen=1)], by=colleague)
    invite_valid_rows(batch, by=colleague)
    assert question_about(batch).count == seen.count

    with domain_error("changed"):
        confirm_access(batch, seen, by=admin_membership)


@pytest.mark.parametrize("powers", [(INVITE, MANAGE), ()])
def test_a_role_that_gains_or_loses_a_power_is_asked_again(
    import_file: Callable[..., Batch], admin_membership: Membership, acme: Organization, powers: tuple[str, ...]
) -> None:
    selection = role_with(acme, "users.view", INVITE)
    batch = import_file(selection=selection)
    seen = question_about(batch)
    draft = RoleDraft("Inviter", "", frozenset({"users.view", *powers}))
    save_role(admin_membership, draft, selection.roles[0])

    with domain_error("changed"):
        confirm_access(batch, seen, by=admin_membership)

    assert question_about(batch).powers == powers
    confirm(batch, admin_membership)
    assert batch.state == State.INVITING


def test_a_role_that_gains_a_power_during_the_check_is_asked_about(
    admin_membership: Membership, acme: Organization
) -> None:
    """Also if a command has confirmed less."""
    selection = role_with(acme, "users.view", INVITE)
    batch = start_batch(
        admin_membership, file_name="team.csv", content=[many(2)], selection=selection, confirm_access=True
    )
    draft = RoleDraft("Inviter", "", frozenset({"users.view", INVITE, MANAGE}))
    save_role(admin_membership, draft, selection.roles[0])

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert batch.state == State.NEEDS_CONFIRMATION


@pytest.mark.servers
def test_a_role_that_waits_for_a_confirmation_is_kept(
    import_file: Callable[..., Batch], admin_membership: Membership, acme: Organization
) -> None:
    selection = role_with(acme, INVITE)
    import_file(selection=selection)

    with domain_error("in_use", match="An unfinished import grants this role."):
        delete_role(admin_membership, selection.roles[0])


def test_an_import_over_the_quota_stays(unconfirmed: Batch, admin_membership: Membership, settings: Any) -> None:
    settings.INVITATIONS_PER_DAY = 2

    with domain_error("over_quota"):
        confirm(unconfirmed, admin_membership)

    unconfirmed.refresh_from_db()
    assert (unconfirmed.state, unconfirmed.confirmed_powers) == (State.NEEDS_CONFIRMATION, [])
    assert not BatchChunk.objects.exists()


def test_a_second_confirmation_finds_nothing_to_confirm(unconfirmed: Batch, admin_membership: Membership) -> None:
    seen = question_about(unconfirmed)
    confirm_access(unconfirmed, seen, by=admin_membership)

    with domain_error("moved_on"):
        confirm_access(unconfirmed, seen, by=admin_membership)

    assert BatchChunk.objects.count() == 1


def test_an_inviter_who_loses_the_permission_after_confirming_invites_nobody(
    unconfirmed: Batch, admin_membership: Membership, colleague: Membership, work: Work
) -> None:
    confirm(unconfirmed, colleague)
    colleague.roles.clear()

    assert work(unconfirmed).state == State.STOPPED
    assert not Invitation.objects.exists()


# --- Instead of confirming -------------------------------------------------------------------------------


def test_going_back_keeps_all_edits(import_file: Callable[..., Batch], admin_membership: Membership) -> None:
    batch = import_file(PROBLEMS)
    edit_cells(batch, [Edit(3, 0, "ben@example.com", seen=0)], by=admin_membership)
    invite_valid_rows(batch, by=admin_membership)

    go_back_to_rows(batch, by=admin_membership)

    assert batch.state == State.NEEDS_CORRECTION
    row = batch.rows.get(number=3)
    assert row.email == "ben@example.com"
    edit = Edit(3, 0, "bea@example.com", seen=row.version)
    assert edit_cells(batch, [edit], by=admin_membership).changed == {3}


def test_without_rows_to_correct_there_is_no_way_back(unconfirmed: Batch, admin_membership: Membership) -> None:
    assert not has_rows_to_correct(unconfirmed)

    with domain_error("moved_on"):
        go_back_to_rows(unconfirmed, by=admin_membership)


@pytest.mark.parametrize("how", ["stopped", "undone", "replaced"])
def test_it_can_be_cancelled(unconfirmed: Batch, admin_membership: Membership, work: Work, how: str) -> None:
    seen = question_about(unconfirmed)
    if how == "stopped":
        stop_batch(unconfirmed)
    elif how == "undone":
        assert undo_import(admin_membership, unconfirmed) == 0
    else:
        cancel_unconfirmed(unconfirmed, by=admin_membership)

    unconfirmed.refresh_from_db()
    summary = summary_of(unconfirmed)
    assert (unconfirmed.state, summary.stopped, summary.rows) == (State.STOPPED, 3, 3)
    assert not unconfirmed.parts.exists()
    assert (unconfirmed.banner_closed_at is not None) == (how == "replaced")
    with domain_error("moved_on"):
        confirm_access(unconfirmed, seen, by=admin_membership)


def test_an_import_that_nobody_confirms_is_stopped_after_a_week(unconfirmed: Batch) -> None:
    Batch.objects.update(progressed_at=timezone.now() - timedelta(days=6, hours=23))
    assert stop_forgotten() == 0
    Batch.objects.update(progressed_at=timezone.now() - timedelta(days=7, minutes=1))

    tasks.recover()

    unconfirmed.refresh_from_db()
    assert unconfirmed.state == State.STOPPED
    assert unconfirmed.state_reasons == [as_reason("not_confirmed", days=7)]
    assert not unconfirmed.parts.exists()


def test_an_import_of_a_suspended_organization_is_not_stopped(unconfirmed: Batch) -> None:
    Batch.objects.update(progressed_at=timezone.now() - timedelta(days=8))
    suspend_organization(unconfirmed.organization, by=None)

    assert stop_forgotten() == 0
    unconfirmed.refresh_from_db()
    assert unconfirmed.state == State.NEEDS_CONFIRMATION


@pytest.mark.servers
def test_corrected_rows_are_kept(import_file: Callable[..., Batch], admin_membership: Membership) -> None:
    batch = import_file(PROBLEMS)
    invite_valid_rows(batch, by=admin_membership)
    Batch.objects.update(progressed_at=timezone.now() - timedelta(days=30))

    assert stop_forgotten() == 0
    batch.refresh_from_db()
    assert batch.state == State.NEEDS_CORRECTION


# --- At the same time ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_admins_confirm_at_once(
    unconfirmed: Batch, admin_membership: Membership, colleague: Membership, work: Work
) -> None:
    seen = question_about(unconfirmed)

    def confirm_by(by: Membership) -> Callable[[], object]:
        return lambda: confirm_access(Batch.objects.get(pk=unconfirmed.pk), seen, by=by)

    results = at_once(*map(confirm_by, (admin_membership, colleague, admin_membership)))

    assert unexpected(results) == []
    assert sorted(getattr(result, "code", "done") for result in results) == ["done", "moved_on", "moved_on"]
    assert summary_of(work(Batch.objects.get())).invited == 3
    assert DailyInviteCount.objects.get().invitations == 3


@pytest.mark.django_db(transaction=True)
def test_one_confirms_while_another_cancels(
    unconfirmed: Batch, admin_membership: Membership, colleague: Membership, work: Work
) -> None:
    seen = question_about(unconfirmed)

    results = at_once(
        lambda: confirm_access(Batch.objects.get(pk=unconfirmed.pk), seen, by=admin_membership),
        lambda: cancel_unconfirmed(Batch.objects.get(pk=unconfirmed.pk), by=colleague),
    )

    assert unexpected(results) == []
    assert sum(result is None for result in results) == 1
    batch = work(Batch.objects.get())
    assert (batch.state, summary_of(batch).invited) in ((State.DONE, 3), (State.STOPPED, 0))


@pytest.mark.django_db(transaction=True)
def test_a_role_gains_a_power_while_it_is_confirmed(
    import_file: Callable[..., Batch], admin_membership: Membership, colleague: Membership, acme: Organization
) -> None:
    selection = role_with(acme, "users.view", INVITE)
    batch = import_file(selection=selection)
    seen = question_about(batch)
    draft = RoleDraft("Inviter", "", frozenset({"users.view", INVITE, MANAGE}))

    confirmed, saved = crossing(
        ('FROM "accounts_role"', lambda: confirm_access(batch, seen, by=admin_membership)),
        ('FROM "accounts_role"', lambda: save_role(colleague, draft, selection.roles[0])),
    )

    assert unexpected([confirmed, saved]) == []
    batch = Batch.objects.get()
    if confirmed is None:
        # Confirmed before the role was changed.
        assert (batch.state, batch.confirmed_powers) == (State.INVITING, [INVITE])
    else:
        assert (confirmed.code, batch.state) == ("changed", State.NEEDS_CONFIRMATION)


def test_a_worker_that_dies_before_the_commit_leaves_the_question_open(
    unconfirmed: Batch, admin_membership: Membership, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = question_about(unconfirmed)

    def die(batch: Batch) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("invites.imports.confirm.begin_inviting", die)
        with pytest.raises(KeyboardInterrupt):
            confirm_access(unconfirmed, seen, by=admin_membership)

    batch = Batch.objects.get()
    assert (batch.state, batch.confirmed_powers) == (State.NEEDS_CONFIRMATION, [])
    confirm_access(batch, seen, by=admin_membership)
    assert summary_of(work(batch)).invited == 3


def test_confirmed_work_whose_task_is_lost_is_found(
    unconfirmed: Batch, admin_membership: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies after the commit."""
    confirm(unconfirmed, admin_membership)
    Batch.objects.update(progressed_at=timezone.now() - timedelta(seconds=9))
    found: list[int] = []
    monkeypatch.setattr(tasks, "enqueue_chunks", found.append)

    tasks.enqueue_stalled_batches()

    assert found == [unconfirmed.pk]


def test_a_check_that_is_repeated_asks_once(
    admin_membership: Membership, org_admin: AccessSelection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker dies before it stores that the batch waits."""
    batch = start_batch(admin_membership, file_name="team.csv", content=[many(3)], selection=org_admin)
    with monkeypatch.context() as killed:
        killed.setattr(check, "needs_confirmation", lambda batch: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            tasks.check_batch(batch.pk)
    Batch.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))

    tasks.check_batch(batch.pk)

    batch.refresh_from_db()
    assert (batch.state, question_about(batch).count) == (State.NEEDS_CONFIRMATION, 3)


def test_another_organization_is_not_concerned(unconfirmed: Batch, outsider: User) -> None:
    with domain_error("not_allowed"):
        confirm(unconfirmed, outsider.memberships.get())

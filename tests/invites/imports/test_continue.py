"""Fixing the rows that are left after an import has ended, and inviting their people as part of the same import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import ActivityEntry, Membership, Role
from accounts.organizations.grants import AccessSelection
from invites import tasks
from invites.imports import chunks, corrections
from invites.imports.confirm import confirm_access, go_back_to_rows, question_about
from invites.imports.correction_jobs import apply_to_all, stop_job
from invites.imports.corrections import Edit, edit_cells, restore_row, skip_row
from invites.imports.invite import _cuts, invite_chunk
from invites.imports.selectors.grid import grid_counts, grid_rows
from invites.imports.selectors.progress import progress_now
from invites.imports.selectors.rows import rows_of
from invites.imports.stop import stop_import
from invites.imports.undo import undo_import
from invites.imports.upload import invite_valid_rows, start_batch
from invites.invitations.late_rows import can_be_fixed, find_late_row, lock_late_row
from invites.models import Batch, BatchChunk, DailyInviteCount, Invitation, Row
from tests.files import csv_of
from tests.invites.conftest import TEAM
from tests.invites.imports.late_rows import counted, fix
from tests.pages import url_of, words_of
from tests.rules import domain_error

Work = Callable[[Batch], Batch]
# Two of TEAM are invited at once; these are left, and row 8, which has a cell too many.
LATE = [3, 4, 5, 7]


@pytest.fixture
def ended(imported: Callable[..., Batch]) -> Batch:
    """Two people are invited, five rows have problems."""
    return imported(csv_of(*TEAM), message="Welcome aboard")


def figures(batch: Batch) -> tuple[int, int, int, int]:
    """Rows, invited, problems and those of them that are fixed."""
    found = counted(batch)
    return found.rows, found.invited, found.problems, found.fixed


@pytest.mark.servers
def test_late_rows_are_fixed_together_and_join_the_import(ended: Batch, by: Membership, work: Work) -> None:
    assert figures(ended) == (7, 2, 5, 0)
    assert [row.number for row in grid_rows(ended)] == [*LATE, 8]
    first = set(ended.invitations.values_list("pk", flat=True))

    fix(ended, by, 3, 4)
    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 2))
    assert rows_of(ended, "problem").count() == 5
    mail.outbox.clear()
    invite_valid_rows(ended, by=by)
    assert ended.state == "inviting"
    work(ended)

    assert (ended.state, figures(ended)) == ("done", (7, 4, 3, 0))
    late = ended.invitations.exclude(pk__in=first)
    assert {each.email for each in late} == {"late3@example.com", "late4@example.com"}
    assert {each.grant_id for each in late} == {ended.grant_id}
    assert sorted(message.to[0] for message in mail.outbox) == ["late3@example.com", "late4@example.com"]
    assert all("Welcome aboard" in str(message.body) for message in mail.outbox)


def test_it_can_be_continued_again_and_again(ended: Batch, by: Membership, work: Work) -> None:
    for number in LATE:
        fix(ended, by, number)
        invite_valid_rows(ended, by=by)
        work(ended)

    assert figures(ended) == (7, 6, 1, 0)
    assert Invitation.objects.count() == 6


def test_who_invites_the_others_becomes_their_inviter_only(
    ended: Batch, colleague: Membership, by: Membership, work: Work
) -> None:
    fix(ended, colleague, 3)
    invite_valid_rows(ended, by=colleague)
    work(ended)

    assert ended.inviter_id == by.user_id
    assert ended.invitations.get(email="late3@example.com").inviter_id == colleague.user_id
    assert ended.invitations.filter(inviter=by.user_id).count() == 2
    used = DailyInviteCount.objects.values_list("inviter", "invitations")
    assert dict(used) == {by.user_id: 2, colleague.user_id: 1}
    entry = ActivityEntry.objects.filter(action="imported").latest("pk")
    assert entry.actor_id == colleague.user_id


def test_people_who_are_not_invited_count_less_for_who_invites_them(
    ended: Batch, colleague: Membership, by: Membership
) -> None:
    """And on the day when that person invited them."""
    yesterday = timezone.now() - timedelta(days=1)
    DailyInviteCount.objects.update(day=yesterday.date())
    Batch.objects.filter(pk=ended.pk).update(inviting_started_at=yesterday)
    ended.refresh_from_db()
    fix(ended, colleague, 3, 4)
    invite_valid_rows(ended, by=colleague)
    counts = DailyInviteCount.objects.order_by("day").values_list("inviter", "invitations")
    assert list(counts) == [(by.user_id, 2), (colleague.user_id, 2)]

    stop_import(by, ended)

    assert list(counts.all()) == [(by.user_id, 2), (colleague.user_id, 0)]


def test_stops_if_that_person_loses_the_permission(
    ended: Batch, colleague: Membership, by: Membership, work: Work
) -> None:
    fix(ended, colleague, 3)
    invite_valid_rows(ended, by=colleague)
    colleague.roles.clear()

    work(ended)

    assert ended.state == "stopped"
    assert ended.invitations.count() == 2


@pytest.mark.servers
def test_undo_revokes_all_of_them(ended: Batch, by: Membership, work: Work) -> None:
    fix(ended, by, 3)
    invite_valid_rows(ended, by=by)
    work(ended)

    assert undo_import(by, ended) == 3
    assert not ended.invitations.open().exists()
    with domain_error("moved_on"):
        skip_row(ended, 4, by=by)
    with domain_error("moved_on"):
        invite_valid_rows(ended, by=by)


@pytest.mark.parametrize("state", ["rejected", "failed", "inviting"])
def test_other_imports_are_not_corrected(ended: Batch, by: Membership, state: str) -> None:
    Batch.objects.filter(pk=ended.pk).update(state=state)
    ended.refresh_from_db()

    with domain_error("moved_on"):
        skip_row(ended, 3, by=by)
    with domain_error("moved_on"):
        invite_valid_rows(ended, by=by)


def test_invited_rows_never_change(ended: Batch, by: Membership) -> None:
    before = list(ended.rows.filter(outcome="invited").values())

    result = edit_cells(ended, [Edit(2, 0, "x@example.com", 0)], by=by)
    skip_row(ended, 2, by=by)
    corrections.undo(ended, 2, by=by)
    invite_error = domain_error("none_valid")
    with invite_error:
        invite_valid_rows(ended, by=by)

    assert result.overtaken == {2}
    assert list(ended.rows.filter(outcome="invited").values()) == before


def test_a_late_row_with_the_address_of_an_invited_person_is_not_invited(
    ended: Batch, by: Membership, work: Work
) -> None:
    ann = ended.rows.get(number=2)
    ended.invitations.filter(row=ann).update(state="revoked", closed_at=timezone.now())
    row = ended.rows.get(number=3)
    edit_cells(ended, [Edit(3, 0, ann.email, row.version)], by=by)
    row.refresh_from_db()
    assert (row.outcome, [each["code"] for each in row.problems]) == ("problem", ["address_of_another"])
    row = ended.rows.get(number=4)
    names = [Edit(4, place, value, row.version) for place, value in enumerate([ann.email, "Ann", "Lee"])]
    edit_cells(ended, names, by=by)
    row.refresh_from_db()
    assert (row.outcome, row.reason, row.duplicate_of) == ("skipped", "duplicate", 2)

    fix(ended, by, 5)
    invite_valid_rows(ended, by=by)
    work(ended)

    assert Invitation.objects.filter(email_key=ann.email_key).count() == 1


def test_people_who_were_decided_against_stay_skipped(start: Callable[..., Batch], by: Membership, work: Work) -> None:
    batch = start(csv_of("ann@example.com,Ann,Lee,", "ann@example.com,Bea,Fox,", "cat@@example.com,Cat,Ray,"))
    corrections.keep_person(batch, 3, 2, is_this=False, by=by)
    invite_valid_rows(batch, by=by)
    work(batch)
    batch.invitations.update(state="revoked", closed_at=timezone.now())

    fix(batch, by, 4)
    invite_valid_rows(batch, by=by)
    work(batch)

    assert batch.rows.get(number=3).outcome == "skipped"
    assert Invitation.objects.filter(email_key="ann@example.com").count() == 1
    assert batch.invitations.filter(email="late4@example.com").exists()


def test_quotas_and_declined_people_are_treated_as_at_first(
    ended: Batch, by: Membership, work: Work, invite: Any, settings: Any
) -> None:
    declined = invite("late3@example.com")
    Invitation.objects.filter(pk=declined.pk).update(state="declined", closed_at=timezone.now())
    fix(ended, by, 3, 4)
    settings.INVITATIONS_PER_DAY = 3
    with domain_error("over_quota"):
        invite_valid_rows(ended, by=by)
    ended.refresh_from_db()
    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 2))
    settings.INVITATIONS_PER_DAY = 100
    invite_valid_rows(ended, by=by)
    work(ended)

    assert ended.rows.get(number=3).reason == "already_declined"
    assert ended.rows.get(number=4).outcome == "invited"


def test_only_who_could_grant_the_access_continues_it(ended: Batch, by: Membership, lesser: Membership) -> None:
    for act in (
        lambda: skip_row(ended, 3, by=lesser),
        lambda: fix(ended, lesser, 3),
        lambda: invite_valid_rows(ended, by=lesser),
    ):
        with domain_error("beyond_permissions"):
            act()
    assert figures(ended) == (7, 2, 5, 0)


def test_the_access_must_still_exist(ended: Batch, by: Membership) -> None:
    fix(ended, by, 3)
    Role.objects.get(organization=by.organization, name="ReadOnly").delete()
    ended.refresh_from_db()

    with domain_error("gone"):
        invite_valid_rows(ended, by=by)
    ended.refresh_from_db()
    assert ended.state == "done"


def test_powers_are_confirmed_again(by: Membership, work: Work) -> None:
    role = Role.objects.get(organization=by.organization, name="Org Admin")
    batch = start_batch(
        by, file_name="a.csv", content=[csv_of(*TEAM)], selection=AccessSelection.of([role], [], all_sites=True)
    )
    tasks.check_batch(batch.pk)
    batch.refresh_from_db()
    invite_valid_rows(batch, by=by)
    confirm_access(batch, question_about(batch), by=by)
    work(batch)
    fix(batch, by, 3)

    invite_valid_rows(batch, by=by)
    assert batch.state == "needs_confirmation"
    assert question_about(batch).count == 1
    go_back_to_rows(batch, by=by)
    assert (batch.state, figures(batch)) == ("done", (7, 2, 5, 1))
    invite_valid_rows(batch, by=by)
    confirm_access(batch, question_about(batch), by=by)
    work(batch)

    assert figures(batch) == (7, 3, 4, 0)


def test_stopping_before_it_invites_keeps_the_fixes(ended: Batch, by: Membership, monkeypatch: Any) -> None:
    fix(ended, by, 3)
    monkeypatch.setattr("invites.imports.correction_jobs.ROWS_IN_REQUEST", 0)
    apply_to_all(ended, "email_two_at", by=by)
    assert ended.state == "checking"

    stop_import(by, ended)

    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 1))
    assert ended.current_job is None or not Batch.objects.filter(pk=ended.pk, job__isnull=False).exists()


def test_a_job_ends_where_the_import_was(ended: Batch, by: Membership, monkeypatch: Any, work: Work) -> None:
    monkeypatch.setattr("invites.imports.correction_jobs.ROWS_IN_REQUEST", 0)
    apply_to_all(ended, "email_two_at", by=by)
    tasks.check_batch(ended.pk)
    ended.refresh_from_db()
    assert (ended.state, figures(ended)) == ("done", (7, 2, 5, 2))

    invite_valid_rows(ended, by=by)
    assert ended.state == "checking"
    assert stop_job(by, ended) is True
    tasks.check_batch(ended.pk)
    ended.refresh_from_db()
    assert ended.state == "done"
    invite_valid_rows(ended, by=by)
    tasks.check_batch(ended.pk)
    work(ended)

    assert (ended.state, figures(ended)) == ("done", (7, 4, 3, 0))


def test_skipped_rows_can_be_restored_later(ended: Batch, by: Membership) -> None:
    skip_row(ended, 3, by=by)
    assert grid_counts(ended).tally.skipped_by_admin == 1
    restore_row(ended, 3, by=by)
    assert grid_counts(ended).tally.left == 5


@pytest.mark.servers
def test_one_row_alone_and_all_together_do_not_invite_anyone_twice(ended: Batch, by: Membership, work: Work) -> None:
    fix(ended, by, 3, 4)
    alone = find_late_row(by, ended.pk, 3)
    assert alone is not None
    assert can_be_fixed(alone)
    invite_valid_rows(ended, by=by)

    assert find_late_row(by, ended.pk, 4) is None
    with domain_error("moved_on"):
        lock_late_row(by, alone)
    work(ended)
    with domain_error("moved_on"):
        lock_late_row(by, alone)
    assert Invitation.objects.count() == 4


def test_a_worker_that_dies_invites_and_emails_nobody_twice(ended: Batch, by: Membership, work: Work) -> None:
    fix(ended, by, *LATE)
    mail.outbox.clear()
    invite_valid_rows(ended, by=by)
    claim = chunks.claim_chunk(ended.pk)
    assert claim
    invite_chunk(claim)
    # The worker dies here. Another one claims the chunk once the claim has expired.
    BatchChunk.objects.filter(batch=ended).update(claimed_until=timezone.now() - timedelta(seconds=1))
    work(ended)

    assert figures(ended) == (7, 6, 1, 0)
    assert len(mail.outbox) == len(LATE)
    assert len({message.to[0] for message in mail.outbox}) == len(LATE)


def test_progress_is_about_those_who_are_invited_now(ended: Batch, by: Membership) -> None:
    fix(ended, by, 3, 4)
    invite_valid_rows(ended, by=by)

    progress = progress_now(ended)

    assert progress is not None
    assert (progress.done, progress.total, progress.waiting) == (0, 2, 2)


def test_a_chunk_has_only_rows_that_are_near_each_other() -> None:
    assert _cuts([2, 3, 4, 5], 2) == [[2, 3], [4, 5]]
    assert _cuts([2, 4_999, 5_002, 90_000], 200) == [[2, 4_999], [5_002], [90_000]]


def test_the_offer_speaks_of_one_person_or_of_many(ines: Client, start: Callable[..., Batch], work: Work) -> None:
    one = work(start(csv_of("ann@example.com", "ben@@example.com"), only_valid=True))
    many = work(start(csv_of("cat@example.com", "dan@@example.com", "eve@@example.com"), only_valid=True))

    assert "Fix it to invite this person with the same access and message." in words_of(ines.get(url_of(one)))
    assert "Fix them to invite these people with the same access and message." in words_of(ines.get(url_of(many)))


def test_the_page_leads_from_the_rows_to_the_invitation(ines: Client, ended: Batch, work: Work) -> None:
    page = words_of(ines.get(url_of(ended)))
    assert "5 rows of this file haven’t been invited yet" in page
    grid = ines.get(url_of(ended, "imports:batch_problems"))
    assert "Everyone else has been invited." in words_of(grid)
    assert "Upload a corrected file" in words_of(grid)
    row = ended.rows.get(number=3)
    cells = {"cell-3-0": "late3@example.com", "seen-3": row.version, "shown": ended.created_at.isoformat()}
    ines.post(url_of(ended, "imports:batch_problems"), {"do": "save", **cells})
    assert "Invite 1 more user" in words_of(ines.get(url_of(ended)))
    assert "Invite 1 more user" in words_of(ines.get(url_of(ended, "imports:batch_problems")))
    assert "Fixed, not invited yet" in words_of(ines.get(url_of(ended) + "?outcome=problem"))

    ines.post(url_of(ended, "imports:batch_invite_valid"))
    work(ended)

    page = words_of(ines.get(url_of(ended)))
    assert "4 rows of this file haven’t been invited yet" in page
    assert Row.objects.get(batch=ended, number=3).outcome == "invited"


def test_who_wanted_to_fix_rows_reads_why_they_see_the_results(ines: Client, run: Callable[..., Batch]) -> None:
    done = run(csv_of("ann@example.com"))
    page = ines.get(url_of(done, "imports:batch_problems"), follow=True)
    assert "Nothing is left to fix. These are the results." in words_of(page)
    Batch.objects.update(undone_at=timezone.now())
    page = ines.get(url_of(done, "imports:batch_problems"), follow=True)
    assert "This import is no longer waiting for corrections." in words_of(page)


def test_members_who_cannot_grant_it_only_see_it(
    client_of: Callable[[Any], Client], lesser: Membership, ended: Batch
) -> None:
    client = client_of(lesser.user)

    assert "haven’t been invited yet" not in words_of(client.get(url_of(ended)))
    assert client.post(url_of(ended, "imports:batch_invite_valid")).status_code == 403
    assert client.post(url_of(ended, "imports:batch_problems"), {"do": "skip:3"}).status_code == 403


def test_outsiders_find_nothing(client_of: Callable[[Any], Client], outsider: Any, ended: Batch) -> None:
    client = client_of(outsider)

    assert client.get(url_of(ended, "imports:batch_problems")).status_code == 404
    assert client.post(url_of(ended, "imports:batch_invite_valid")).status_code == 404

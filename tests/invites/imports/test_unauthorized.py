"""An inviter loses the permission while emails wait: they are not sent, and the summary says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.organizations.grants import AccessSelection
from invites.imports.selectors.summary import summary_of
from invites.invitations.change import change_invitation
from invites.models import Batch, BatchChunk, DailyInviteCount, FailureReason, Invitation, Row
from invites.reasons import as_reason
from tests.concurrency import once_after
from tests.databases import undone
from tests.files import many
from tests.invites.imports.chunk_work import process_one_chunk
from tests.invites.mailing.mail import let_time_pass
from tests.invites.mailing.mail_server import MailServer
from tests.pages import text, text_of, url_of

Run = Callable[..., Batch]
Lose = Callable[[Membership], object]
BUSY = "421 4.3.2 Service shutting down"


def be_demoted(membership: Membership) -> None:
    membership.roles.set(Role.objects.filter(organization=membership.organization, name="ReadOnly"))


def have_one_site_left(membership: Membership) -> None:
    membership.all_sites = False
    membership.save()


def be_deactivated(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(deactivated_at=timezone.now())


@pytest.fixture
def mailed_in_part(server: MailServer, start: Run, work: Run, small_chunks: None) -> Batch:
    """20 of 45 people got their email. The others wait for a busy server."""
    batch = start(many(45))
    process_one_chunk(batch)
    server.answer_all = BUSY
    work(batch)
    server.answer_all = ""
    assert (len(server.taken), Invitation.objects.count()) == (20, 45)
    return batch


LOSSES: dict[str, tuple[Lose, FailureReason]] = {
    "demoted": (be_demoted, FailureReason.INVITER_LEFT),
    "removed": (Membership.delete, FailureReason.INVITER_LEFT),
    "deactivated": (be_deactivated, FailureReason.INVITER_LEFT),
    "a site less": (have_one_site_left, FailureReason.ACCESS_LOST),
}


def test_the_batch_stops_and_unsent_invitations_are_revoked(
    server: MailServer, mailed_in_part: Batch, work: Run, admin_membership: Membership
) -> None:
    for name, (lose, why) in LOSSES.items():
        with undone():
            batch = Batch.objects.get(pk=mailed_in_part.pk)
            lose(Membership.objects.get(pk=admin_membership.pk))
            let_time_pass(batch)

            work(batch)

            assert (batch.state, batch.state_reasons) == (Batch.State.STOPPED, [as_reason(why)]), name
            assert len(server.taken) == 20, name
            summary = summary_of(batch)
            assert (summary.rows, summary.invited, summary.waiting_answer) == (45, 20, 20), name
            assert (summary.failed, summary.stopped) == (25, 25), name
            failed = batch.rows.filter(outcome=Row.Outcome.FAILED)
            assert set(failed.values_list("reason", "detail")) == {("stopped", why)}, name
            states = {Invitation.State.PENDING: 20, Invitation.State.REVOKED: 25}
            assert {state: Invitation.objects.filter(state=state).count() for state in states} == states, name
            assert DailyInviteCount.objects.get().invitations == 20, "They can be invited again on the same day."
            assert not batch.chunks.exclude(stage=BatchChunk.Stage.DONE).exists(), name


def test_other_chunks_do_not_wait_for_their_retry(
    mailed_in_part: Batch, work: Run, admin_membership: Membership
) -> None:
    batch = mailed_in_part
    be_demoted(admin_membership)
    let_time_pass(batch)
    some = batch.chunks.exclude(stage="done").first()
    assert some is not None
    batch.chunks.exclude(pk=some.pk).update(retry_at=batch.created_at.replace(year=9999))

    work(batch)

    assert summary_of(batch).stopped == 25


def test_the_page_shows_the_reason_for_each_row(
    mailed_in_part: Batch, work: Run, client_of: Callable[[User], Client], admin: User, join: Callable[..., User]
) -> None:
    batch = mailed_in_part
    be_demoted(admin.memberships.get())
    let_time_pass(batch)
    work(batch)
    colleague = client_of(join(batch.organization, "second@example.com", "Org Admin"))

    page = text_of(text(colleague.get(f"{url_of(batch)}?outcome=failed")))

    assert f"Not invited {FailureReason.INVITER_LEFT.label}" in page
    assert "Failed 25" in page


def one_site(selection: AccessSelection) -> AccessSelection:
    """Other access: only who changes it becomes the inviter."""
    return AccessSelection.of(selection.roles, selection.sites[:1])


def test_invitations_with_another_inviter_are_still_sent(
    server: MailServer,
    mailed_in_part: Batch,
    work: Run,
    admin_membership: Membership,
    read_only: AccessSelection,
    colleague: Membership,
) -> None:
    batch = mailed_in_part
    theirs = batch.invitations.get(email="person44@people.example.com")
    change_invitation(colleague, theirs, one_site(read_only))
    be_demoted(admin_membership)
    let_time_pass(batch)

    work(batch)

    assert server.taken[20:] == [theirs.email]
    assert (summary_of(batch).invited, summary_of(batch).stopped) == (21, 24)


def test_invitations_that_a_colleague_changes_meanwhile_are_sent(
    server: MailServer,
    mailed_in_part: Batch,
    work: Run,
    admin_membership: Membership,
    read_only: AccessSelection,
    colleague: Membership,
) -> None:
    batch = mailed_in_part
    theirs = batch.invitations.get(email="person44@people.example.com")
    be_demoted(admin_membership)
    let_time_pass(batch)
    others = batch.chunks.order_by("first_number")[:2]
    batch.chunks.filter(pk__in=[each.pk for each in others]).update(stage=BatchChunk.Stage.DONE)

    with once_after('FROM "invites_accessgrant"', lambda: change_invitation(colleague, theirs, one_site(read_only))):
        work(batch)

    assert server.taken[20:] == [theirs.email]
    assert summary_of(batch).stopped == 4
